/** η of every stitched bound here: time is cut into epochs that double. */
const ETA = 2
/** s of every stitched bound here: how slowly the level is spent over the epochs. */
const S = 1.4
const K1 = (ETA ** 0.25 + ETA ** -0.25) / Math.SQRT2
const K2 = (Math.sqrt(ETA) + 1) / 2

/**
 * Polynomial stitched bound of a sum at the intrinsic time `v`, tight from `vMin` on, scale `c` (Howard, Ramdas, McAuliffe
 * and Sekhon 2021, theorem 1).
 */
export function polyStitching(v: number, alpha: number, vMin: number, c: number): number {
  const time = Math.max(v, vMin)
  const spent = Math.log(zeta(S) / Math.log(ETA) ** S)
  const level = S * Math.log(Math.log((ETA * time) / vMin)) + spent + Math.log(1 / alpha)
  const linear = K2 * c * level
  return Math.sqrt(K1 ** 2 * time * level + linear ** 2) + linear
}

/**
 * Double stitched bound of how many of `t` values may lie beyond the `p` quantile more than expected, at all times and for
 * all quantiles at once (Howard and Ramdas 2022, theorem 3; δ = 0.5).
 */
export function doubleStitching(p: number, t: number, alpha: number, tOpt: number): number {
  const delta = 0.5
  const epochs = Math.max(t, tOpt) / tOpt
  const logit = Math.log(p / (1 - p))
  const r = p >= 0.5 ? p : Math.min(0.5, 1 / (1 + Math.exp(-(logit + 2 * delta * Math.sqrt(ETA / epochs)))))
  const variance = r * (1 - r)
  const grid = (Math.sqrt(epochs) * Math.abs(logit)) / (2 * delta) + 1
  const z = zeta(S)
  const spent = Math.log((2 * z * (2 * z + 1)) / (alpha * Math.log(ETA) ** S))
  const level = S * Math.log(Math.log(ETA * epochs)) + S * Math.log(grid) + spent
  const linear = (K2 * (1 - 2 * p) * level) / 3
  const between = delta * Math.sqrt(ETA * epochs * variance)
  return between + Math.sqrt(K1 ** 2 * variance * epochs * tOpt * level + linear ** 2) + linear
}

/**
 * Bound of the distance between the empirical and the true distribution function at all `t` ≥ `tMin` at once, growing as the
 * law of the iterated logarithm (Howard and Ramdas 2022, theorem 2); `a` > 1/√2 trades early against late.
 */
export function empiricalProcessLil(t: number, alpha: number, tMin: number, a: number): number {
  if (t < tMin) return Number.POSITIVE_INFINITY
  let low = 1
  let high = 1000
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (leastError(middle, a) > alpha) low = middle
    else high = middle
  }
  return a * Math.sqrt((Math.log(1 + Math.log(t / tMin)) + high) / t)
}

/** The error of the bound with the constant `c`, at the best length of its epochs. */
function leastError(c: number, a: number): number {
  const gamma = (eta: number) => (2 / eta) * Math.max(0, a - Math.sqrt((2 * (eta - 1)) / c)) ** 2
  const errorAt = (eta: number) => {
    const g = gamma(eta)
    return g <= 1 ? Number.POSITIVE_INFINITY : 4 * Math.exp(-g * c) * (1 + 1 / ((g - 1) * Math.log(eta)))
  }
  let [low, high] = [1, 1]
  for (let width = 2 * a * a - 1; width > 1e-15; width /= 2) if (gamma(high + width) > 1) high += width
  const golden = (Math.sqrt(5) - 1) / 2
  for (let step = 0; step < 100; step++) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)]
    if (errorAt(left) < errorAt(right)) high = right
    else low = left
  }
  return errorAt((low + high) / 2)
}

/** Riemann's zeta function at `s` > 1, by the Euler–Maclaurin formula. */
function zeta(s: number): number {
  const n = 20
  let sum = 0
  for (let k = 1; k < n; k++) sum += k ** -s
  const rest = n ** (1 - s) / (s - 1) + n ** -s / 2 + (s * n ** (-s - 1)) / 12
  return sum + rest - (s * (s + 1) * (s + 2) * n ** (-s - 3)) / 720
}
