/** Up to this many pairs of values the probability is counted exactly. */
const EXACT_PAIRS = 10_000

/** Two samples held against each other: the greatest distance of their distribution functions, and its probability. */
export interface KsTest {
  /** 0 (the same values) to 1 (no overlap). */
  readonly distance: number
  /** Probability of at least this distance when both samples come from one distribution of independent values. */
  readonly p: number
}

/** The two-sample Kolmogorov–Smirnov test of values in any order, NaN left out; distance 0 and p 1 where a side is empty. */
export function ksTest(x: readonly number[], y: readonly number[]): KsTest {
  const [a, b] = [sorted(x), sorted(y)]
  const distance = distanceOf(a, b)
  return { distance, p: distance === 0 ? 1 : ksProbability(distance, a.length, b.length) }
}

/** Greatest distance between the empirical distribution functions, 0–1; NaN is left out, and 0 where a side is empty. */
export function ksDistance(x: readonly number[], y: readonly number[]): number {
  return distanceOf(sorted(x), sorted(y))
}

/**
 * Probability of at least `distance` between two samples of `m` and `n` independent values of one distribution: exact up to
 * 10,000 pairs, asymptotic beyond and where a size is not a whole number, as effective sizes are.
 */
export function ksProbability(distance: number, m: number, n: number): number {
  const isWhole = Number.isInteger(m) && Number.isInteger(n)
  if (isWhole && m * n <= EXACT_PAIRS) return exactProbability(Math.round(distance * m * n), m, n)
  return kolmogorovSf(distance * Math.sqrt((m * n) / (m + n)))
}

/**
 * Survival function of Kolmogorov's distribution, 1 at `lambda` ≤ 0 down to 0. Formula: the theta series and its dual,
 * either where it converges at once (Marsaglia, Tsang and Wang 2003; exact to about 1e-15).
 */
export function kolmogorovSf(lambda: number): number {
  if (lambda <= 0) return 1
  if (lambda >= 1.18) {
    const x = Math.exp(-2 * lambda * lambda)
    return 2 * (x - x ** 4 + x ** 9 - x ** 16)
  }
  const y = Math.exp(-(Math.PI ** 2) / (8 * lambda * lambda))
  return 1 - (Math.sqrt(2 * Math.PI) / lambda) * (y + y ** 9 + y ** 25 + y ** 49)
}

/** Of rising values; ties count once they are past. */
function distanceOf(a: Float64Array, b: Float64Array): number {
  let i = 0
  let j = 0
  let furthest = 0
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i] as number, b[j] as number)
    while (i < a.length && (a[i] as number) <= value) i++
    while (j < b.length && (b[j] as number) <= value) j++
    furthest = Math.max(furthest, Math.abs(i * b.length - j * a.length))
  }
  return furthest === 0 ? 0 : furthest / (a.length * b.length)
}

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort()
}

/**
 * Share of all orders of m + n values in which the distance, `reach` in units of 1/(mn), is reached somewhere: the last
 * value is one of the m with probability i/(i+j). Counted as the share that does reach it, so that a tiny one stays exact.
 */
function exactProbability(reach: number, m: number, n: number): number {
  const row = new Float64Array(n + 1)
  for (let i = 0; i <= m; i++) {
    for (let j = 0; j <= n; j++) {
      if (Math.abs(i * n - j * m) >= reach) row[j] = 1
      else if (i + j === 0) row[j] = 0
      else row[j] = ((i === 0 ? 0 : i * (row[j] as number)) + (j === 0 ? 0 : j * (row[j - 1] as number))) / (i + j)
    }
  }
  return row[n] as number
}
