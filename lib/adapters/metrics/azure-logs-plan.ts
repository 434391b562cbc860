import type { Query } from '../../core/judge/reading.ts'
import { jsonLiteral, type LogAsk, type LogTable, queryText } from './azure-logs-query.ts'

/** The asks of one KQL text, each with the queries that its rows answer. */
export type Batch = readonly Planned[]

/** One ask and everyone who waits for it: a latency and an error KPI of one revision and window share an ask. */
export interface Planned {
  readonly ask: LogAsk
  readonly queries: readonly Query[]
}

/** How much one text may ask: the length of its parameters in characters, and the rows that may come back. */
export interface Room {
  readonly chars: number
  readonly rows: number
  /** How many asks it may hold, where there are so many in all. */
  readonly asks: (all: number) => number
}

/** A look back over a day is not put into one text with looks at the last minutes: it takes longer, and may fail alone. */
const LONG_MS = 3 * 3_600_000

/** More buckets than a day has seconds: no judge needs as many in one look. */
const MOST_BUCKETS = 100_000

/** Why a query cannot be put to a table of requests at all, for a person; null when it can. */
export function cannotAsk({ kpi, revision, from, to, bucketMs }: Query): string | null {
  if (kpi.kind === 'ratio' || kpi.kind === 'gauge') {
    return (
      `a log of requests knows statuses and durations, but not what KPI ${kpi.name} (${kpi.kind}) counts: give it the ` +
      'source prometheus or http'
    )
  }
  if (!(isTime(from) && isTime(to) && from < to)) return `the window [${from}, ${to}) is empty or no time`
  if (!(Number.isSafeInteger(bucketMs) && bucketMs > 0)) return `a bucket of ${bucketMs} ms has no length`
  if (from % bucketMs !== 0 || to % bucketMs !== 0) {
    return `the window [${from}, ${to}) is not made of whole buckets of ${bucketMs} ms`
  }
  if ((to - from) / bucketMs > MOST_BUCKETS) {
    return `the window [${from}, ${to}) has more than ${MOST_BUCKETS} buckets of ${bucketMs} ms: make analysis.bucket longer`
  }
  if (kpi.kind === 'latency' && !Number.isFinite(kpi.limitMs)) return `the limit of ${kpi.limitMs} ms is not a number`
  const names = kpi.source.kind === 'app-insights' ? [revision, kpi.source.dimension ?? ''] : [revision]
  const broken = names.find((name) => !isName(name))
  return broken === undefined
    ? null
    : `${JSON.stringify(broken)} holds what no name can hold: check the revision and the source`
}

/**
 * The fewest batches that stay within `room` each (one ask always fits), long looks back in batches of their own. Ids count
 * from 0 within a batch, so that the text of one ask alone is always the same.
 */
export function planBatches(queries: readonly Query[], room: Room): readonly Batch[] {
  const asked = shared(queries)
  const isLong = ({ ask }: Planned) => Date.parse(ask.to) - Date.parse(ask.from) > LONG_MS
  const full = { ...room, asks: room.asks(asked.length) }
  return [
    ...fill(
      asked.filter((one) => !isLong(one)),
      full,
    ),
    ...fill(asked.filter(isLong), full),
  ]
}

type Left = Readonly<Record<'chars' | 'rows' | 'asks', number>>

function fill(asked: readonly Planned[], room: Left): readonly Batch[] {
  const batches: Planned[][] = []
  let left: Left = { chars: 0, rows: 0, asks: 0 }
  for (const { ask, queries: own } of asked) {
    const chars = jsonLiteral(ask).length
    const rows = (Date.parse(ask.to) - Date.parse(ask.from)) / ask.bucketMs
    if (batches.length === 0 || chars > left.chars || rows > left.rows || left.asks < 1) {
      batches.push([])
      left = room
    }
    left = { chars: left.chars - chars, rows: left.rows - rows, asks: left.asks - 1 }
    const batch = batches.at(-1) as Planned[]
    batch.push({ ask: { ...ask, id: String(batch.length) }, queries: own })
  }
  return batches
}

/** The text that an auditor can run again: as if only this ask had been sent. */
export function textAlone(table: LogTable, ask: LogAsk): string {
  return queryText(table, [{ ...ask, id: '0' }])
}

/** The text that a single query would have been asked with. */
export function textOf(table: LogTable, query: Query): string {
  return shared([query])
    .map(({ ask }) => textAlone(table, ask))
    .join('')
}

/** As many asks per revision and window as there are different limits of latency, or different lists of bad statuses. */
function shared(queries: readonly Query[]): readonly Planned[] {
  const groups = Map.groupBy(queries, ({ revision, from, to, bucketMs, kpi: { source } }) => {
    const dimension = source.kind === 'app-insights' ? source.dimension : null
    return JSON.stringify([revision, from, to, bucketMs, dimension])
  })
  return [...groups.values()].flatMap((group) => {
    const limits = [...new Set(group.map(limitOf).filter((limit) => limit !== null))]
    const lists = [...new Set(group.map(alsoBadOf).filter((list) => list !== null))]
    return Array.from({ length: Math.max(limits.length, lists.length) }, (_, place): Planned => {
      const [slowMs, alsoBad] = [limits[place] ?? null, lists[place] ?? null]
      const fits = (query: Query) => {
        const limit = limitOf(query)
        return limit === null ? alsoBadOf(query) === alsoBad : limit === slowMs
      }
      return { ask: askOf(group[0] as Query, slowMs ?? 0, alsoBad ?? ''), queries: group.filter(fits) }
    })
  })
}

function askOf({ revision, from, to, bucketMs, kpi: { source } }: Query, slowMs: number, alsoBad: string): LogAsk {
  const dimension = source.kind === 'app-insights' && source.dimension !== null ? source.dimension : null
  return {
    id: '0',
    revision,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    bucketMs,
    slowMs,
    alsoBad,
    ...(dimension === null ? {} : { dimension }),
  }
}

function limitOf({ kpi }: Query): number | null {
  return kpi.kind === 'latency' ? kpi.limitMs : null
}

/** Null for KPIs that no status decides. */
function alsoBadOf({ kpi }: Query): string | null {
  if (kpi.kind === 'latency') return null
  const list = kpi.kind === 'error-rate' ? [...new Set(kpi.alsoBad)].sort((a, b) => a - b) : []
  return list.length === 0 ? '' : `,${list.join(',')},`
}

/** JSON engines differ in what they make of control characters and halves of characters, and one bad ask must not spoil all. */
function isName(name: string): boolean {
  return name.isWellFormed() && !/\p{Cc}/u.test(name)
}

function isTime(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15
}
