/** A number in (0, 1) that belongs to these keys: asked again, in any order, it is the same. */
export function chance(seed: number, key: number, second?: number, third?: number): number {
  let hash = keyed(mix(seed | 0), key)
  if (second !== undefined) hash = keyed(hash, second)
  if (third !== undefined) hash = keyed(hash, third)
  return ((hash >>> 0) + 0.5) / 0x1_0000_0000
}

function keyed(hash: number, key: number): number {
  return mix(hash ^ mix((key | 0) ^ Math.floor(key / 0x1_0000_0000)))
}

/** A number of its own for a text (FNV-1a, 32 bit). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash | 0
}

/** How many of `trials` happen when each does with `probability`, and fate draws `u` in (0, 1). */
export function binomial(trials: number, probability: number, u: number): number {
  if (trials <= 0 || probability <= 0) return 0
  if (probability >= 1) return trials
  const mean = trials * probability
  if (mean < 30) return Math.min(trials, smallCount(mean, u))
  const spread = Math.sqrt(mean * (1 - probability))
  return Math.min(trials, Math.max(0, Math.round(mean + spread * normalQuantile(u))))
}

/** How many events come when `mean` are to be expected, and fate draws `u` in (0, 1): Poisson. */
export function poisson(mean: number, u: number): number {
  if (mean <= 0) return 0
  if (mean < 30) return smallCount(mean, u)
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normalQuantile(u)))
}

/** Quantile of the standard normal distribution (Acklam's rational approximation, relative error below 1.2e-9). */
export function normalQuantile(p: number): number {
  if (p < 0.02425) return tail(Math.sqrt(-2 * Math.log(p)))
  if (p > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - p)))
  const q = p - 0.5
  const r = q * q
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  )
}

/** Share of a standard normal distribution below `z` (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
export function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const above = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly
  return z >= 0 ? 1 - above : above
}

function smallCount(mean: number, u: number): number {
  let count = 0
  let term = Math.exp(-mean)
  for (let sum = term; sum < u && count < 1000; sum += term) {
    count += 1
    term *= mean / count
  }
  return count
}

function tail(q: number): number {
  return (
    (((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q +
      4.374664141464968) *
      q +
      2.938163982698783) /
    ((((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
  )
}

function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
