import type { AuditRow } from './audit.ts'
import { explain } from './explain.ts'

const COLUMNS = [
  'id',
  'happenedAt',
  'entityId',
  'metric',
  'value',
  'notes',
  'kind',
  'actor',
  'rollout',
  'step',
  'weightsBefore',
  'weightsAfter',
  'evidence',
  'detail',
  'previousHash',
  'hash',
  'sentence',
] as const

/** An audit row as it leaves the house: times as ISO 8601 (UTC), and the row as a sentence beside its parts. */
export type PresentedRow = Omit<AuditRow, 'happenedAt'> & { readonly happenedAt: string; readonly sentence: string }

/** Makes a stored row presentable. */
export function presented(row: AuditRow): PresentedRow {
  return { ...row, happenedAt: new Date(row.happenedAt).toISOString(), sentence: explain(row) }
}

/** Audit rows as CSV (RFC 4180, header line, CRLF). Parts with parts of their own are JSON; no cell can act as a formula. */
export function csv(rows: readonly AuditRow[]): string {
  const lines = rows.map(presented).map((row) => COLUMNS.map((column) => cell(row[column])).join(','))
  return [COLUMNS.join(','), ...lines, ''].join('\r\n')
}

/** Spreadsheets run cells that begin with `=`, `+`, `-`, `@`, also in full width, or with tab, CR or LF: an apostrophe before a text makes it plain. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const harmless = /^[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
