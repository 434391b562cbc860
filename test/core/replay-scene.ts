import type { Arm } from '../../lib/core/judge/reading.ts'
import { type Figures, feedOf, type Series } from '../../lib/core/replay/feed.ts'
import { replay } from '../../lib/core/replay/replay.ts'
import type { Timeline } from '../../lib/core/replay/timeline.ts'
import type { Manifest } from '../../lib/core/service.ts'
import { readManifest } from '../../lib/schema/manifest.ts'

/** A manifest with these steps (YAML) and this analysis (YAML). */
export function aPlan(steps: string, analysis = '{}'): Manifest {
  const read = readManifest(`name: pricing
environment: production
target: { subscription: 00000000-0000-0000-0000-000000000001, resourceGroup: rides, containerApp: pricing }
image: { registry: registry.example.com, repository: pricing, tags: "v*" }
strategy: { canary: { steps: ${steps} } }
analysis: ${analysis}
`)
  if (!read.ok) throw new Error(JSON.stringify(read.issues))
  return read.manifest
}

/** One KPI alone, on errors, with a limit of 1 % and no warm-up: 300 good requests pass. */
export const ERRORS_ONLY = '{ warmUp: 0s, kpis: [ { name: errors, errorRate: { limit: 1% }, source: azure-logs } ] }'

export type Count = readonly [bad: number, total: number]

/** Figures by number of the bucket, from `first` on; null is missing data. */
export function arm(counts: readonly (Count | null)[], first = 0): ReadonlyMap<number, Figures> {
  return new Map(
    counts.flatMap((count, index) =>
      count === null ? [] : [[first + index, { bad: count[0], total: count[1], value: null }] as const],
    ),
  )
}

/** Series of the KPI `errors`, with a history of one steady hour where `history` is given. */
export function errorSeries(
  canary: readonly (Count | null)[],
  baseline: readonly (Count | null)[] = [],
  history: Count | null = [2, 3000],
): Series {
  const before =
    history === null
      ? []
      : arm(
          Array.from({ length: 60 }, () => history),
          -60,
        )
  const arms: Record<Arm, ReadonlyMap<number, Figures>> = {
    canary: arm(canary),
    baseline: new Map([...before, ...arm(baseline)]),
  }
  return new Map([['errors', arms]])
}

/** So many times the same. */
export function times<T>(count: number, one: T): readonly T[] {
  return Array.from({ length: count }, () => one)
}

/** Replays with gates open. */
export function walk(manifest: Manifest, series: Series): Timeline {
  return replay({ manifest, feed: feedOf(series), gates: 'open' })
}
