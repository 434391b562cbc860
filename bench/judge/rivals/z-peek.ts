import { type Counts, countIn } from '../counts.ts'

/** Looks begin after this many minutes. */
const AFTER = 30
/** One-sided, 1 %. */
const CRITICAL = 2.3263478740408408

/**
 * Minute (from 0) in which a pooled z-test of everything since the start calls the canary worse at p < 0.01, or −1: what a
 * team writes by itself, looked at every minute as if each look were the only one.
 */
export function zPeekAborts({ minutes, canary, baseline }: Counts): number {
  for (let end = AFTER + 1; end <= minutes; end += 1) {
    const x = countIn(canary, end, end)
    const y = countIn(baseline, end, end)
    const isWorse =
      zOf(x.errors, x.total, y.errors, y.total) > CRITICAL || zOf(x.slow, x.total, y.slow, y.total) > CRITICAL
    if (isWorse) return end - 1
  }
  return -1
}

/** z of two proportions with a pooled spread; 0 where it cannot be told. */
export function zOf(x: number, n: number, y: number, m: number): number {
  const pooled = (x + y) / (n + m)
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
  return spread > 0 ? (x / n - y / m) / spread : 0
}
