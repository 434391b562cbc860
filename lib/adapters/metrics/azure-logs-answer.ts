import { LOG_COLUMNS, type LogAsk } from './azure-logs-query.ts'

/** What the client hands back, seen with distrust: any part of it may be absent or of another shape. */
export interface LogsAnswer {
  readonly status?: unknown
  readonly tables?: unknown
  readonly partialError?: unknown
}

/** What the access log says to one ask. `quantile` is in ms, and null where no request had a duration. */
export interface LogRow {
  readonly total: number
  readonly errors: number
  readonly slow: number
  readonly quantile: number | null
}

/** Per ask (by id) its row, or why there is none; the whole answer is a string where all of it is unusable. */
export type LogRows = ReadonlyMap<string, LogRow | string>

const SILENCE: LogRow = { total: 0, errors: 0, slow: 0, quantile: null }

/**
 * Reads the answer to HTTP_LOGS_BODY. An ask without a row was silent: total 0. A partial answer is none at all, and
 * whatever does not have the promised columns, types and ranges is refused with the reason.
 */
export function readAnswer(answer: LogsAnswer, asks: readonly LogAsk[]): LogRows | string {
  if (answer.status === 'PartialFailure') {
    return `Log Analytics answered only a part (${describePartial(answer.partialError)}), which is not counted`
  }
  if (answer.status !== 'Success')
    return `Log Analytics answered with the unknown status ${JSON.stringify(answer.status)}`
  const rows = rowsOf(answer.tables)
  if (typeof rows === 'string') return `Log Analytics answered something unexpected: ${rows}`
  const found = new Map<string, LogRow | string>(asks.map((ask) => [ask.id, SILENCE]))
  for (const row of rows) {
    const ask = asks.find((candidate) => candidate.id === row[0])
    if (ask === undefined) return 'Log Analytics answered something unexpected: a row that nobody asked for'
    found.set(ask.id, found.get(ask.id) === SILENCE ? readRow(row, ask) : ambiguous(ask.revision))
  }
  return found
}

function rowsOf(tables: unknown): readonly (readonly unknown[])[] | string {
  const table: unknown = Array.isArray(tables) ? tables[0] : undefined
  if (!isRecord(table)) return 'no table'
  const { columnDescriptors, rows } = table
  if (!Array.isArray(columnDescriptors) || !Array.isArray(rows)) return 'a table without columns or rows'
  const got = columnDescriptors.map((column) => (isRecord(column) ? `${column.name}:${column.type}` : '?')).join(', ')
  const wanted = LOG_COLUMNS.map((column) => `${column.name}:${column.type}`).join(', ')
  if (got !== wanted) return `the columns (${got.slice(0, 200)}) instead of (${wanted})`
  const broken = rows.some((row) => !Array.isArray(row) || row.length !== LOG_COLUMNS.length)
  return broken ? 'a row whose length is not that of its columns' : rows
}

function readRow(row: readonly unknown[], ask: LogAsk): LogRow | string {
  const [, total, errors, slow, quantile, newest] = row
  const of = `for revision ${ask.revision}`
  if (!isCount(total) || !isCount(errors) || !isCount(slow)) {
    return `Log Analytics answered counts that are none ${of}: ${shown([total, errors, slow])}`
  }
  if (errors > total || slow > total) {
    return `Log Analytics answered more bad requests than requests ${of}: ${shown([total, errors, slow])}`
  }
  if (!isNewest(newest, ask))
    return `Log Analytics answered with requests outside of the window ${of}: ${shown([newest])}`
  if (quantile === null || quantile === 'NaN' || Number.isNaN(quantile)) return { total, errors, slow, quantile: null }
  if (typeof quantile === 'number' && Number.isFinite(quantile) && quantile >= 0)
    return { total, errors, slow, quantile }
  return `Log Analytics answered a duration that is none ${of}: ${shown([quantile])}`
}

function ambiguous(revision: string): string {
  return (
    `more than one Container Apps environment logs revision ${revision} into this workspace, so whose requests these are ` +
    'cannot be told: give each environment a workspace of its own'
  )
}

function describePartial(error: unknown): string {
  if (!isRecord(error)) return 'no reason given'
  return (
    [error.code, error.message]
      .filter((part) => typeof part === 'string')
      .join(': ')
      .slice(0, 300) || 'no reason given'
  )
}

function isNewest(value: unknown, ask: LogAsk): boolean {
  if (!(value instanceof Date)) return false
  return value.getTime() >= Date.parse(ask.from) && value.getTime() < Date.parse(ask.to)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function shown(values: readonly unknown[]): string {
  return values.map((value) => String(value).slice(0, 40)).join(', ')
}
