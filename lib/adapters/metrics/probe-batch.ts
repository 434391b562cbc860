import { setTimeout as sleep } from 'node:timers/promises'
import { type Outcome, type Probe, type ProbeTls, sendProbe } from './probe-send.ts'

/** The probes of one address: so many, one after the other. */
export interface ProbeBatch extends Probe {
  readonly count: number
}

/** How probes are sent. */
export interface Pace {
  readonly tls: ProbeTls
  /** Between two probes of one address, unless there are so many that `sendMs` asks for less. */
  readonly gapMs: number
  /** All probes of a read are sent within this time; one that has no turn by then is not sent. */
  readonly sendMs: number
  /** So many probes are under way at the same time, over all addresses. */
  readonly atOnce: number
  /** So long a name may take to be looked up. */
  readonly lookupMs: number
}

/** What became of the probes of every batch, in the order of the batches and of sending. Never throws. */
export async function sendBatches(
  batches: readonly ProbeBatch[],
  pace: Pace,
): Promise<readonly (readonly Outcome[])[]> {
  const outcomes = batches.map((): Outcome[] => [])
  const turns = batches.flatMap((batch, place) => turnsOf(batch, pace).map((dueMs) => ({ batch, place, dueMs })))
  turns.sort((a, b) => a.dueMs - b.dueMs)
  const started = performance.now()
  const elapsed = () => performance.now() - started
  let next = 0
  const work = async () => {
    for (let turn = turns[next++]; turn !== undefined; turn = turns[next++]) {
      const waitMs = turn.dueMs - elapsed()
      if (waitMs > 0) await sleep(waitMs)
      if (elapsed() > pace.sendMs) return
      outcomes[turn.place]?.push(await sendProbe(turn.batch, pace.tls, pace.lookupMs))
    }
  }
  await Promise.all(Array.from({ length: Math.min(pace.atOnce, turns.length) }, work))
  return outcomes
}

/** The last turn comes well before the end, so that a queue does not take it away. */
function turnsOf({ count }: ProbeBatch, { gapMs, sendMs }: Pace): readonly number[] {
  const gap = Math.min(gapMs, (sendMs * 0.75) / count)
  return Array.from({ length: count }, (_, place) => place * gap)
}
