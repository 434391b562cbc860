import type { Query } from '../../core/judge/verdict.ts'
import { LOG_PERCENTILES } from '../../core/service.ts'
import { httpLogsQuery, type LogAsk } from './azure-logs-query.ts'

/** The asks of one KQL text, each with the queries that its row answers. */
export type Batch = readonly Planned[]

/** One ask and everyone who waits for it: an error-rate KPI shares the ask of a latency KPI of the same window. */
export interface Planned {
  readonly ask: LogAsk
  readonly queries: readonly Query[]
}

/** Why a query cannot be put to the access log at all, or null when it can. */
export function cannotAsk(query: Query): string | null {
  const { kpi, from, to } = query
  if (!(isTime(from) && isTime(to) && from < to)) return `the window [${from}, ${to}) is empty or no time`
  if (kpi.kind !== 'latency') return null
  if (!Number.isFinite(kpi.limitMs)) return `the limit of ${kpi.limitMs} ms is not a number`
  if (LOG_PERCENTILES.includes(kpi.percentile)) return null
  return `Log Analytics is asked for the percentiles ${LOG_PERCENTILES.join(', ')} only, not for ${kpi.percentile}: change the KPI`
}

/**
 * The fewest batches whose texts stay near `maxChars` each (one ask always fits). Ids count from 0 within a batch, so
 * that the text of one ask alone is always the same.
 */
export function planBatches(queries: readonly Query[], maxChars: number): readonly Batch[] {
  const batches: Planned[][] = []
  let room = 0
  for (const group of shared(queries)) {
    const size = JSON.stringify(askOf(group, 0)).length * 2
    if (batches.length === 0 || size > room) {
      batches.push([])
      room = maxChars
    }
    room -= size
    const batch = batches.at(-1) as Planned[]
    batch.push({ ask: askOf(group, batch.length), queries: group })
  }
  return batches
}

/** The text that an auditor can run again: as if only this ask had been sent. */
export function textAlone(ask: LogAsk): string {
  return httpLogsQuery([{ ...ask, id: '0' }])
}

/** The text that a single query would have been asked with. */
export function textOf(query: Query): string {
  return textAlone(askOf([query], 0))
}

function shared(queries: readonly Query[]): readonly (readonly Query[])[] {
  const groups = new Map<string, Query[]>()
  const latencyFirst = queries.toSorted((a, b) => rank(a) - rank(b))
  const anyOfWindow = new Map<string, string>()
  for (const query of latencyFirst) {
    const window = JSON.stringify([query.revision, query.from, query.to])
    const { kpi } = query
    const own =
      kpi.kind === 'latency' ? `${window} ${kpi.limitMs} ${kpi.percentile}` : (anyOfWindow.get(window) ?? window)
    anyOfWindow.set(window, anyOfWindow.get(window) ?? own)
    groups.set(own, [...(groups.get(own) ?? []), query])
  }
  return [...groups.values()]
}

function rank(query: Query): number {
  return query.kpi.kind === 'latency' ? 0 : 1
}

function askOf(group: readonly Query[], place: number): LogAsk {
  const first = group[0] as Query
  const { kpi } = first
  return {
    id: String(place),
    revision: first.revision,
    from: new Date(first.from).toISOString(),
    to: new Date(first.to).toISOString(),
    slowMs: kpi.kind === 'latency' ? kpi.limitMs : 0,
    percentile: kpi.kind === 'latency' ? kpi.percentile : 50,
  }
}

function isTime(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15
}
