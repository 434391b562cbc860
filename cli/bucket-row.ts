import type { Arm } from '../lib/core/judge/reading.ts'
import type { Figures } from '../lib/core/replay/feed.ts'
import type { BUCKET_COLUMNS } from '../lib/core/replay/stored.ts'
import type { Kpi, Manifest } from '../lib/core/service.ts'
import { didYouMean } from '../lib/schema/did-you-mean.ts'
import { quotable } from '../lib/schema/issue.ts'
import type { CsvRow, LineIssue } from './csv.ts'

/** A bucket's number may be so large: a plan of half a year in minutes. */
const LARGEST_MINUTE = 262_800
const LARGEST_COUNT = 1e12

/** Where each column stands in a row; −1 for `value` where there is none. */
export type Columns = Readonly<Record<(typeof BUCKET_COLUMNS)[number], number>>
type Cells = Readonly<Record<(typeof BUCKET_COLUMNS)[number], string>>

/** What a row says. */
export interface RowRead {
  readonly kpi: Kpi
  readonly arm: Arm
  readonly minute: number
  readonly figures: Figures
}

/** A row of buckets, or what is wrong with it. */
export function readRow(row: CsvRow, columns: Columns, manifest: Manifest): RowRead | LineIssue {
  const { line } = row
  if (row.cells[0]?.startsWith('#') === true)
    return { line, message: 'begins with #, and CSV has no comments; take the line out' }
  const width = Math.max(...Object.values(columns)) + 1
  if (row.cells.length < width && row.cells.length < width - (columns.value === width - 1 ? 1 : 0))
    return { line, message: `has ${row.cells.length} cells where the header has ${width}; fill it up` }
  if (row.cells.length > width)
    return { line, message: `has ${row.cells.length} cells where the header has ${width}; take the others out` }
  const cells = cellsOf(row, columns)
  const trouble = placeTrouble(cells, manifest)
  if (trouble !== null) return { line, message: trouble }
  const kpi = manifest.analysis.kpis.find(({ name }) => name === cells.kpi) as Kpi
  const figures = kpi.kind === 'gauge' ? gaugeOf(cells, kpi, columns) : countsOf(cells, kpi)
  if (typeof figures === 'string') return { line, message: figures }
  return { kpi, arm: cells.arm as Arm, minute: Number(cells.minute) + 0, figures }
}

/** The cells by name; arms may be written in capitals. */
function cellsOf(row: CsvRow, columns: Columns): Cells {
  const cell = (column: keyof Cells) => row.cells[columns[column]] ?? ''
  const [minute, kpi, bad, total, value] = [cell('minute'), cell('kpi'), cell('bad'), cell('total'), cell('value')]
  return { minute, kpi, arm: cell('arm').toLowerCase(), bad, total, value }
}

/** What is wrong with minute, KPI and arm; null where nothing is. */
function placeTrouble({ minute, kpi, arm }: Cells, { analysis }: Manifest): string | null {
  if (!/^-?\d{1,9}$/.test(minute) || Number(minute) > LARGEST_MINUTE)
    return `minute is ${said(minute)}; write a whole number up to ${LARGEST_MINUTE}, 0 for the canary’s first`
  const names = analysis.kpis.map(({ name }) => name)
  if (!names.includes(kpi)) {
    return `kpi is ${said(kpi)}, which the manifest does not have; it has ${names.join(', ')}.${didYouMean(kpi, names)}`
  }
  if (arm !== 'canary' && arm !== 'baseline') return `arm is ${said(arm)}; write canary or baseline`
  if (arm === 'canary' && Number(minute) < 0)
    return `minute is ${minute}, but a canary has no traffic before minute 0; only the baseline has a history`
  return null
}

/** A gauge's value, or what is wrong with it. */
function gaugeOf({ bad, total, value }: Cells, { name }: Kpi, columns: Columns): Figures | string {
  if (columns.value === -1) return `${name} is a gauge and has no value; add the column value`
  for (const [column, text] of Object.entries({ bad, total })) {
    if (!/^0*$/.test(text)) return `${column} is ${said(text)}, but ${name} is a gauge; leave bad and total empty`
  }
  if (value === '')
    return `${name} is a gauge and its value is empty; write its figure, or leave the row out where nothing was measured`
  const figure = Number(value)
  if (!Number.isFinite(figure) || !/\d/.test(value)) return `value is ${said(value)}; write a number`
  return { bad: 0, total: 0, value: figure }
}

/** A row's counts, or what is wrong with them. */
function countsOf({ bad, total, value }: Cells, kpi: Kpi): Figures | string {
  if (value !== '') return `value is ${said(value)}, but ${kpi.name} is counted as bad of total; leave value empty`
  for (const [column, text] of Object.entries({ bad, total })) {
    if (!/^\d{1,16}$/.test(text) || Number(text) > LARGEST_COUNT)
      return `${column} is ${said(text)}; write a whole number from 0 on, or leave the row out where nothing was measured`
  }
  if (Number(bad) > Number(total)) return `bad is ${bad} and total only ${total}; bad events are part of the total`
  return { bad: Number(bad), total: Number(total), value: null }
}

function said(text: string): string {
  return text === '' ? 'empty' : `"${quotable(text, 40)}"`
}
