/** Picks a revision for one request, or null where no revision has weight. */
export type Split = (weights: Readonly<Record<string, number>>) => string | null

/**
 * Deals requests out by weight, evenly over any stretch of requests: after n requests every share is right to within a
 * few requests, also across changes of the weights. The same seed (0–1) deals the same way. Points of the interval are
 * visited in steps of the golden ratio, the most even of all such sequences (Weyl).
 */
export function createSplit(seed: number): Split {
  let point = seed % 1
  return (weights) => {
    const shares = Object.entries(weights).filter(([, weight]) => weight > 0)
    const total = shares.reduce((sum, [, weight]) => sum + weight, 0)
    point = (point + GOLDEN) % 1
    let left = point * total
    for (const [revision, weight] of shares) {
      if (left < weight) return revision
      left -= weight
    }
    return shares.at(-1)?.[0] ?? null
  }
}

const GOLDEN = 0.6180339887498949
