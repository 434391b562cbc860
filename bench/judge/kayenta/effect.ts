/** Mean of the experiment over mean of the control; NaN where either is 0, which Kayenta takes as "cannot tell". */
export function meanRatio(control: ArrayLike<number>, experiment: ArrayLike<number>): number {
  const below = meanOf(control)
  const above = meanOf(experiment)
  return below === 0 || above === 0 ? Number.NaN : above / below
}

/**
 * Common-language effect size, 0–1: share of pairs in which the experiment is above the control, ties counted half
 * (Vargha and Delaney 2000). NaN where a side is empty.
 */
export function commonLanguageEffect(control: ArrayLike<number>, experiment: ArrayLike<number>): number {
  const y = Float64Array.from(control).sort()
  const x = Float64Array.from(experiment).sort()
  let below = 0
  let notAbove = 0
  let halves = 0
  for (const value of x) {
    while (below < y.length && (y[below] as number) < value) below++
    while (notAbove < y.length && (y[notAbove] as number) <= value) notAbove++
    halves += below + notAbove
  }
  return halves / (2 * x.length * y.length)
}

/** The `p`th percentile (0–100) of values in any order, linear between the neighbours (R's type 7). NaN without values. */
export function percentile(values: ArrayLike<number>, p: number): number {
  const sorted = Float64Array.from(values).sort()
  const place = (p / 100) * (sorted.length - 1)
  const low = sorted[Math.floor(place)] ?? Number.NaN
  const high = sorted[Math.ceil(place)] ?? Number.NaN
  return low + (place - Math.floor(place)) * (high - low)
}

/** Mean in two passes, so that equal samples have equal means in any order. */
function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] as number
  const first = sum / values.length
  let rest = 0
  for (let i = 0; i < values.length; i++) rest += (values[i] as number) - first
  return first + rest / values.length
}
