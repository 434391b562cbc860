/**
 * What one bad and one good event say: ln(p1/p0) and ln((1−p1)/(1−p0)), how much likelier each is under the rate `p1` than
 * under `p0`. `p0` lies strictly between 0 and 1, `p1` from 0 and below 1.
 */
export function logOdds(p0: number, p1: number): readonly [ofBad: number, ofGood: number] {
  return [Math.log(p1 / p0), Math.log((1 - p1) / (1 - p0))]
}

/**
 * Log of how much likelier `x` bad of `n` are, by what one bad and one good event say: x ln(p1/p0) + (n−x) ln((1−p1)/(1−p0)).
 * For p1 > p0 its exponential has a mean of at most 1 at every rate up to `p0`; for p1 < p0 at every rate from `p0` on.
 */
export function llrAbsolute(x: number, n: number, ofBad: number, ofGood: number): number {
  // A bad event may be impossible under p1, which is no evidence as long as there is none.
  return (x === 0 ? 0 : x * ofBad) + (n - x) * ofGood
}

/**
 * The same for the canary's share of all bad events, given the minute's actual traffic: `x` of `n` on the canary, `y` of
 * `m` on the baseline, a canary `ratio` times as bad against one `tolerance` times as bad. 0 without traffic on both arms.
 * Conditioning on x + y takes shared changes and the split of traffic out (Lindon and Malek 2022).
 */
export function llrRelative(x: number, n: number, y: number, m: number, tolerance: number, ratio: number): number {
  if (n === 0 || m === 0) return 0
  const q0 = (tolerance * n) / (tolerance * n + m)
  const q1 = (ratio * n) / (ratio * n + m)
  const here = x === 0 ? 0 : x * Math.log(q1 / q0)
  return here + (y === 0 ? 0 : y * Math.log((1 - q1) / (1 - q0)))
}
