/**
 * Log of how much likelier `x` bad of `n` are under the rate `p1` than under `p0`: x ln(p1/p0) + (n−x) ln((1−p1)/(1−p0)).
 * `p0` lies strictly between 0 and 1, `p1` from 0 and below 1. For p1 > p0 its exponential has a mean of at most 1 at every
 * rate up to `p0`; for p1 < p0 at every rate from `p0` on.
 */
export function llrAbsolute(x: number, n: number, p0: number, p1: number): number {
  const bad = x === 0 ? 0 : x * Math.log(p1 / p0)
  return bad + (n - x) * Math.log((1 - p1) / (1 - p0))
}

/**
 * The same for the canary's share of all bad events, given the minute's actual traffic: `x` of `n` on the canary, `y` of
 * `m` on the baseline, a canary `ratio` times as bad against one `tolerance` times as bad. 0 without traffic on both arms.
 * Conditioning on x + y takes shared changes and the split of traffic out (Lindon and Malek 2022).
 */
export function llrRelative(
  [x, n]: readonly [number, number],
  [y, m]: readonly [number, number],
  tolerance: number,
  ratio: number,
): number {
  if (n === 0 || m === 0) return 0
  const q0 = (tolerance * n) / (tolerance * n + m)
  const q1 = (ratio * n) / (ratio * n + m)
  const here = x === 0 ? 0 : x * Math.log(q1 / q0)
  return here + (y === 0 ? 0 : y * Math.log((1 - q1) / (1 - q0)))
}
