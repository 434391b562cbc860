import type { Arm } from '../lib/core/judge/reading.ts'
import type { Feed, Figures } from '../lib/core/replay/feed.ts'
import { hashOf } from '../sim/chance.ts'
import { createRandom } from '../sim/streams/random.ts'

/** One bucket of both arms. */
type Both = Readonly<Record<Arm, Figures | null>>

/**
 * A feed that shows the canary at a smaller weight than it was measured at: every event stays with the probability of
 * wanted by measured weight, and one that does not goes to the stable revision, where it is as likely to be bad as that
 * revision's own in this bucket. Drawn from the seed, asked again the same. Events that nobody saw cannot be made up, so a
 * greater weight is an obstacle. `measuredAt` is null where no weight is known.
 */
export function thinned(feed: Feed, measuredAt: (bucket: number) => number | null, seed: number): Feed {
  const drawn = new Map<string, Both>()
  return {
    last: feed.last,
    hasBaseline: feed.hasBaseline,
    obstacle: (bucket, weight) => obstacleAt(bucket, weight, measuredAt(bucket)) ?? feed.obstacle(bucket, weight),
    figures: (kpi, arm, bucket, weight) => {
      const measured = measuredAt(bucket)
      if (measured === null || weight >= measured) return feed.figures(kpi, arm, bucket, weight)
      const place = `${kpi} ${bucket} ${weight}`
      const canary = feed.figures(kpi, 'canary', bucket, weight)
      const baseline = feed.figures(kpi, 'baseline', bucket, weight)
      const both = drawn.get(place) ?? thin({ canary, baseline }, weight / measured, createRandom(hashOf(place), seed))
      drawn.set(place, both)
      return both[arm]
    },
  }
}

function obstacleAt(bucket: number, weight: number, measured: number | null): string | null {
  if (measured === null || weight === measured) return null
  if (weight < measured)
    return measured < 100
      ? null
      : `minute ${bucket} was measured with all traffic on the canary: nobody knows how stable did beside it`
  return `minute ${bucket} was measured at ${measured} %, the plan wants ${weight} %, and events that nobody saw cannot be made up`
}

function thin({ canary, baseline }: Both, share: number, { binomial }: ReturnType<typeof createRandom>): Both {
  if (canary === null) return { canary, baseline }
  const bad = binomial(canary.bad, share)
  const total = bad + binomial(canary.total - canary.bad, share)
  const moved = canary.total - total
  const thinner = { bad, total, value: canary.value }
  if (baseline === null || baseline.total === 0) return { canary: thinner, baseline }
  const failing = binomial(moved, baseline.bad / baseline.total)
  return {
    canary: thinner,
    baseline: { bad: baseline.bad + failing, total: baseline.total + moved, value: baseline.value },
  }
}
