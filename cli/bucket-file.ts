import type { Figures, Series } from '../lib/core/replay/feed.ts'
import { BUCKET_COLUMNS } from '../lib/core/replay/stored.ts'
import type { Manifest } from '../lib/core/service.ts'
import { quotable } from '../lib/schema/issue.ts'
import { type Columns, type RowRead, readRow } from './bucket-row.ts'
import { type CsvRow, type LineIssue, readCsv } from './csv.ts'

/** The buckets of a file and what a reader should know of how they were read, or everything that is wrong, a line of text each. */
export type BucketsRead =
  | { readonly ok: true; readonly series: Series; readonly notes: readonly string[] }
  | { readonly ok: false; readonly issues: readonly string[] }

const MOST_ISSUES = 20

/**
 * Reads buckets as CSV with the columns minute, kpi, arm, bad, total and, for gauges, value, in any order; rows may come in
 * any order too. A minute that is absent is missing data. Negative minutes are the baseline before the rollout. Rows of the
 * same minute, KPI and arm are the parts of several replicas: their counts are added up. A gauge has one value only.
 */
export function readBuckets(text: string, file: string, manifest: Manifest): BucketsRead {
  const { rows, issue } = readCsv(text)
  const [header, ...lines] = rows
  if (header === undefined) return refused(file, [issue ?? { line: 1, message: `is empty; ${HEADER_WANTED}` }])
  const columns = columnsOf(header)
  if ('message' in columns) return refused(file, [columns])
  const { series, added, issues } = gathered(lines, columns, manifest)
  if (issue !== null) issues.push(issue)
  if (issues.length > 0) return refused(file, issues)
  const hasCanary = [...series.values()].some(({ canary }) => canary.size > 0)
  if (hasCanary) return { ok: true, series, notes: added === 0 ? [] : [addedNote(added)] }
  return refused(file, [{ line: header.line, message: 'has no row of the canary, so there is nothing to judge' }])
}

interface Gathered {
  readonly series: Series
  /** Rows that were added to an earlier one. */
  readonly added: number
  readonly issues: LineIssue[]
}

function gathered(lines: readonly CsvRow[], columns: Columns, manifest: Manifest): Gathered {
  const series = new Map(
    manifest.analysis.kpis.map(({ name }) => [name, { canary: new Map(), baseline: new Map() }] as const),
  )
  const firstLines = new Map<string, number>()
  const issues: LineIssue[] = []
  let added = 0
  for (const row of lines) {
    const read = readRow(row, columns, manifest)
    if ('message' in read) {
      issues.push(read)
      continue
    }
    const { kpi, arm, minute, figures } = read
    const buckets: Map<number, Figures> | undefined = series.get(kpi.name)?.[arm]
    const earlier = buckets?.get(minute)
    const place = `${kpi.name} ${arm} ${minute}`
    if (earlier === undefined) firstLines.set(place, row.line)
    else if (kpi.kind === 'gauge') issues.push({ line: row.line, message: twoValues(read, firstLines.get(place)) })
    else added += 1
    buckets?.set(minute, earlier === undefined ? figures : sumOf(earlier, figures))
  }
  return { series, added, issues }
}

function twoValues({ kpi, arm, minute }: RowRead, earlier: number | undefined): string {
  return `minute ${minute} of ${kpi.name} on ${arm} has a value in line ${earlier} already, and values of a gauge cannot be added up; keep one, or make one of them`
}

function sumOf(one: Figures, other: Figures): Figures {
  return { bad: one.bad + other.bad, total: one.total + other.total, value: null }
}

function addedNote(added: number): string {
  const rows = added === 1 ? '1 row was' : `${added} rows were`
  return `${rows} added to another of the same minute, KPI and arm: they count as the parts of several replicas`
}

const HEADER_WANTED = `its first line must be ${BUCKET_COLUMNS.slice(0, 5).join(',')} (in any order; gauges have value too)`

function refused(file: string, issues: readonly LineIssue[]): BucketsRead {
  const told = issues.slice(0, MOST_ISSUES).map(({ line, message }) => `${file}:${line}: ${message}`)
  const more = issues.length - told.length
  return { ok: false, issues: more > 0 ? [...told, `${file}: and ${more} more of the kind`] : told }
}

/** Where each column stands; −1 for `value` where there is none. */
function columnsOf({ line, cells }: CsvRow): Columns | LineIssue {
  if (cells[0]?.startsWith('#') === true)
    return { line, message: `begins with #, and CSV has no comments; take the line out: ${HEADER_WANTED}` }
  const names = cells.map((cell) => cell.toLowerCase())
  const strange = names.find((name) => !BUCKET_COLUMNS.some((column) => column === name))
  const twin = names.find((name, index) => names.indexOf(name) !== index)
  const absent = BUCKET_COLUMNS.filter((column) => column !== 'value' && !names.includes(column))
  if (absent.length > 0) {
    return { line, message: `has no column ${absent.join(', ')}; ${HEADER_WANTED}${separatorHint(cells)}` }
  }
  if (strange !== undefined)
    return { line, message: `has a column "${quotable(strange, 40)}" that is not known; take it out` }
  if (twin !== undefined) return { line, message: `has the column ${twin} twice; keep one` }
  const place = (column: keyof Columns) => names.indexOf(column)
  return {
    minute: place('minute'),
    kpi: place('kpi'),
    arm: place('arm'),
    bad: place('bad'),
    total: place('total'),
    value: place('value'),
  }
}

function separatorHint([only = '', ...more]: readonly string[]): string {
  if (more.length > 0) return ''
  if (only.includes(';')) return ' (with commas, not semicolons)'
  return only.includes('\t') ? ' (with commas, not tabs)' : ''
}
