/** Coefficients B₂ₖ / (2k(2k−1)) of Stirling's series, from k = 8 down to 1. */
const STIRLING = [-3617 / 122_400, 1 / 156, -691 / 360_360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12]
/** From here on eight terms of the series are exact to the last digits of a double. */
const LARGE = 10

/**
 * Natural logarithm of the gamma function, exact to about 1e-14 of the greater of 1 and its value. `x` > 0; at most 0 gives
 * Infinity. Formula: Stirling's series (Abramowitz and Stegun 6.1.40), reached by Γ(x + 1) = xΓ(x).
 */
export function lgamma(x: number): number {
  if (!(x > 0)) return Number.isNaN(x) ? x : Number.POSITIVE_INFINITY
  let factor = 1
  let at = x
  while (at < LARGE) {
    factor *= at
    at += 1
  }
  const square = at * at
  let series = 0
  for (const coefficient of STIRLING) series = series / square + coefficient
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series / at - Math.log(factor)
}

/** Natural logarithm of the beta function B(a, b) = Γ(a)Γ(b)/Γ(a+b). `a`, `b` > 0. */
export function logBeta(a: number, b: number): number {
  return lgamma(a) + lgamma(b) - lgamma(a + b)
}
