import type { Silence } from '../../core/judge/reading.ts'
import type { LogAsk, LogTable } from './azure-logs-query.ts'
import { plainWords } from './azure-words.ts'

/** What the client hands back, seen with distrust: any part of it may be absent or of another shape. */
export interface LogsAnswer {
  readonly status?: unknown
  readonly tables?: unknown
  readonly partialError?: unknown
}

/** Why there are no figures, and to a person: what happened, and what to do. */
export interface Trouble {
  readonly silence: Silence
  readonly why: string
}

/** The counts of one bucket, by the names of the table's columns. */
export type Counts = Readonly<Record<string, number>>

/** The buckets of an ask that had requests, by their start. */
export type LogSeries = ReadonlyMap<number, Counts>

/** Per ask (by id) its series, or why there is none. An ask without a row was silent: an empty series. */
export type LogRows = ReadonlyMap<string, LogSeries | Trouble>

/** Whether this is the reason why there is nothing, rather than the thing. */
export function isTrouble(value: LogRows | LogSeries | Trouble): value is Trouble {
  return 'silence' in value
}

/** Before it come the ask, the bucket and the origin. */
const FIRST_COUNT = 3

/** Columns that count requests out of which of the others. */
const PARTS = [
  ['errors', 'total'],
  ['timed', 'total'],
  ['slow', 'timed'],
  ['weightedErrors', 'weighted'],
  ['weightedTimed', 'weighted'],
  ['weightedSlow', 'weightedTimed'],
] as const

/**
 * Reads the answer to a table's text. A partial answer is none at all, and whatever does not have the promised columns,
 * types and ranges is refused with the reason.
 */
export function readAnswer(answer: LogsAnswer, table: LogTable, asks: readonly LogAsk[]): LogRows | Trouble {
  if (answer.status === 'PartialFailure') {
    const reason = describePartial(answer.partialError)
    const why = `Log Analytics answered only a part (${reason}), which is not counted: it is asked again at the next look`
    return { silence: 'partial', why }
  }
  if (answer.status !== 'Success') return malformed(`the unknown status "${plainWords(String(answer.status), 40)}"`)
  const rows = rowsOf(answer.tables, table)
  if (typeof rows === 'string') return malformed(rows)
  const byId = Map.groupBy(rows, (row) => row[0])
  const known = new Set<unknown>(asks.map((ask) => ask.id))
  if ([...byId.keys()].some((id) => !known.has(id))) return malformed('a row that nobody asked for')
  return new Map(asks.map((ask) => [ask.id, readSeries(byId.get(ask.id) ?? [], table, ask)]))
}

type Row = readonly unknown[]

function rowsOf(tables: unknown, { columns }: LogTable): readonly Row[] | string {
  const table: unknown = Array.isArray(tables) ? tables[0] : undefined
  if (!isRecord(table)) return 'no table'
  const { columnDescriptors, rows } = table
  if (!Array.isArray(columnDescriptors) || !Array.isArray(rows)) return 'a table without columns or rows'
  const got = columnDescriptors.map((column) => (isRecord(column) ? `${column.name}:${column.type}` : '?')).join(', ')
  const wanted = columns.map((column) => `${column.name}:${column.type}`).join(', ')
  if (got !== wanted) return `the columns (${plainWords(got, 200)}) instead of (${wanted})`
  const broken = rows.some((row) => !Array.isArray(row) || row.length !== columns.length)
  return broken ? 'a row whose length is not that of its columns' : rows
}

function readSeries(rows: readonly Row[], table: LogTable, ask: LogAsk): LogSeries | Trouble {
  if (new Set(rows.map((row) => row[2])).size > 1) {
    return { silence: 'refused', why: table.ambiguous(ask.revision) }
  }
  const series = new Map<number, Counts>()
  const window = { from: Date.parse(ask.from), to: Date.parse(ask.to), bucketMs: ask.bucketMs }
  for (const row of rows) {
    const at = startOf(row[1], window)
    if (at === null) return malformed(`${shown(row[1])}, which is no bucket of revision ${ask.revision}`)
    if (series.has(at)) return malformed(`the bucket ${shown(row[1])} of revision ${ask.revision} twice`)
    const counts = countsOf(row, table)
    if (typeof counts === 'string') return malformed(`${counts} of revision ${ask.revision}`)
    series.set(at, counts)
  }
  return series
}

/** The start of a bucket of this window, epoch milliseconds; null where the value is none. */
function startOf(value: unknown, { from, to, bucketMs }: Readonly<Record<'from' | 'to' | 'bucketMs', number>>) {
  const at = value instanceof Date ? value.getTime() : Number.NaN
  return at >= from && at < to && (at - from) % bucketMs === 0 ? at : null
}

function countsOf(row: Row, { columns }: LogTable): Counts | string {
  const counts: Record<string, number> = {}
  for (const [place, { name }] of columns.entries()) {
    if (place < FIRST_COUNT) continue
    const value = row[place]
    if (!isCount(value)) return `no counts (${figures(row, columns)})`
    counts[name] = value
  }
  const isOver = PARTS.some(([part, whole]) => (counts[part] ?? 0) > (counts[whole] ?? 0))
  return isOver ? `more of a part than of the whole (${figures(row, columns)})` : counts
}

function figures(row: Row, columns: LogTable['columns']): string {
  const named = columns.map(({ name }, place) => `${name} ${shown(row[place])}`)
  return named.slice(FIRST_COUNT).join(', ')
}

function malformed(what: string): Trouble {
  const why = `Log Analytics answered something unexpected: ${what}. It is asked again at the next look; if it stays, report it`
  return { silence: 'malformed', why }
}

function describePartial(error: unknown): string {
  if (!isRecord(error)) return 'no reason given'
  const parts = [error.code, error.message].filter((part) => typeof part === 'string')
  return plainWords(parts.join(': ')) || 'no reason given'
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function shown(value: unknown): string {
  return plainWords(value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : String(value), 40)
}
