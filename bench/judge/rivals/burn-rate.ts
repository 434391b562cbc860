import { type Counts, countIn, LIMITS, type Sums } from '../counts.ts'

/** The two alerts of the SRE workbook that page: a burn rate over a long and a short window (minutes). */
const ALERTS = [
  { rate: 14.4, long: 60, short: 5 },
  { rate: 6, long: 360, short: 30 },
] as const

/** Minute (from 0) of the first page over the canary's errors, or −1. A young soak has shorter windows. */
export function burnRateAborts({ minutes, canary }: Counts): number {
  for (let end = 1; end <= minutes; end += 1) {
    const pages = ALERTS.some(
      ({ rate, long, short }) => burn(canary, end, long) > rate && burn(canary, end, short) > rate,
    )
    if (pages) return end - 1
  }
  return -1
}

/** How many times faster than allowed errors were made in a window; 0 without requests. */
function burn(sums: Sums, end: number, window: number): number {
  const { total, errors } = countIn(sums, end, window)
  return total === 0 ? 0 : errors / total / LIMITS.errors
}
