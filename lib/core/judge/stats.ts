/**
 * Upper bound of the chance to see `bad` or more bad events among `total` when each is bad with probability `p`:
 * exp(−n·KL(bad/total ‖ p)) (Chernoff–Hoeffding; Hoeffding 1963, theorem 1). 1 when the share is not above `p`.
 * `p` in (0, 1); counts ≥ 0; `total` 0 gives 1.
 */
export function chernoffTail(bad: number, total: number, p: number): number {
  if (total === 0) return 1
  const share = Math.min(1, bad / total)
  if (share <= p) return 1
  const kl = share * Math.log(share / p) + (share === 1 ? 0 : (1 - share) * Math.log((1 - share) / (1 - p)))
  return Math.exp(-total * kl)
}
