import { gammaP, gammaQ } from './gamma.ts'

/** Probability of a standard normal at or below `z`, exact also in the lower tail. */
export function normalCdf(z: number): number {
  const half = (z * z) / 2
  return z < 0 ? gammaQ(0.5, half) / 2 : (1 + gammaP(0.5, half)) / 2
}

/** The `p` quantile of a standard normal, 0 < p < 1: Newton's method on the distribution function, from the lower half. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p)
  let z = p === 0.5 ? 0 : start(p)
  for (let step = 0; step < 50; step++) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
    const change = (normalCdf(z) - p) / density
    z -= change
    if (Math.abs(change) < 1e-15) break
  }
  return z
}

/** Left of the quantile where the tail is Mills-like: Newton's method then climbs without overshooting. */
function start(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p))
  return -Math.max(0, t - (Math.log(t + 1) + 0.9) / (t + 1))
}
