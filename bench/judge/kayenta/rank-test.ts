import { brentZero } from './brent.ts'

/** How far x lies above y: bounds of the shift at a level of confidence, and the Hodges–Lehmann estimate. */
export interface Shift {
  readonly low: number
  readonly high: number
  readonly estimate: number
}

/**
 * The standardized rank sum of `x` shifted down by `mu` against `y`, with the correction for continuity and ties, minus
 * `quantile`. Both rise; one merge, so the cost is linear. NaN when everything is tied.
 */
export function wilcoxonDiff(x: Float64Array, y: Float64Array, mu: number, quantile: number): number {
  const m = x.length
  const n = y.length
  let i = 0
  let j = 0
  let above = 0
  let ties = 0
  while (i < m || j < n) {
    const left = i < m ? (x[i] as number) - mu : Number.POSITIVE_INFINITY
    const right = j < n ? (y[j] as number) : Number.POSITIVE_INFINITY
    const value = left < right ? left : right
    const fromX = i
    const fromY = j
    while (i < m && (x[i] as number) - mu === value) i++
    while (j < n && y[j] === value) j++
    const tied = i - fromX + j - fromY
    // Infinity less Infinity is no value that could be passed.
    if (tied === 0) return Number.NaN
    above += (i - fromX) * (fromY + j)
    if (tied > 1) ties += tied * tied * tied - tied
  }
  const distance = above / 2 - (m * n) / 2
  const sigma = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))))
  return sigma === 0 ? Number.NaN : (distance - Math.sign(distance) * 0.5) / sigma - quantile
}

/**
 * Kayenta's interval of the shift, as R's `wilcox.test(exact = FALSE, conf.int = TRUE)` finds it: roots of `wilcoxonDiff` at
 * ±`z`, the upper quantile of (1 − confidence)/2. `x` and `y` rise and are not empty. NaN when everything is tied.
 */
export function shiftOf(x: Float64Array, y: Float64Array, z: number): Shift {
  return { low: boundOf(x, y, z), high: boundOf(x, y, -z), estimate: estimateOf(x, y) }
}

/** One end of the interval: the shift at which the standardized rank sum is `quantile`; the range's end if it never is. */
export function boundOf(x: Float64Array, y: Float64Array, quantile: number): number {
  const [low, high] = rangeOf(x, y)
  const atLow = wilcoxonDiff(x, y, low, quantile)
  const atHigh = wilcoxonDiff(x, y, high, quantile)
  if (Number.isNaN(atLow) || Number.isNaN(atHigh)) return Number.NaN
  if (atLow <= 0) return low
  if (atHigh >= 0) return high
  return brentZero((mu) => wilcoxonDiff(x, y, mu, quantile), low, high)
}

/** The Hodges–Lehmann estimate as Kayenta finds it: where the standardized rank sum is 0. */
export function estimateOf(x: Float64Array, y: Float64Array): number {
  const [low, high] = rangeOf(x, y)
  return brentZero((mu) => wilcoxonDiff(x, y, mu, 0), low, high)
}

/** The least and the greatest difference between a value of `x` and one of `y`. */
export function rangeOf(x: Float64Array, y: Float64Array): readonly [number, number] {
  return [(x[0] as number) - (y.at(-1) as number), (x.at(-1) as number) - (y[0] as number)]
}
