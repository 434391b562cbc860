/** Upper end of Clopper and Pearson's two-sided 95 % interval of a share, 0–1: `k` of `n`, n at least 1. */
export function upperLimit(k: number, n: number): number {
  if (k >= n) return 1
  let low = k / n
  let high = 1
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (atMostChance(k, n, middle) > 0.025) low = middle
    else high = middle
  }
  return high
}

/** Value at or below which a share `q` of the values lies: the ⌈q·n⌉-th smallest; NaN without values. */
export function rank(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

/** Chance of at most `k` in `n` trials of probability `p`. */
function atMostChance(k: number, n: number, p: number): number {
  let term = n * Math.log1p(-p)
  let sum = Math.exp(term)
  for (let i = 1; i <= k; i += 1) {
    term += Math.log((n - i + 1) / i) + Math.log(p / (1 - p))
    sum += Math.exp(term)
  }
  return sum
}
