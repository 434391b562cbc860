import type { Bucket, Query, Reading } from '../../core/judge/reading.ts'
import type { Counts, LogSeries } from './azure-logs-answer.ts'
import type { LogTable } from './azure-logs-query.ts'

/**
 * A series as a KPI reads it: every bucket of the query, those without a row with a total of 0, because the source was
 * asked and there were none. For latency the total is of requests that have a duration at all.
 */
export function readingOf(query: Query, series: LogSeries, table: LogTable, text: string): Reading {
  const { id, kpi, revision, from, to, bucketMs } = query
  const [bad, total] = kpi.kind === 'latency' ? ['slow', 'timed'] : ['errors', 'total']
  const buckets = Array.from({ length: (to - from) / bucketMs }, (_, place): Bucket => {
    const at = from + place * bucketMs
    const counts = series.get(at)
    return { at, bad: counts?.[bad] ?? 0, total: counts?.[total] ?? 0, value: null }
  })
  const note = series.size === 0 ? (table.unseen?.(revision) ?? null) : sampled([...series.values()], query)
  return { id, kind: 'measured', buckets, quality: 'exact', query: text, note }
}

/** What to know about sampled rows: how many requests they stand for, and the rate among these. */
function sampled(buckets: readonly Counts[], { kpi }: Query): string | null {
  const isLatency = kpi.kind === 'latency'
  const sum = (name: string) => buckets.reduce((all, counts) => all + (counts[name] ?? 0), 0)
  const [rows, requests] = isLatency ? [sum('timed'), sum('weightedTimed')] : [sum('total'), sum('weighted')]
  if (requests <= rows) return null
  const bad = isLatency ? sum('weightedSlow') : sum('weightedErrors')
  return (
    `sampled: ${rows} rows stand for ${requests} requests, of which ${percent(bad / requests)} were ` +
    `${isLatency ? 'slow' : 'failed'}; what is counted here are the rows`
  )
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`
}
