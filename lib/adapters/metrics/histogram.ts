/** A histogram's bucket as Prometheus counts: events at or below `le`. The last bucket's `le` is Infinity. */
export interface Bucket {
  readonly le: number
  readonly cumulative: number
}

/** The buckets by rising bound; a count below its neighbour's (a race between scrapes) is lifted to it, as Prometheus does. */
export function inOrder(buckets: readonly Bucket[]): readonly Bucket[] {
  let highest = 0
  return buckets
    .toSorted((a, b) => a.le - b.le)
    .map(({ le, cumulative }) => {
      highest = Math.max(highest, cumulative)
      return { le, cumulative: highest }
    })
}

/**
 * Whether the `q` quantile lies above every finite bound: `quantile` then answers the highest of them, a lower bound only.
 * Expects `inOrder` buckets.
 */
export function isSaturated(q: number, buckets: readonly Bucket[]): boolean {
  const total = buckets.at(-1)?.cumulative ?? 0
  return total > 0 && q * total > (buckets.at(-2)?.cumulative ?? 0)
}

/**
 * The `q` quantile (0–1) in the unit of `le`, linear within its bucket; the highest finite bound where it lies above it,
 * NaN where there are no events or no finite bound. Expects `inOrder` buckets.
 * Formula: Prometheus, `histogram_quantile` for classic histograms.
 */
export function quantile(q: number, buckets: readonly Bucket[]): number {
  const total = buckets.at(-1)?.cumulative ?? 0
  if (total === 0 || buckets.length < 2 || buckets.at(-1)?.le !== Number.POSITIVE_INFINITY) return Number.NaN
  if (isSaturated(q, buckets)) return (buckets.at(-2) as Bucket).le
  const rank = q * total
  const place = buckets.findIndex((bucket) => bucket.cumulative >= rank)
  const bucket = buckets[place] as Bucket
  const below = buckets[place - 1] ?? { le: Math.min(0, bucket.le), cumulative: 0 }
  const inside = bucket.cumulative - below.cumulative
  return inside === 0 ? below.le : below.le + (bucket.le - below.le) * ((rank - below.cumulative) / inside)
}

/** How many events were above a limit. `exact` is false where no bound sits on the limit: then it is a lower bound. */
export interface Above {
  readonly above: number
  readonly exact: boolean
}

/**
 * Events above `limit`, counted at the lowest bound that is not below it: never more than there were.
 * Null where the limit is above every finite bound, because then the histogram cannot tell. Expects `inOrder` buckets.
 */
export function countAbove(limit: number, buckets: readonly Bucket[]): Above | null {
  const slack = limit * 1e-9
  const bound = buckets.find((bucket) => bucket.le >= limit - slack)
  if (bound === undefined || bound.le === Number.POSITIVE_INFINITY) return null
  const total = buckets.at(-1)?.cumulative ?? 0
  return { above: total - bound.cumulative, exact: bound.le <= limit + slack }
}
