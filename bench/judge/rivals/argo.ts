import { type Counts, countIn, type Limits } from '../counts.ts'

/** An AnalysisTemplate with one metric for errors and one for latency. Lengths are minutes. */
export interface Argo {
  readonly interval: number
  readonly window: number
  /** Of the first measurement. */
  readonly delay: number
  readonly failureLimit: number
  readonly limits: Limits
}

/** Argo's default `consecutiveErrorLimit`. */
const ERROR_LIMIT = 4
/** A measurement that ended in an error is taken again every 10 s, whatever the interval is. */
const TRIES_IN_A_MINUTE = 6

/**
 * Minute (from 0) in which Argo Rollouts aborts, or −1: a metric fails more often than its limit, which success never lowers,
 * or it cannot be measured more than four times running, because the window holds no request.
 */
export function argoAborts({ interval, window, delay, failureLimit, limits }: Argo, counts: Counts): number {
  let failedErrors = 0
  let failedSlow = 0
  let wasEmpty = 0
  let next = Math.max(delay, interval)
  for (let end = next; end <= counts.minutes; end += 1) {
    if (end < next) continue
    const { total, errors, slow } = countIn(counts.canary, end, window)
    if (total === 0) {
      wasEmpty += TRIES_IN_A_MINUTE
      if (wasEmpty > ERROR_LIMIT) return end - 1
      continue
    }
    wasEmpty = 0
    next = end + interval
    if (errors > limits.errors * total) failedErrors += 1
    if (slow > limits.slow * total) failedSlow += 1
    if (failedErrors > failureLimit || failedSlow > failureLimit) return end - 1
  }
  return -1
}
