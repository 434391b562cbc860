import type { Query } from '../../core/judge/reading.ts'
import type { Source } from '../../core/service.ts'
import { type Ask, bucketText, cannotName, type Row } from './promql.ts'
import type { Trouble } from './trouble.ts'
import { cannotAskWindow } from './window.ts'

/** Where the server of each environment is. */
export interface Servers {
  /** The base URL of the Prometheus server of one of Slipway's environments, or null where none is set. */
  readonly urlOf: (environment: string) => string | null
  /** For whom a bearer token must be made out that this environment's server asks for; null or absent = it asks for none. */
  readonly audienceOf?: (environment: string) => string | null
}

/** A query that can be asked: which server, and what of it. */
export interface Placed {
  readonly query: Query
  readonly baseUrl: string
  readonly audience: string | null
  readonly ask: Ask
}

/** Queries that one PromQL text answers, and the row of buckets that covers them all. */
export interface Batch {
  readonly baseUrl: string
  readonly audience: string | null
  readonly ask: Ask
  readonly row: Row
  readonly placed: readonly Placed[]
}

/** So many revisions go into one text at most. */
const MAX_REVISIONS = 50
/** So many buckets, over all revisions, are asked for in one text: a day in minutes of six revisions. */
const MAX_BUCKETS = 10_000
/** A day in seconds is asked for, and no more: a server would work on it for minutes. */
const MOST_BUCKETS = 86_400
/** Windows that differ by this many buckets are asked together all the same. */
const NEAR_BUCKETS = 30

/** The server and the series that answer a query, or why there are none. */
export function place(query: Query, { urlOf, audienceOf = () => null }: Servers): Placed | Trouble {
  const { kpi, environment } = query
  if (kpi.source.kind !== 'prometheus')
    return refused(`KPI ${kpi.name} is measured by ${kpi.source.kind}, not by Prometheus`)
  const ask = askOf(query, kpi.source)
  if (typeof ask === 'string') return refused(ask)
  const why = cannotName(ask) ?? cannotAskWindow(query) ?? tooLong(query)
  if (why !== null) return refused(`KPI ${kpi.name}: ${why}`)
  const baseUrl = urlOf(environment)
  if (baseUrl === null) {
    const unset = `no Prometheus is set for environment ${environment}: add prometheusUrl to it in SLIPWAY_ENVIRONMENTS`
    return { silence: 'unset', why: unset }
  }
  const audience = audienceOf(environment)
  if (audience === null || /^https:/i.test(baseUrl)) return { query, baseUrl, audience, ask }
  const bare = `the prometheusUrl of environment ${environment} must begin with https:// in SLIPWAY_ENVIRONMENTS: a token is never sent without TLS`
  return { silence: 'unset', why: bare }
}

/**
 * The fewest batches: one per server, set of series and length of bucket. A long look back (the first look of a rollout)
 * is asked apart from the short ones, which would otherwise all become long, and after them, so that where a server cannot
 * bear it they have their answer.
 */
export function planBatches(placed: readonly Placed[]): readonly Batch[] {
  const alike = Map.groupBy(placed, ({ query, baseUrl, audience, ask }) =>
    JSON.stringify([baseUrl, audience, query.bucketMs, ask.form === 'durations' ? { ...ask, limits: null } : ask]),
  )
  const batches = [...alike.values()].flatMap(nearWindows).flatMap(split).map(toBatch)
  return batches.toSorted((a, b) => bucketsIn(a.row) - bucketsIn(b.row))
}

/** The text that asks for this query alone, as an auditor could run it again. */
export function textAlone({ query, ask }: Placed): string {
  return bucketText(ask, [query.revision], query)
}

function askOf({ kpi }: Query, source: Extract<Source, { kind: 'prometheus' }>): Ask | string {
  const { names, counters, gauge } = source
  switch (kpi.kind) {
    case 'latency':
      return { form: 'durations', names, limits: [kpi.limitMs / 1000] }
    case 'error-rate':
    case 'uptime':
      return { form: 'requests', names }
    case 'ratio':
      if (counters === null)
        return `KPI ${kpi.name} is a ratio and names no counters: add the counters bad and total to its source`
      return { form: 'counters', names, counters }
    case 'gauge':
      if (gauge === null) return `KPI ${kpi.name} is a gauge and names no metric: add gauge to its source`
      return { form: 'gauge', names, gauge, worst: kpi.wanted === 'below' ? 'max' : 'min' }
  }
}

function tooLong(query: Query): string | null {
  const buckets = bucketsIn(query)
  return buckets <= MOST_BUCKETS
    ? null
    : `${buckets} buckets are more than the ${MOST_BUCKETS} a server is asked for: make them longer`
}

function nearWindows(placed: readonly Placed[]): readonly (readonly Placed[])[] {
  const groups: Placed[][] = []
  for (const one of placed.toSorted((a, b) => a.query.from - b.query.from)) {
    const last = groups.at(-1)
    if (last !== undefined && isNear(last, one)) last.push(one)
    else groups.push([one])
  }
  return groups
}

function isNear(group: readonly Placed[], { query }: Placed): boolean {
  const row = rowOf(group)
  const joined = Math.max(row.to, query.to) - row.from
  return joined <= 2 * Math.min(row.to - row.from, query.to - query.from) + NEAR_BUCKETS * query.bucketMs
}

function split(group: readonly Placed[]): readonly (readonly Placed[])[] {
  const room = Math.floor(MAX_BUCKETS / bucketsIn(rowOf(group)))
  const most = Math.max(1, Math.min(MAX_REVISIONS, room))
  const revisions = [...Map.groupBy(group, ({ query }) => query.revision).values()]
  const parts: Placed[][] = []
  for (let start = 0; start < revisions.length; start += most) parts.push(revisions.slice(start, start + most).flat())
  return parts
}

function toBatch(placed: readonly Placed[]): Batch {
  const { baseUrl, audience, ask } = placed[0] as Placed
  const limits = placed.flatMap((one) => (one.ask.form === 'durations' ? [one.ask.limits] : []))
  const all = limits.includes(null) ? null : limits.flatMap((some) => some ?? [])
  return {
    baseUrl,
    audience,
    ask: ask.form === 'durations' ? { ...ask, limits: all } : ask,
    row: rowOf(placed),
    placed,
  }
}

function bucketsIn({ from, to, bucketMs }: Row): number {
  return (to - from) / bucketMs
}

function rowOf(placed: readonly Placed[]): Row {
  const from = Math.min(...placed.map(({ query }) => query.from))
  const to = Math.max(...placed.map(({ query }) => query.to))
  return { from, to, bucketMs: (placed[0] as Placed).query.bucketMs }
}

function refused(why: string): Trouble {
  return { silence: 'refused', why }
}
