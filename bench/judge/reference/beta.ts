import { logBeta } from '../../../lib/core/stats/lgamma.ts'

const PRECISION = 1e-16
const MOST_STEPS = 10_000
const TINY = 1e-300

/** The regularized incomplete beta function I_x(a, b), 0–1. `a`, `b` > 0. Formula: Abramowitz and Stegun 26.5.8, by Lentz. */
export function betaShare(a: number, b: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const leading = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b))
  // Where the fraction converges slowly, its mirror converges at once.
  return x < (a + 1) / (a + b + 2) ? (leading * fraction(a, b, x)) / a : 1 - (leading * fraction(b, a, 1 - x)) / b
}

/** Probability of at least `k` of `n` when each happens with probability `p`. Exact also where it is tiny. */
export function binomialSf(k: number, n: number, p: number): number {
  if (k <= 0) return 1
  return k > n ? 0 : betaShare(k, n - k + 1, p)
}

function fraction(a: number, b: number, x: number): number {
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m < MOST_STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    value *= c * d
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    value *= c * d
    if (Math.abs(c * d - 1) < PRECISION) break
  }
  return value
}

function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value
}
