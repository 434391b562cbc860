import { logBeta } from './lgamma.ts'

const STEPS = 80

/**
 * Bounds of a proportion that hold at every time at once with probability 1 − `alpha`, so they may be read as often as one
 * likes: `[low, high]`, 0–1, of `successes` among `trials`; [0, 1] without trials. They are narrowest near `bestTrials`
 * trials at a level of 0.05.
 * Formula: two-sided beta-binomial mixture (Howard, Ramdas, McAuliffe and Sekhon 2021, proposition 6), inverted in p.
 */
export function bernoulliCs(
  successes: number,
  trials: number,
  alpha: number,
  bestTrials: number,
): readonly [low: number, high: number] {
  if (trials <= 0) return [0, 1]
  const share = successes / trials
  const prior = priorTrials(bestTrials)
  const isOutside = (p: number) => logMixture(successes, trials, p, prior) > Math.log(1 / alpha)
  return [share <= 0 ? 0 : edge(0, share, isOutside), share >= 1 ? 1 : edge(1, share, isOutside)]
}

/** The edge between proportions that are ruled out, `outside` first, and those that are not. */
function edge(outside: number, inside: number, isOutside: (p: number) => boolean): number {
  let [out, within] = [outside, inside]
  for (let step = 0; step < STEPS; step++) {
    const middle = (out + within) / 2
    // Two neighbours among all doubles: nothing lies between them.
    if (middle === out || middle === within) break
    if (isOutside(middle)) out = middle
    else within = middle
  }
  return (out + within) / 2
}

/** Log of how much likelier the counts are under the mixture than under the proportion `p`. */
function logMixture(successes: number, trials: number, p: number, prior: number): number {
  const failures = trials - successes
  const mixed = logBeta(prior * (1 - p) + failures, prior * p + successes) - logBeta(prior * (1 - p), prior * p)
  return mixed - successes * Math.log(p) - failures * Math.log1p(-p)
}

/** Size of the mixture's prior in trials: r = max(ρ − gh, .001gh) of the paper, over gh = p(1−p). */
function priorTrials(bestTrials: number): number {
  const twice = 2 * Math.log(1 / 0.05)
  return Math.max(bestTrials / (twice + Math.log(1 + twice)) - 1, 0.001)
}
