import { type Counts, countIn, type Limits } from '../counts.ts'

/** A Canary's analysis with success rate and latency. Lengths are minutes. */
export interface Flagger {
  readonly interval: number
  readonly window: number
  /** Of the first check. */
  readonly delay: number
  readonly threshold: number
  readonly limits: Limits
}

/**
 * Minute (from 0) in which Flagger rolls back, or −1: as many failed checks as the threshold. A check fails when any metric is
 * out of range or has no value; a good check never takes one off. We assume that it acts while it waits at a gate.
 */
export function flaggerAborts({ interval, window, delay, threshold, limits }: Flagger, counts: Counts): number {
  let failed = 0
  for (let end = Math.max(delay, interval); end <= counts.minutes; end += interval) {
    const { total, errors, slow } = countIn(counts.canary, end, window)
    if (total === 0 || errors > limits.errors * total || slow > limits.slow * total) failed += 1
    if (failed >= threshold) return end - 1
  }
  return -1
}
