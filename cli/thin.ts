import type { Feed, Figures } from '../lib/core/replay/feed.ts'
import { hashOf } from '../sim/chance.ts'
import { createRandom } from '../sim/streams/random.ts'

/**
 * A feed that shows the canary at a smaller weight than it was measured at: every event stays with the probability of
 * wanted by measured weight, drawn from the seed. Events that nobody saw cannot be made up, so a greater weight is an
 * obstacle. The stable revision's buckets stay as they are. `measuredAt` is null where no weight is known.
 */
export function thinned(feed: Feed, measuredAt: (bucket: number) => number | null, seed: number): Feed {
  const drawn = new Map<string, Figures>()
  return {
    last: feed.last,
    obstacle: (bucket, weight) => {
      const measured = measuredAt(bucket)
      if (measured === null || weight <= measured) return feed.obstacle(bucket, weight)
      return `minute ${bucket} was measured at ${measured} %, the plan wants ${weight} %, and events that nobody saw cannot be made up: the replay stops`
    },
    figures: (kpi, arm, bucket, weight) => {
      const figures = feed.figures(kpi, arm, bucket, weight)
      const measured = measuredAt(bucket)
      if (figures === null || arm === 'baseline' || measured === null || weight >= measured) return figures
      const place = `${kpi} ${bucket} ${weight}`
      const known = drawn.get(place) ?? thin(figures, weight / measured, hashOf(place), seed)
      drawn.set(place, known)
      return known
    },
  }
}

function thin({ bad, total, value }: Figures, share: number, place: number, seed: number): Figures {
  const { binomial } = createRandom(place, seed)
  const kept = binomial(bad, share)
  return { bad: kept, total: kept + binomial(total - bad, share), value }
}
