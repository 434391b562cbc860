import { normalShare } from '../chance.ts'

/** Spread of the logarithm of latency within a minute. */
export const LATENCY_SPREAD = 0.6

/** Requests that take longer than this many milliseconds are slow. */
export const SLOW_ABOVE_MS = 200

/** Standard normal value below which 95 % lie. */
const Z95 = 1.6448536269514722

/** Share (0–1) of requests slower than 200 ms where latency is lognormal with this 95th percentile (ms). */
export function slowShare(p95: number): number {
  return 1 - normalShare(Z95 + Math.log(SLOW_ABOVE_MS / p95) / LATENCY_SPREAD)
}

/** Logarithm of the median (ms) where latency is lognormal with this 95th percentile (ms). */
export function logMedian(p95: number): number {
  return Math.log(p95) - Z95 * LATENCY_SPREAD
}
