import type { AccessLog, AccessRecord } from './access-log.ts'
import type { Wanted } from './metrics-filter.ts'

/** A replica of a revision was restarted. */
export interface Restart {
  readonly at: number
  readonly RevisionName: string
  readonly ReplicaName: string
}

/** A container app, as far as Azure Monitor knows it. */
export interface MeasuredApp {
  /** As in the regional endpoint, e.g. `westeurope`. */
  readonly region: string
  /** The ingress's log; rows of other apps are not seen. */
  readonly log: AccessLog
  /** Rising in time. */
  readonly restarts?: readonly Restart[]
}

/** Which minutes are asked for, and what stands there for one without events. Epoch milliseconds. */
export interface Span {
  /** Whole minutes, `to` exclusive. */
  readonly from: number
  readonly to: number
  /** Events at or after this are not there yet. */
  readonly until: number
  /** `zero`: such a minute says 0. `nothing`: it says nothing. */
  readonly silence: 'zero' | 'nothing'
}

/** A time series as the service sends it. */
export interface WireSeries {
  readonly metadatavalues: readonly { readonly name: Localized; readonly value: string }[]
  readonly data: readonly Readonly<Record<string, number | string>>[]
}

interface Localized {
  readonly value: string
  readonly localizedValue: string
}

/** One metric of container apps: its dimensions, and its series for an app. */
export interface Metric {
  readonly name: string
  readonly shown: string
  readonly description: string
  readonly dimensions: readonly string[]
  readonly aggregations: readonly string[]
  series(name: string, app: MeasuredApp, wanted: Wanted, span: Span): readonly WireSeries[]
}

const MINUTE_MS = 60_000

/**
 * Names, dimensions and units are those of the reference:
 * https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-app-containerapps-metrics
 */
export const METRICS: readonly Metric[] = [
  {
    name: 'Requests',
    shown: 'Requests',
    description: 'Requests processed',
    dimensions: ['revisionName', 'podName', 'statusCodeCategory', 'statusCode'],
    aggregations: ['total'],
    series: requests,
  },
  {
    name: 'RestartCount',
    shown: 'Replica Restart Count',
    description: 'Cumulative number of times replica has restarted since it was created',
    dimensions: ['revisionName', 'podName'],
    aggregations: ['maximum'],
    series: restarts,
  },
]

/** Values of the dimensions and figures by minute; busiest series first, as `top` cuts them. */
interface Sum {
  readonly values: readonly string[]
  readonly minutes: Map<number, number>
  all: number
}

function requests(name: string, { log }: MeasuredApp, wanted: Wanted, span: Span): readonly WireSeries[] {
  const sums = new Map<string, Sum>()
  log.scan(span.from, Math.min(span.to, span.until), (record) => {
    if (record.ContainerAppName.toLowerCase() !== name.toLowerCase()) return
    const values = [...wanted.keys()].map((dimension) => dimensionOf(record, dimension))
    if (![...wanted.values()].every((some, place) => some === null || some.has(values[place]?.toLowerCase() ?? '')))
      return
    const sum = sumOf(sums, values)
    const minute = record.TimeGenerated - (record.TimeGenerated % MINUTE_MS)
    sum.minutes.set(minute, (sum.minutes.get(minute) ?? 0) + 1)
    sum.all++
  })
  if (wanted.size === 0) sumOf(sums, [])
  return wire([...sums.values()], wanted, span, 'total')
}

/** A replica counts from 0 and is there from its first restart on, or all the time where the window begins after it. */
function restarts(_: string, app: MeasuredApp, wanted: Wanted, span: Span): readonly WireSeries[] {
  const sums = new Map<string, Sum>()
  for (const restart of app.restarts ?? []) {
    if (restart.at >= Math.min(span.to, span.until)) break
    const parts: Readonly<Record<string, string>> = { revisionname: restart.RevisionName, podname: restart.ReplicaName }
    const values = [...wanted.keys()].map((dimension) => parts[dimension] ?? '')
    if (![...wanted.values()].every((some, place) => some === null || some.has(values[place]?.toLowerCase() ?? '')))
      continue
    const sum = sumOf(sums, values)
    sum.all++
    for (let at = restart.at - (restart.at % MINUTE_MS); at < Math.min(span.to, span.until); at += MINUTE_MS) {
      sum.minutes.set(at, sum.all)
    }
  }
  return wire([...sums.values()], wanted, span, 'maximum')
}

function sumOf(sums: Map<string, Sum>, values: readonly string[]): Sum {
  const key = JSON.stringify(values)
  const sum = sums.get(key) ?? { values, minutes: new Map(), all: 0 }
  sums.set(key, sum)
  return sum
}

function dimensionOf(record: AccessRecord, dimension: string): string {
  switch (dimension) {
    case 'revisionname':
      return record.RevisionName
    case 'podname':
      return record.ReplicaName
    case 'statuscodecategory':
      return `${Math.floor(record.StatusCode / 100)}xx`
    default:
      return String(record.StatusCode)
  }
}

function wire(sums: readonly Sum[], wanted: Wanted, span: Span, figure: string): readonly WireSeries[] {
  const names = [...wanted.keys()].map((name) => ({ value: name, localizedValue: name }))
  const minutes = Array.from({ length: (span.to - span.from) / MINUTE_MS }, (_, place) => span.from + place * MINUTE_MS)
  const bySize = sums.toSorted((a, b) => b.all - a.all || (a.values.join() < b.values.join() ? -1 : 1))
  return bySize.map((sum) => ({
    metadatavalues: names.map((name, place) => ({ name, value: sum.values[place] ?? '' })),
    data: minutes.map((minute) => {
      const seen = sum.minutes.get(minute) ?? (span.silence === 'zero' ? 0 : null)
      return { timeStamp: shortTime(minute), ...(seen === null ? {} : { [figure]: seen }) }
    }),
  }))
}

function shortTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
