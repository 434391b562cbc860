import { type Check, type Finding, refused, wrong } from '../core/doctor/finding.ts'
import { Fault } from '../errors.ts'

/** Times in milliseconds: of one check, and of all of them together. */
export interface Patience {
  readonly eachMs: number
  readonly allMs: number
}

/** A check under its time limit: what it found, or that it found no answer in time. Never throws. */
export type Attempt = (of: Check, work: () => Promise<readonly Finding[]>) => Promise<readonly Finding[]>

/** What a person who waits for a report bears. */
export const PATIENCE: Patience = { eachMs: 3_000, allMs: 15_000 }

/** Wraps checks in their time limits; the clock of all of them runs from now. */
export function withPatience({ eachMs, allMs }: Patience): Attempt {
  const whole = AbortSignal.timeout(allMs)
  return async (of, work) => {
    if (whole.aborted) return [wrong(of, 'unknown', 'it was not reached in time; ask again')]
    try {
      return (await inTime(work(), eachMs, whole)) ?? [wrong(of, 'unknown', 'it did not answer in time')]
    } catch (error) {
      if (error instanceof Fault) return [refused(of, error)]
      return [wrong(of, 'unknown', 'the check itself failed; its error is ours')]
    }
  }
}

/** What work brings, or null when it takes longer than `eachMs` or than everything may take. */
export async function inTime<T>(work: Promise<T>, eachMs: number, whole: AbortSignal): Promise<T | null> {
  const end = AbortSignal.any([AbortSignal.timeout(eachMs), whole])
  const late = new Promise<null>((resolve) => end.addEventListener('abort', () => resolve(null), { once: true }))
  return Promise.race([work, late])
}
