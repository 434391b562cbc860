/** A day's values, one a minute or any other even step; null where there was none. */
export type Series = readonly (number | null)[]

const HOURS = 24
/** Without any variation nothing is known of how long a value lasts: an hour is assumed. */
const STEPS_OF_A_CONSTANT = 60

/**
 * How many steps one independent value is worth, from 1: the integrated autocorrelation time of both days together, each
 * taken from its own mean and both from their common profile over the hours of the day.
 * Formula: initial positive sequence (Geyer 1992, section 3.3); pairs with a missing value are left out.
 */
export function stepsPerValue(days: readonly Series[]): number {
  const rests = withoutProfile(days)
  const variance = covariance(rests, 0)
  if (!(variance > 0)) return STEPS_OF_A_CONSTANT
  const longest = Math.max(...rests.map((rest) => rest.length))
  let sum = 0
  for (let lag = 0; lag + 1 < longest; lag += 2) {
    const pair = covariance(rests, lag) + covariance(rests, lag + 1)
    if (!(pair > 0)) break
    sum += pair
  }
  return Math.max(1, (2 * sum) / variance - 1)
}

/** What is left of the days without each one's mean and the mean of every hour over all of them. */
function withoutProfile(days: readonly Series[]): readonly Series[] {
  const centred = days.map((day) => {
    const mean = meanOf(day)
    return day.map((value) => (value === null ? null : value - mean))
  })
  const profile = Array.from({ length: HOURS }, (_, hour) =>
    meanOf(centred.flatMap((day) => day.filter((_, step) => hourOf(step, day.length) === hour))),
  )
  return centred.map((day) =>
    day.map((value, step) => (value === null ? null : value - (profile[hourOf(step, day.length)] ?? 0))),
  )
}

/** Mean product of values that lie `lag` steps apart, over all days; NaN without such a pair. */
function covariance(days: readonly Series[], lag: number): number {
  let sum = 0
  let pairs = 0
  for (const day of days) {
    for (let step = lag; step < day.length; step++) {
      const [one, other] = [day[step], day[step - lag]] as [number | null, number | null]
      if (one === null || other === null) continue
      sum += one * other
      pairs += 1
    }
  }
  return sum / pairs
}

function meanOf(values: Series): number {
  const known = values.filter((value) => value !== null)
  return known.reduce((sum, value) => sum + value, 0) / known.length
}

function hourOf(step: number, steps: number): number {
  return Math.floor((step * HOURS) / steps)
}
