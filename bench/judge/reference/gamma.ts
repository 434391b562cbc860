import { lgamma } from '../../../lib/core/stats/lgamma.ts'

const PRECISION = 1e-16
const MOST_STEPS = 100_000

/** The regularized lower incomplete gamma function P(a, x). `a` > 0, `x` ≥ 0. Formulas: Abramowitz and Stegun 6.5.29, 6.5.31. */
export function gammaP(a: number, x: number): number {
  if (x <= 0) return 0
  return x < a + 1 ? series(a, x) : 1 - fraction(a, x)
}

/** The regularized upper incomplete gamma function Q(a, x) = 1 − P(a, x), exact also where it is tiny. */
export function gammaQ(a: number, x: number): number {
  if (x <= 0) return 1
  return x < a + 1 ? 1 - series(a, x) : fraction(a, x)
}

function series(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < MOST_STEPS && term > sum * PRECISION; n++) {
    term *= x / (a + n)
    sum += term
  }
  return sum * leading(a, x)
}

/** The continued fraction, by Lentz's method. */
function fraction(a: number, x: number): number {
  let b = x + 1 - a
  let c = 1 / Number.MIN_VALUE ** 0.5
  let d = 1 / b
  let value = d
  for (let n = 1; n < MOST_STEPS; n++) {
    const factor = -n * (n - a)
    b += 2
    d = 1 / (factor * d + b)
    c = b + factor / c
    value *= c * d
    if (Math.abs(c * d - 1) < PRECISION) break
  }
  return value * leading(a, x)
}

function leading(a: number, x: number): number {
  return Math.exp(a * Math.log(x) - x - lgamma(a))
}
