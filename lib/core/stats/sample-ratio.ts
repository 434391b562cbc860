import { lgamma } from './lgamma.ts'

/** Odds end here, so that they stay a finite number in JSON. */
const MOST_ODDS = 1e300

/**
 * Odds that requests were not split as they should be, against that they were: B(kθ + c) / B(kθ) / Πθ^c for the `counts` c
 * that the arms got and the `shares` θ that they should get. 1 says nothing; they reach 1/α with a probability of at most
 * α while the split is right, however often they are read. `shares` are above 0 and sum to 1; `strength` k says how near
 * a wrong split is expected. Formula: Dirichlet–multinomial mixture (Lindon and Malek 2022).
 */
export function sampleRatioOdds(counts: readonly number[], shares: readonly number[], strength = 100): number {
  let all = 0
  let log = 0
  counts.forEach((count, arm) => {
    const share = shares[arm] ?? 0
    all += count
    if (count > 0) log += lgamma(strength * share + count) - lgamma(strength * share) - count * Math.log(share)
  })
  log += lgamma(strength) - lgamma(strength + all)
  return Math.min(Math.exp(log), MOST_ODDS)
}
