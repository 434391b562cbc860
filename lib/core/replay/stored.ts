import type { BucketLine, LoggedBucket, SeenBucket } from '../judge/state.ts'
import type { Kpi, Manifest } from '../service.ts'
import type { Figures, KpiSeries, Series } from './feed.ts'

/** Columns of buckets as CSV. `minute` is the number of the bucket; only gauges have a `value`. */
export const BUCKET_COLUMNS = ['minute', 'kpi', 'arm', 'bad', 'total', 'value'] as const

/**
 * The buckets of a rollout that the judge absorbed, by number: `from` is the start of bucket 0. A bucket without data is
 * absent. The stable revision's figures of the time before the rollout are not stored bucket by bucket.
 */
export function seriesOf(lines: readonly BucketLine[], from: number, bucketMs: number): Series {
  const series = new Map<string, { canary: Map<number, Figures>; baseline: Map<number, Figures> }>()
  for (const line of lines) {
    for (const [kpi, buckets] of Object.entries(line.kpis)) {
      const known = series.get(kpi) ?? { canary: new Map(), baseline: new Map() }
      series.set(kpi, known)
      for (const bucket of buckets) add(known, bucket, Math.round((bucket[0] - from) / bucketMs))
    }
  }
  return series
}

function add(series: { readonly [Arm in keyof KpiSeries]: Map<number, Figures> }, bucket: LoggedBucket, at: number) {
  if (bucket[1] === null) return
  const [, bad, total, value, baselineBad, baselineTotal, baselineValue] = bucket
  series.canary.set(at, { bad, total, value })
  if (baselineTotal === null) return
  series.baseline.set(at, { bad: baselineBad ?? 0, total: baselineTotal, value: baselineValue })
}

/** How the judge takes a bucket of which part is still missing: with this much more traffic than the newest final ones had. */
const OVERSTATED = 1.2
const MEAN_OF = 10

/**
 * The series with the buckets that were not final when the rollout was looked at last, and that an abort may have rested
 * on. Their bad events are as seen and their traffic is overstated, as the judge does, so they never accuse too much.
 */
export function withUnfinished(
  series: Series,
  unfinished: Readonly<Record<string, readonly SeenBucket[]>>,
  from: number,
  bucketMs: number,
): Series {
  const added = Object.entries(unfinished).map(([kpi, buckets]): readonly [string, KpiSeries] => {
    const { canary, baseline } = series.get(kpi) ?? { canary: new Map(), baseline: new Map() }
    const arms = { canary: new Map(canary), baseline: new Map(baseline) }
    const newest = [...canary.values()].slice(-MEAN_OF)
    const usual = newest.reduce((sum, { total }) => sum + total, 0) / Math.max(1, newest.length)
    for (const [at, bad, total, value, ...beside] of buckets) {
      // A gauge's value of an unfinished bucket means nothing yet.
      if (value !== null) continue
      const stated = Math.max(total, Math.ceil(OVERSTATED * usual))
      add(arms, [at, bad, stated, value, ...beside], Math.round((at - from) / bucketMs))
    }
    return [kpi, arms]
  })
  return new Map([...series, ...added])
}

/** Buckets as CSV with a header line (RFC 4180, CRLF), by number, then KPI, canary first. */
export function bucketsCsv(series: Series): string {
  const rows = [...series].flatMap(([kpi, arms]) =>
    (['canary', 'baseline'] as const).flatMap((arm) =>
      [...arms[arm]].map(([minute, { bad, total, value }]) => ({ minute, cells: [kpi, arm, bad, total, value ?? ''] })),
    ),
  )
  const lines = rows.sort((a, b) => a.minute - b.minute).map(({ minute, cells }) => [minute, ...cells].join(','))
  return [BUCKET_COLUMNS.join(','), ...lines, ''].join('\r\n')
}

/**
 * Why buckets that were counted under one manifest cannot be judged under another, a sentence each; empty where they can.
 * Limits, percentiles, roles and the plan may differ: counts know nothing of them. What was counted must be the same,
 * and of the same service.
 */
export function incomparable(recorded: Manifest, changed: Manifest): readonly string[] {
  const was = recorded.analysis
  const is = changed.analysis
  const services =
    recorded.name === changed.name && recorded.environment === changed.environment
      ? []
      : [
          `the manifest is of ${changed.name} in ${changed.environment}, but the buckets are of ${recorded.name} in ${recorded.environment}; give a manifest of that service`,
        ]
  const lengths =
    was.bucketMs === is.bucketMs
      ? []
      : [
          `analysis.bucket is ${is.bucketMs / 1000}s, but the buckets were counted in ${was.bucketMs / 1000}s; write ${was.bucketMs / 1000}s`,
        ]
  return [
    ...services,
    ...lengths,
    ...is.kpis.flatMap((kpi) => {
      const known = was.kpis.find(({ name }) => name === kpi.name)
      if (known !== undefined) return recount(known, kpi)
      const names = was.kpis.map(({ name }) => name).join(', ')
      return [`KPI ${kpi.name} was not measured then; leave it out (there are buckets of ${names})`]
    }),
  ]
}

function recount(was: Kpi, is: Kpi): readonly string[] {
  const same = (what: string, then: unknown, now: unknown): readonly string[] =>
    JSON.stringify(then) === JSON.stringify(now)
      ? []
      : [`KPI ${is.name} has ${what} ${now}, but was counted with ${then}; write ${then} again`]
  const kinds = same('the kind', was.kind, is.kind)
  if (kinds.length > 0) return kinds
  if (was.kind === 'latency' && is.kind === 'latency')
    return same('a limit in milliseconds of', was.limitMs, is.limitMs)
  if (was.kind !== 'error-rate' || is.kind !== 'error-rate') return []
  return same('alsoBad', was.alsoBad.join(' ') || 'none', is.alsoBad.join(' ') || 'none')
}
