import { normalQuantile } from '../chance.ts'

/** Fast draws that a pair of seeds fixes: the same seeds give the same draws in the same order. */
export interface Random {
  /** In (0, 1), both ends left out. */
  readonly uniform: () => number
  /** Standard normal. */
  readonly normal: () => number
  /** Events where `mean` are to be expected. */
  readonly poisson: (mean: number) => number
  /** How many of `trials` happen, each with `probability`. */
  readonly binomial: (trials: number, probability: number) => number
  /** From 1, with this mean (at least 1). */
  readonly geometric: (mean: number) => number
  /** Beta(a, b) for a and b of at least 1. */
  readonly beta: (a: number, b: number) => number
}

/** Up to this mean a count is drawn exactly; above it, by a normal quantile with its skewness mended. */
const EXACT_UP_TO = 30

/** Draws of their own for this pair of seeds; of each the lowest 32 bits count. */
export function createRandom(seed: number, stream: number): Random {
  const next = sfc32(seed, stream)
  const uniform = (): number => (next() + 0.5) / 0x1_0000_0000
  const normal = (): number => normalQuantile(uniform())
  return {
    uniform,
    normal,
    poisson: (mean) => poisson(mean, uniform()),
    binomial: (trials, probability) => binomial(trials, probability, uniform()),
    geometric: (mean) => (mean <= 1 ? 1 : Math.ceil(Math.log(uniform()) / Math.log1p(-1 / mean))),
    beta: (a, b) => {
      const first = gamma(a, normal, uniform)
      return first / (first + gamma(b, normal, uniform))
    },
  }
}

/** The generator sfc32 of PractRand (public domain): whole numbers from 0 to 2³² − 1. */
function sfc32(seed: number, stream: number): () => number {
  // A typed array keeps its numbers as machine integers; variables of a closure would be boxed at every draw.
  const state = new Int32Array([seed, stream, 0x9e3779b9, 1])
  const next = (): number => {
    const a = state[0] ?? 0
    const b = state[1] ?? 0
    const c = state[2] ?? 0
    const count = state[3] ?? 0
    const out = (((a + b) | 0) + count) | 0
    state[3] = count + 1
    state[0] = b ^ (b >>> 9)
    state[1] = c + (c << 3)
    state[2] = ((c << 21) | (c >>> 11)) + out
    return out >>> 0
  }
  for (let round = 0; round < 15; round += 1) next()
  return next
}

function poisson(mean: number, u: number): number {
  if (mean <= 0) return 0
  if (mean > EXACT_UP_TO) return mended(mean, Math.sqrt(mean), 1, u)
  let count = 0
  let term = Math.exp(-mean)
  for (let sum = term; sum < u && count < 1000; sum += term) {
    count += 1
    term *= mean / count
  }
  return count
}

function binomial(trials: number, probability: number, u: number): number {
  if (trials <= 0 || probability <= 0) return 0
  if (probability > 0.5) return trials - binomial(trials, 1 - probability, 1 - u)
  const mean = trials * probability
  if (mean > EXACT_UP_TO) {
    const spread = Math.sqrt(mean * (1 - probability))
    return Math.min(trials, mended(mean, spread, 1 - 2 * probability, u))
  }
  const odds = probability / (1 - probability)
  let count = 0
  let term = Math.exp(trials * Math.log1p(-probability))
  for (let sum = term; sum < u && count < trials; sum += term) {
    term *= (odds * (trials - count)) / (count + 1)
    count += 1
  }
  return count
}

/** The normal quantile with Cornish and Fisher's term for the skewness, as a count. */
function mended(mean: number, spread: number, skew: number, u: number): number {
  const z = normalQuantile(u)
  return Math.max(0, Math.round(mean + spread * z + (skew * (z * z - 1)) / 6))
}

/** Gamma(shape, 1) for shape ≥ 1 (Marsaglia and Tsang 2000). */
function gamma(shape: number, normal: () => number, uniform: () => number): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const z = normal()
    const v = (1 + c * z) ** 3
    if (v > 0 && Math.log(uniform()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return d * v
  }
}
