import type { Arm } from '../lib/core/judge/reading.ts'
import type { Feed, Figures } from '../lib/core/replay/feed.ts'
import { hashOf } from '../sim/chance.ts'
import { createRandom } from '../sim/streams/random.ts'
import { drawnBad } from './draw.ts'

/** One bucket of both arms. */
type Both = Readonly<Record<Arm, Figures | null>>

/**
 * A feed that shows the canary at a smaller weight than it was measured at: every event stays with the probability of
 * wanted by measured weight, and one that does not goes to the stable revision, where it is as likely to be bad as that
 * revision's own in this bucket. KPIs that counted equally many events in a bucket counted the same requests, so equally
 * many of them stay. Drawn from the seed, asked again the same. Events that nobody saw cannot be made up, so a greater
 * weight is an obstacle, told in words of `unit`. `measuredAt` is null where no weight is known.
 */
export function thinned(
  feed: Feed,
  measuredAt: (bucket: number) => number | null,
  seed: number,
  unit: 'minute' | 'bucket' = 'minute',
): Feed {
  const drawn = new Map<string, Both>()
  return {
    last: feed.last,
    hasBaseline: feed.hasBaseline,
    obstacle: (bucket, weight) => obstacleAt(bucket, weight, measuredAt(bucket), unit) ?? feed.obstacle(bucket, weight),
    figures: (kpi, arm, bucket, weight) => {
      const measured = measuredAt(bucket)
      if (measured === null || weight >= measured) return feed.figures(kpi, arm, bucket, weight)
      const place = `${kpi} ${bucket} ${weight}`
      const canary = feed.figures(kpi, 'canary', bucket, weight)
      const baseline = feed.figures(kpi, 'baseline', bucket, weight)
      const both = drawn.get(place) ?? thin({ canary, baseline }, weight / measured, { kpi, bucket, weight, seed })
      drawn.set(place, both)
      return both[arm]
    },
  }
}

function obstacleAt(bucket: number, weight: number, measured: number | null, unit: string): string | null {
  if (measured === null || weight === measured) return null
  if (weight < measured)
    return measured < 100
      ? null
      : `${unit} ${bucket} was measured with all traffic on the canary: nobody knows how stable did beside it`
  return `${unit} ${bucket} was measured at ${measured} %, the plan wants ${weight} %, and events that nobody saw cannot be made up`
}

interface Place {
  readonly kpi: string
  readonly bucket: number
  readonly weight: number
  readonly seed: number
}

function thin({ canary, baseline }: Both, share: number, { kpi, bucket, weight, seed }: Place): Both {
  if (canary === null) return { canary, baseline }
  const requests = createRandom(hashOf(`${canary.total} ${bucket} ${weight}`), seed)
  const own = createRandom(hashOf(`${kpi} ${bucket} ${weight}`), seed)
  const total = requests.binomial(canary.total, share)
  const bad = drawnBad(canary, total, own.uniform())
  const moved = canary.total - total
  const thinner = { bad, total, value: canary.value }
  if (baseline === null || baseline.total === 0) return { canary: thinner, baseline }
  const failing = own.binomial(moved, baseline.bad / baseline.total)
  return {
    canary: thinner,
    baseline: { bad: baseline.bad + failing, total: baseline.total + moved, value: baseline.value },
  }
}
