import { bestRho, betaBinomial, type LogMixture } from './mixtures.ts'

/**
 * Anytime-valid p-value that two samples have the same `q` quantile: of all values that it could have, the one against
 * which both together speak least (Howard and Ramdas 2022, section 4). Tight near `tOpt` values a side, at a level of 0.05.
 */
export function quantileAbP(q: number, tOpt: number, x: readonly number[], y: readonly number[]): number {
  const mixture = betaBinomial(bestRho(tOpt * q * (1 - q), 0.05), q, 1 - q, 'two')
  const arms = [x, y].map((values) => evidenceOf(mixture, q, Float64Array.from(values).sort()))
  const against = [...x, ...y].map((value) => arms.reduce((sum, evidence) => sum + evidence(value), 0))
  const least = against.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  return Math.min(1, Math.exp(-least))
}

/** How much a sample speaks against `value` as its quantile: the best share below it that the sample allows. */
function evidenceOf(mixture: LogMixture, q: number, sorted: Float64Array): (value: number) => number {
  const n = sorted.length
  const at = (share: number) => mixture((share - q) * n, q * (1 - q) * n)
  const best = leastOf(at)
  return (value) => {
    const below = place(sorted, (other) => other < value) / n
    const upTo = place(sorted, (other) => other <= value) / n
    return at(Math.min(Math.max(best, below), upTo))
  }
}

/** Where a convex function on 0–1 is least. */
function leastOf(f: (at: number) => number): number {
  let [low, high] = [0, 1]
  for (let step = 0; step < 100; step++) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3]
    if (f(left) < f(right)) high = right
    else low = left
  }
  return (low + high) / 2
}

/** How many of the rising values pass; those that do come first. */
function place(sorted: Float64Array, passes: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (passes(sorted[middle] as number)) low = middle + 1
    else high = middle
  }
  return low
}
