import type { BucketLine, History, SeenBucket } from '../core/judge/state.ts'
import { bucketsCsv, seriesOf } from '../core/replay/stored.ts'
import type { Loaded } from '../ports.ts'
import { rolloutOf } from './rollout.ts'
import type { Wheel } from './wheel.ts'

/** A part of what the judge absorbed of a rollout, oldest first, with what is needed to judge it again. */
export interface BucketPage {
  readonly rollout: string
  /** Start of bucket 0, epoch milliseconds; null where nothing was judged. */
  readonly from: number | null
  readonly bucketMs: number
  /** What was known of the stable revision before the rollout, by KPI. */
  readonly history: Readonly<Record<string, History>>
  /** By KPI: what was seen of buckets that were not final yet at the newest look, and are in no line. */
  readonly unfinished: Readonly<Record<string, readonly SeenBucket[]>>
  readonly items: readonly BucketLine[]
  readonly next: string | null
}

/** Lines that the store is asked for at once, and that one answer may hold. */
const READ = 1000
const MOST = 20_000

/** One page of a rollout's buckets; null where the service has no rollout of this number. Throws Fault. */
export async function bucketPage(
  wheel: Wheel,
  item: Loaded,
  number: number,
  page: { readonly limit: number; readonly from: string | null },
): Promise<BucketPage | null> {
  const rollout = await rolloutOf(wheel, item, number)
  if (rollout === null) return null
  const [judged, lines] = await Promise.all([
    wheel.buckets.judged(rollout.key, number),
    wheel.buckets.lines(rollout.key, number, page.limit, page.from),
  ])
  const known = Object.entries(judged?.kpis ?? {})
  return {
    rollout: rollout.id,
    from: judged?.from ?? null,
    bucketMs: rollout.manifest.analysis.bucketMs,
    history: Object.fromEntries(known.map(([kpi, { history }]) => [kpi, history])),
    unfinished: Object.fromEntries(known.map(([kpi, { recent, next }]) => [kpi, recent.filter(([at]) => at >= next)])),
    ...lines,
  }
}

/**
 * A rollout's buckets as CSV, as many pages as make an answer, and where the next one begins (null = that was all); null
 * where the service has no rollout of this number. Throws Fault.
 */
export async function bucketsAsCsv(
  wheel: Wheel,
  item: Loaded,
  number: number,
  begin: { readonly limit: number | null; readonly from: string | null },
): Promise<{ readonly csv: string; readonly next: string | null } | null> {
  const most = begin.limit ?? MOST
  const first = await bucketPage(wheel, item, number, { limit: Math.min(READ, most), from: begin.from })
  if (first === null) return null
  const items = [...first.items]
  let { next } = first
  while (next !== null && items.length < most) {
    const page = await wheel.buckets.lines(item.service.key, number, Math.min(READ, most - items.length), next)
    items.push(...page.items)
    next = page.next
  }
  return { csv: bucketsCsv(seriesOf(items, first.from ?? 0, first.bucketMs)), next }
}
