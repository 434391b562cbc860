import { wilson } from './interval.ts'

/** `[start, bad, total, value, baseline bad, baseline total, baseline value]`, or `[start, null]` where there was no data. */
export type Bucket =
  | readonly [number, number, number, number | null, number | null, number | null, number | null]
  | readonly [number, null]

/** GET …/rollouts/{number}/buckets. Times are epoch milliseconds. */
export interface BucketPage {
  readonly rollout: string
  readonly from: number | null
  readonly bucketMs: number
  readonly unfinished: Readonly<Record<string, readonly Bucket[]>>
  readonly items: readonly { readonly at: number; readonly kpis: Readonly<Record<string, readonly Bucket[]>> }[]
  readonly nextLink: string | null
}

/** One point of a KPI's chart: the canary and the stable revision over the buckets of one window that ends there. */
export interface Point {
  /** When the window ends. */
  readonly at: number
  /** Share of bad events, or a gauge's newest figure; null where there were none. */
  readonly canary: number | null
  readonly stable: number | null
  /** The canary's counts; 0 of 0 where there is no data. */
  readonly bad: number
  readonly total: number
  /** 95 % Wilson interval of the canary's share in this window; null for gauges and without events. */
  readonly band: readonly [number, number] | null
}

/** All buckets of one KPI over all pages, oldest first, each once. */
export function bucketsOf(pages: readonly BucketPage[], kpi: string): readonly Bucket[] {
  const found = new Map<number, Bucket>()
  for (const page of pages)
    for (const line of page.items) for (const bucket of line.kpis[kpi] ?? []) found.set(bucket[0], bucket)
  return [...found.values()].sort((a, b) => a[0] - b[0])
}

/** Names of the KPIs that have buckets, in the order in which they were met. */
export function kpisOf(pages: readonly BucketPage[]): readonly string[] {
  return [...new Set(pages.flatMap(({ items }) => items.flatMap(({ kpis }) => Object.keys(kpis))))]
}

interface Sums {
  bad: number
  total: number
  stableBad: number
  stableTotal: number
}

/** Rolling shares over `windowMs` (infinite = since the start), one point a bucket. */
export function rolling(buckets: readonly Bucket[], bucketMs: number, windowMs: number): readonly Point[] {
  const size = Number.isFinite(windowMs) ? Math.max(1, Math.round(windowMs / bucketMs)) : Number.POSITIVE_INFINITY
  const sums: Sums = { bad: 0, total: 0, stableBad: 0, stableTotal: 0 }
  const points: Point[] = []
  let oldest = 0
  for (const bucket of buckets) {
    add(sums, bucket, 1)
    while (bucket[0] - (buckets[oldest]?.[0] ?? 0) >= size * bucketMs) {
      add(sums, buckets[oldest], -1)
      oldest += 1
    }
    points.push(pointOf(bucket, sums, bucketMs))
  }
  return points
}

function pointOf(bucket: Bucket, sums: Sums, bucketMs: number): Point {
  const { bad, total, stableBad, stableTotal } = sums
  return {
    at: bucket[0] + bucketMs,
    canary: total > 0 ? bad / total : null,
    stable: stableTotal > 0 ? stableBad / stableTotal : null,
    bad,
    total,
    band: wilson(bad, total),
  }
}

function add(sums: Sums, bucket: Bucket | undefined, sign: 1 | -1): void {
  if (bucket === undefined || bucket[1] === null) return
  sums.bad += sign * bucket[1]
  sums.total += sign * bucket[2]
  sums.stableBad += sign * (bucket[4] ?? 0)
  sums.stableTotal += sign * (bucket[5] ?? 0)
}

/** A gauge's figures, bucket by bucket, as they were read. */
export function gauges(buckets: readonly Bucket[], bucketMs: number): readonly Point[] {
  return buckets.map((bucket) => {
    const at = bucket[0] + bucketMs
    if (bucket[1] === null) return { at, canary: null, stable: null, bad: 0, total: 0, band: null }
    return { at, canary: bucket[3], stable: bucket[6], bad: bucket[1], total: bucket[2], band: null }
  })
}

/** The windows that a chart can be read in, in ms; the last is everything since the start. */
export const CHART_WINDOWS = [300_000, 1_800_000, 21_600_000, Number.POSITIVE_INFINITY] as const

/**
 * The shortest window in which each KPI usually has as many events as a pass needs (three divided by its limit): a shorter
 * one would show chance. Never longer than the shortest that holds all of `spanMs`, the length of the rollout. `limits` are
 * shares; null for what has none.
 */
export function fittingMs(
  pages: readonly BucketPage[],
  limits: readonly (readonly [kpi: string, limit: number | null])[],
  spanMs = Number.POSITIVE_INFINITY,
): number {
  const bucketMs = pages[0]?.bucketMs ?? 60_000
  const needed = limits.map(([kpi, limit]) => {
    if (limit === null || limit <= 0) return 0
    const totals = bucketsOf(pages, kpi).map((bucket) => (bucket[1] === null ? 0 : bucket[2]))
    const mean = totals.reduce((sum, total) => sum + total, 0) / Math.max(1, totals.length)
    return mean === 0 ? 0 : (3 / limit / mean) * bucketMs
  })
  const most = Math.min(spanMs, Math.max(0, ...needed))
  return CHART_WINDOWS.find((ms) => ms >= most) ?? Number.POSITIVE_INFINITY
}
