import type { Arm } from '../lib/core/judge/reading.ts'
import type { Figures, Series } from '../lib/core/replay/feed.ts'
import { BUCKET_COLUMNS } from '../lib/core/replay/stored.ts'
import type { Kpi, Manifest } from '../lib/core/service.ts'
import { didYouMean } from '../lib/schema/did-you-mean.ts'
import { quotable } from '../lib/schema/issue.ts'
import { type CsvRow, type LineIssue, readCsv } from './csv.ts'

/** The buckets of a file, or everything that is wrong with it, a line of text each. */
export type BucketsRead =
  | { readonly ok: true; readonly series: Series }
  | { readonly ok: false; readonly issues: readonly string[] }

/** A bucket's number may be so large: a plan of half a year in minutes. */
const LARGEST_MINUTE = 262_800
const LARGEST_COUNT = 1e12
const MOST_ISSUES = 20

type Column = (typeof BUCKET_COLUMNS)[number]
type Cells = Readonly<Record<Column, string>>

/**
 * Reads buckets as CSV with the columns minute, kpi, arm, bad, total and, for gauges, value, in any order; rows may come in
 * any order too. A minute that is absent is missing data. Negative minutes are the baseline before the rollout.
 */
export function readBuckets(text: string, file: string, manifest: Manifest): BucketsRead {
  const { rows, issue } = readCsv(text)
  const [header, ...lines] = rows
  if (header === undefined) return refused(file, [issue ?? { line: 1, message: `is empty; ${HEADER_WANTED}` }])
  const columns = columnsOf(header)
  if ('message' in columns) return refused(file, [columns])
  const series = new Map(
    manifest.analysis.kpis.map(({ name }) => [name, { canary: new Map(), baseline: new Map() }] as const),
  )
  const seen = new Map<string, number>()
  const issues: LineIssue[] = []
  for (const row of lines) {
    const read = readRow(row, columns, manifest)
    if ('message' in read) {
      issues.push(read)
      continue
    }
    const { kpi, arm, minute, figures } = read
    const place = `${kpi.name} ${arm} ${minute}`
    const earlier = seen.get(place)
    if (earlier !== undefined) {
      const message = `minute ${minute} of ${kpi.name} on ${arm} was given in line ${earlier} already; keep one of the two`
      issues.push({ line: row.line, message })
    }
    seen.set(place, earlier ?? row.line)
    series.get(kpi.name)?.[arm].set(minute, figures)
  }
  if (issue !== null) issues.push(issue)
  if (issues.length > 0) return refused(file, issues)
  const hasCanary = [...series.values()].some(({ canary }) => canary.size > 0)
  if (hasCanary) return { ok: true, series }
  return refused(file, [{ line: header.line, message: 'has no row of the canary, so there is nothing to judge' }])
}

const HEADER_WANTED = `its first line must be ${BUCKET_COLUMNS.slice(0, 5).join(',')} (in any order; gauges have value too)`

function refused(file: string, issues: readonly LineIssue[]): BucketsRead {
  const told = issues.slice(0, MOST_ISSUES).map(({ line, message }) => `${file}:${line}: ${message}`)
  const more = issues.length - told.length
  return { ok: false, issues: more > 0 ? [...told, `${file}: and ${more} more of the kind`] : told }
}

/** Where each column stands; −1 for `value` where there is none. */
function columnsOf({ line, cells }: CsvRow): Readonly<Record<Column, number>> | LineIssue {
  const names = cells.map((cell) => cell.toLowerCase())
  const strange = names.find((name) => !BUCKET_COLUMNS.some((column) => column === name))
  const twin = names.find((name, index) => names.indexOf(name) !== index)
  const absent = BUCKET_COLUMNS.filter((column) => column !== 'value' && !names.includes(column))
  if (absent.length > 0) {
    const semicolons = names.length === 1 && cells[0]?.includes(';') === true ? ' (with commas, not semicolons)' : ''
    return { line, message: `has no column ${absent.join(', ')}; ${HEADER_WANTED}${semicolons}` }
  }
  if (strange !== undefined)
    return { line, message: `has a column "${quotable(strange, 40)}" that is not known; take it out` }
  if (twin !== undefined) return { line, message: `has the column ${twin} twice; keep one` }
  const place = (column: Column) => names.indexOf(column)
  return {
    minute: place('minute'),
    kpi: place('kpi'),
    arm: place('arm'),
    bad: place('bad'),
    total: place('total'),
    value: place('value'),
  }
}

interface RowRead {
  readonly kpi: Kpi
  readonly arm: Arm
  readonly minute: number
  readonly figures: Figures
}

function readRow(row: CsvRow, columns: Readonly<Record<Column, number>>, manifest: Manifest): RowRead | LineIssue {
  const { line } = row
  const width = Math.max(...Object.values(columns)) + 1
  if (row.cells.length < width && row.cells.length < width - (columns.value === width - 1 ? 1 : 0))
    return { line, message: `has ${row.cells.length} cells where the header has ${width}; fill it up` }
  if (row.cells.length > width)
    return { line, message: `has ${row.cells.length} cells where the header has ${width}; take the others out` }
  const cells = Object.fromEntries(
    BUCKET_COLUMNS.map((column) => [column, row.cells[columns[column]] ?? '']),
  ) as unknown as Cells
  const trouble = placeTrouble(cells, manifest)
  if (trouble !== null) return { line, message: trouble }
  const kpi = manifest.analysis.kpis.find(({ name }) => name === cells.kpi) as Kpi
  const figures = figuresOf(cells, kpi)
  if (typeof figures === 'string') return { line, message: figures }
  return { kpi, arm: cells.arm as Arm, minute: Number(cells.minute) + 0, figures }
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

/** The row's figures, or what is wrong with them. */
function figuresOf({ bad, total, value }: Cells, kpi: Kpi): Figures | string {
  if (kpi.kind === 'gauge') {
    if (value === '') return `${kpi.name} is a gauge and has no value; add the column value`
    const figure = Number(value)
    if (!Number.isFinite(figure) || !/\d/.test(value)) return `value is ${said(value)}; write a number`
    return { bad: 0, total: 0, value: figure }
  }
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
