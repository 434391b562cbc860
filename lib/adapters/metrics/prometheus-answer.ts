import type { Bucket } from '../../core/judge/reading.ts'
import type { Series } from './prometheus-call.ts'
import type { Placed } from './prometheus-plan.ts'
import { oneLine } from './prometheus-words.ts'
import { type Ask, HALF, metricsOf } from './promql.ts'
import type { Trouble } from './trouble.ts'

/** What a reading says, without who asked. */
export interface Figures {
  readonly buckets: readonly Bucket[]
  readonly quality: 'exact' | 'approximate'
  readonly note: string | null
}

/** `coarse`: no bound of the histogram sits on the limit, so every bound must be asked for. */
export type Outcome = Figures | Trouble | 'coarse'

/** Bad and all events by the start of their bucket. */
type Counts = Map<number, { bad: number; total: number }>

/** What these series say about the query's KPI. `series` are those of one server's answer; others' are passed over. */
export function figuresOf(placed: Placed, series: readonly Series[]): Outcome {
  const { query, ask } = placed
  const own = series.filter(({ labels }) => labels[ask.names.revisionLabel] === query.revision)
  if (own.length === 0) return noSeries(ask, metricsOf(ask)[0] ?? '', query.revision)
  const within = own.map((one) => ({ ...one, points: one.points.filter(isWithin(placed)) }))
  if (ask.form === 'gauge') return gauge(within, query.bucketMs)
  const odd = within.flatMap(({ points }) => points).find(([, value]) => !(Number.isFinite(value) && value >= 0))
  if (odd !== undefined)
    return malformed(`a series of revision ${query.revision} has the value ${odd[1]}, which counts nothing`)
  switch (ask.form) {
    case 'requests':
      return requests(within, placed, ask)
    case 'durations':
      return durations(within, placed, ask)
    case 'counters':
      return counters(within, placed, ask)
  }
}

/** A point stands at the end of its bucket. */
function isWithin({ query }: Placed): (point: readonly [number, number]) => boolean {
  return ([at]) => at - query.bucketMs >= query.from && at <= query.to && at % query.bucketMs === 0
}

/** A status that was never answered has no series and counts as 0. */
function requests(series: readonly Series[], { query }: Placed, ask: Extract<Ask, { form: 'requests' }>): Outcome {
  const { kpi, bucketMs } = query
  const alsoBad = kpi.kind === 'error-rate' ? kpi.alsoBad : []
  const { statusLabel } = ask.names
  const counts: Counts = new Map()
  for (const { labels, points } of series) {
    const status = labels[statusLabel] ?? ''
    if (!/^(0|[1-5]([0-9]{2}|xx|XX))$/.test(status))
      return malformed(`the label ${statusLabel} holds "${oneLine(status, 60)}", which is no HTTP status`)
    if (alsoBad.length > 0 && /x/i.test(status)) return onlyClasses(statusLabel, status, alsoBad)
    const isBad = status === '0' || status.startsWith('5') || alsoBad.includes(Number(status))
    for (const [at, value] of points) count(counts, at - bucketMs, isBad ? value : 0, value)
  }
  return { buckets: bucketsOf(counts), quality: 'exact', note: null }
}

function onlyClasses(label: string, status: string, alsoBad: readonly number[]): Trouble {
  const why =
    `the label ${label} holds classes of statuses (${status}), so ${alsoBad.join(', ')} cannot be counted: ` +
    'export the status itself, or leave alsoBad out'
  return { silence: 'refused', why }
}

function durations(series: readonly Series[], { query }: Placed, ask: Extract<Ask, { form: 'durations' }>): Outcome {
  if (query.kpi.kind !== 'latency') return malformed(`KPI ${query.kpi.name} has no limit of latency`)
  const { bucketMs } = query
  const limit = query.kpi.limitMs / 1000
  const histogram = `histogram ${ask.names.duration}`
  const byBound = sumsByBound(series)
  const total = byBound.get(Number.POSITIVE_INFINITY)
  if (total === undefined) return malformed(`${histogram} has no bucket +Inf: it is no classic histogram`)
  const bound = [...byBound.keys()].filter((le) => le >= limit * (1 - 1e-9)).toSorted((a, b) => a - b)[0] ?? Number.NaN
  const isExact = bound <= limit * (1 + 1e-9)
  if (!isExact && ask.limits !== null) return 'coarse'
  if (!Number.isFinite(bound)) {
    const why = `${histogram} has no finite bound at or above the limit of ${limit} s: add one, best exactly there`
    return { silence: 'refused', why }
  }
  const below = byBound.get(bound)
  const counts: Counts = new Map()
  for (const [at, all] of total) {
    const good = below?.get(at)
    if (good !== undefined) count(counts, at - bucketMs, Math.max(0, all - good), all)
  }
  const note = `no bound of ${histogram} sits on the limit of ${limit} s: counted are those slower than the next bound, ${bound} s`
  return { buckets: bucketsOf(counts), quality: isExact ? 'exact' : 'approximate', note: isExact ? null : note }
}

/** What was counted below each bound, by time. Replicas may write one bound in several ways (`1` and `1.0`): that is one bound. */
function sumsByBound(series: readonly Series[]): ReadonlyMap<number, ReadonlyMap<number, number>> {
  const sums = new Map<number, Map<number, number>>()
  for (const { labels, points } of series) {
    const bound = boundOf(labels.le ?? '')
    const sum = sums.get(bound) ?? new Map<number, number>()
    for (const [at, value] of points) sum.set(at, (sum.get(at) ?? 0) + value)
    sums.set(bound, sum)
  }
  return sums
}

/** Twelve digits tell bounds apart, and hide how a float was rounded. */
function boundOf(le: string): number {
  return le === '' ? Number.NaN : Number(Number(le.replace('Inf', 'Infinity')).toPrecision(12))
}

/** Both counters must be there: a bad one that never shows may be a wrong name, and that must not pass for "nothing bad". */
function counters(series: readonly Series[], { query }: Placed, ask: Extract<Ask, { form: 'counters' }>): Outcome {
  const counts: Counts = new Map()
  for (const half of ['total', 'bad'] as const) {
    const own = series.filter(({ labels }) => labels[HALF] === half)
    if (own.length === 0) return noSeries(ask, ask.counters[half], query.revision)
    for (const [at, value] of own.flatMap(({ points }) => points)) {
      if (half === 'total' || counts.has(at - query.bucketMs))
        count(counts, at - query.bucketMs, half === 'bad' ? value : 0, half === 'total' ? value : 0)
    }
  }
  return { buckets: bucketsOf(counts), quality: 'exact', note: null }
}

/** A figure that is no number (a ratio of nothing) is missing data. */
function gauge(series: readonly Series[], bucketMs: number): Figures {
  const points = series.flatMap(({ points }) => points).toSorted(([a], [b]) => a - b)
  const numbers = points.filter(([, value]) => Number.isFinite(value))
  const left = points.length - numbers.length
  const buckets = numbers.map(([at, value]) => ({ at: at - bucketMs, bad: 0, total: 0, value }))
  return { buckets, quality: 'exact', note: left === 0 ? null : `${left} buckets held no number and are left out` }
}

function count(counts: Counts, at: number, bad: number, total: number): void {
  const seen = counts.get(at) ?? { bad: 0, total: 0 }
  counts.set(at, { bad: seen.bad + bad, total: seen.total + total })
}

/** Whole events: a counter may be kept in fractions (a sampled one is), and then bad is rounded down. */
function bucketsOf(counts: Counts): readonly Bucket[] {
  return [...counts]
    .map(([at, { bad, total }]) => {
      const whole = Math.floor(bad + 1e-6)
      return { at, bad: whole, total: Math.max(whole, Math.round(total)), value: null }
    })
    .toSorted((a, b) => a.at - b.at)
}

function noSeries(ask: Ask, metric: string, revision: string): Trouble {
  const labels = Object.keys(ask.names.labels ?? {})
  const also = labels.length === 0 ? '' : ` and the labels that its KPI asks for (${labels.join(', ')})`
  const why =
    `no series ${metric} with ${ask.names.revisionLabel}="${revision}"${also} was scraped twice in this window: either nothing was ` +
    'scraped, or no event was counted yet, or a name is wrong; Prometheus cannot tell which, so export it from the start, at 0'
  return { silence: 'refused', why }
}

function malformed(why: string): Trouble {
  return { silence: 'malformed', why }
}
