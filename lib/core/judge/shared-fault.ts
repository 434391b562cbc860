/** Bad events and requests of a baseline. */
type Pair = readonly [number, number]

/** The baseline hour by hour: up to 12 whole hours, oldest first, and the hour that is being filled. Plain, JSON-safe. */
export interface Background {
  readonly hours: readonly Pair[]
  readonly open: Pair
}

/** How far above the limit a baseline's share counts as its own fault: the canary may be so many times as bad. */
export const TOLERANCE = 1.25

/** Windows in hours. */
const WINDOWS = [6, 12]
const MOST_HOURS = 12
const FEWEST_HOURS = 4
/** So many of the worst hours are left out: an incident that came and went (across the turn of an hour) says nothing of now. */
const WORST_HOURS = 2

/** A baseline of which no minute was seen. */
export const NO_BACKGROUND: Background = { hours: [], open: [0, 0] }

/** The background after one more minute; `closes` with the last minute of an hour. */
export function seeBaseline({ hours, open }: Background, [bad, total]: Pair, closes: boolean): Background {
  const hour: Pair = [open[0] + bad, open[1] + total]
  return closes ? { hours: [...hours, hour].slice(-MOST_HOURS), open: [0, 0] } : { hours, open: hour }
}

/**
 * The share that the canary may have because the baseline has been over the limit for hours: 1.25 times the baseline's own
 * over 6 or 12 hours without the worst two, where that is clearly over the limit; else the limit. At low traffic half an hour
 * is too short to tell. Fewer than four hours say nothing.
 */
export function sustainedShare(limit: number, phi: number, { hours }: Background): number {
  let share = limit
  for (const window of WINDOWS) {
    const last = hours.slice(-window)
    if (last.length < FEWEST_HOURS) continue
    const kept = last.sort((a, b) => a[0] * b[1] - b[0] * a[1]).slice(0, -WORST_HOURS)
    share = Math.max(share, sharedFault(limit, phi, ...kept.reduce(sum, [0, 0])))
  }
  return share
}

/** 1.25 times the baseline's share where its count is clearly over the limit (by three deviations and three); else the limit. */
export function sharedFault(limit: number, phi: number, bad: number, total: number): number {
  const usual = total * limit
  return bad > usual + 3 * Math.sqrt(usual * phi) + 3 ? (TOLERANCE * bad) / total : limit
}

function sum(a: Pair, b: Pair): Pair {
  return [a[0] + b[0], a[1] + b[1]]
}
