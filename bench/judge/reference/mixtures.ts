import { lgamma, logBeta } from '../../../lib/core/stats/lgamma.ts'
import { betaShare } from './beta.ts'
import { gammaP, gammaQ } from './gamma.ts'
import { normalCdf } from './normal.ts'

/**
 * Logarithm of a mixture supermartingale at the sum `s` and the intrinsic time `v` (Howard, Ramdas, McAuliffe and Sekhon
 * 2021, section 3). It starts at 0 and reaches log(1/α) with a probability of at most α.
 */
export type LogMixture = (s: number, v: number) => number

/** ρ that makes the two-sided normal mixture narrowest at the time `v` and the level `alpha` (the same paper, section 3.5). */
export function bestRho(v: number, alpha: number): number {
  const twice = 2 * Math.log(1 / alpha)
  return v / (twice + Math.log(1 + twice))
}

/** The same for one-sided mixtures: the level is spent on one side only. */
export function bestRhoOneSided(v: number, alpha: number): number {
  return bestRho(v, 2 * alpha)
}

/** The two-sided normal mixture (the same paper, proposition 5). */
export function twoSidedNormal(rho: number): LogMixture {
  return (s, v) => Math.log(rho / (v + rho)) / 2 + (s * s) / (2 * (v + rho))
}

/** The one-sided normal mixture (proposition 6 of the arXiv version, half-normal prior). */
export function oneSidedNormal(rho: number): LogMixture {
  return (s, v) =>
    Math.log((4 * rho) / (v + rho)) / 2 + (s * s) / (2 * (v + rho)) + Math.log(normalCdf(s / Math.sqrt(v + rho)))
}

/** The gamma-exponential mixture for sub-exponential sums of scale `c`. */
export function gammaExponential(rho: number, c: number): LogMixture {
  const a = rho / (c * c)
  const start = a * Math.log(a) - lgamma(a) - Math.log(gammaP(a, a))
  return (s, v) => {
    const shape = a + v / (c * c)
    const scaled = s / c + v / (c * c)
    const rate = scaled + a
    return start + lgamma(shape) + Math.log(gammaP(shape, rate)) - shape * Math.log(rate) + scaled
  }
}

/** The gamma-Poisson mixture for sub-Poisson sums of scale `c`. */
export function gammaPoisson(rho: number, c: number): LogMixture {
  const a = rho / (c * c)
  const start = a * Math.log(a) - lgamma(a) - Math.log(gammaQ(a, a))
  return (s, v) => {
    const rate = a + v / (c * c)
    const shape = s / c + rate
    return start + lgamma(shape) + Math.log(gammaQ(shape, rate)) - shape * Math.log(rate) + v / (c * c)
  }
}

/** The beta-binomial mixture for sums that fall by at most `g` and rise by at most `h` at a time. */
export function betaBinomial(rho: number, g: number, h: number, sides: 'one' | 'two'): LogMixture {
  const r = Math.max(rho - g * h, 0.001 * g * h)
  const logArea = (a: number, b: number) =>
    logBeta(a, b) + (sides === 'two' ? 0 : Math.log(betaShare(a, b, h / (g + h))))
  const start = logArea(r / (g * (g + h)), r / (h * (g + h)))
  return (s, v) => {
    const falls = (v - g * s) / (g * (g + h))
    const rises = (v + h * s) / (h * (g + h))
    const tilt = (v / (g * h)) * Math.log(g + h) - rises * Math.log(g) - falls * Math.log(h)
    return tilt + logArea(r / (g * (g + h)) + falls, r / (h * (g + h)) + rises) - start
  }
}

/** The sum at which a mixture reaches log(1/`alpha`) at the time `v`; `most` if it cannot within the sums that exist. */
export function mixtureBound(mixture: LogMixture, v: number, alpha: number, most = Number.POSITIVE_INFINITY): number {
  const isPast = (s: number) => mixture(s, v) > Math.log(1 / alpha)
  let high = most
  if (high === Number.POSITIVE_INFINITY) for (high = v; !isPast(high); ) high *= 2
  else if (!isPast(most)) return most
  let low = 0
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (isPast(middle)) high = middle
    else low = middle
  }
  return (low + high) / 2
}
