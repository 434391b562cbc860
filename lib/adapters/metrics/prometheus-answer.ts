import type { Query } from '../../core/judge/verdict.ts'
import type { PrometheusNames } from '../../core/service.ts'
import { type Bucket, countAbove, inOrder, quantile } from './histogram.ts'
import type { Sample } from './prometheus-call.ts'

/** The figures of one reading, or why there are none. */
export type Figures =
  | { readonly bad: number; readonly total: number; readonly value: number; readonly approximate: boolean }
  | string

/**
 * What these series say about the query's KPI. `increase()` extrapolates to the edges of the window, so its counts are
 * not whole: they are rounded, which keeps bad at or below total. A status that was never answered has no series and counts
 * as 0, but only where the revision has some series: none at all may be silence or a wrong name, and is no figure.
 */
export function figuresOf(query: Query, names: PrometheusNames, samples: readonly Sample[]): Figures {
  const own = samples.filter((sample) => sample.labels[names.revisionLabel] === query.revision)
  if (own.length === 0) return noSeries(query, names)
  const broken = own.find((sample) => !(Number.isFinite(sample.value) && sample.value >= 0))
  if (broken !== undefined) return `a series of revision ${query.revision} has the value ${broken.value}`
  const { kpi } = query
  return kpi.kind === 'latency'
    ? latency(own, kpi.percentile / 100, kpi.limitMs / 1000, names)
    : errorRate(own, names.statusLabel)
}

function errorRate(samples: readonly Sample[], statusLabel: string): Figures {
  let bad = 0
  let all = 0
  for (const { labels, value } of samples) {
    const failed = isFailure(labels[statusLabel] ?? '')
    if (failed === null)
      return `the label ${statusLabel} holds ${JSON.stringify(labels[statusLabel] ?? '')}, which is no HTTP status`
    all += value
    if (failed) bad += value
  }
  const total = Math.round(all)
  return {
    bad: Math.round(bad),
    total,
    value: total === 0 ? Number.NaN : bad / all,
    approximate: false,
  }
}

/** `500` and `5xx` are failures, and so is `0`: the client left before there was a response. Null: no status at all. */
function isFailure(status: string): boolean | null {
  if (!/^(0|[1-5]([0-9]{2}|xx|XX))$/.test(status)) return null
  return status === '0' || status.startsWith('5')
}

function latency(samples: readonly Sample[], q: number, limitSeconds: number, names: PrometheusNames): Figures {
  const buckets = inOrder(samples.map(toBucket))
  const histogram = `histogram ${names.duration}`
  if (buckets.some((bucket) => Number.isNaN(bucket.le))) return `${histogram} has a bucket without a bound`
  if (buckets.at(-1)?.le !== Number.POSITIVE_INFINITY) return `${histogram} has no bucket +Inf`
  const counted = countAbove(limitSeconds, buckets)
  if (counted === null) {
    return `${histogram} has no finite bound at or above the limit of ${limitSeconds} s: add one, best exactly there`
  }
  const total = Math.round(buckets.at(-1)?.cumulative ?? 0)
  return {
    bad: Math.round(counted.above),
    total,
    value: total === 0 ? Number.NaN : quantile(q, buckets) * 1000,
    approximate: !counted.exact,
  }
}

function toBucket({ labels, value }: Sample): Bucket {
  const { le = '' } = labels
  return { le: le === '' ? Number.NaN : Number(le.replace('Inf', 'Infinity')), cumulative: value }
}

function noSeries(query: Query, names: PrometheusNames): string {
  const metric = query.kpi.kind === 'latency' ? `${names.duration}_bucket` : names.requests
  return (
    `no series ${metric} with ${names.revisionLabel}="${query.revision}" in this window: either there were no requests ` +
    'and no scrapes, or a name is wrong; Prometheus cannot tell which'
  )
}
