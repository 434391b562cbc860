import { GRID } from '../../sim/streams/grid.ts'
import { SCENARIOS, type Scenario } from '../../sim/streams/scenarios.ts'
import { JUDGES, LAG_COLUMNS, LAG_ONSET, LAG_ROWS } from './jobs.ts'
import type { Played } from './plan.ts'
import { abortedText, delayText, type Summary, summarize } from './summary.ts'

/** Every table of the proof, as lines of aligned text. */
export function tablesOf(played: Played): readonly string[] {
  const loose = JUDGES.filter((judge) => judge.endsWith('loose'))
  const strict = JUDGES.filter((judge) => !loose.includes(judge))
  const { soaks, kayenta } = played.sizes
  return [
    ...titled(`A. Healthy canaries that were aborted within 48 h (${soaks} soaks; Kayenta ${kayenta})`, [
      ...soakTable(played, 'healthy', strict),
    ]),
    ...titled('B. Minutes from onset to abort, p50/p95 (m = missed for the whole soak, e = aborted before onset)', [
      ...soakTable(played, 'regression', strict),
    ]),
    ...titled('Rivals with three times the error limit and twice the slow limit, over 15 minutes', [
      ...soakTable(played, 'healthy', ['OURS', ...loose]),
      '',
      ...soakTable(played, 'regression', ['OURS', ...loose]),
    ]),
    ...gridTables(played),
    ...titled(
      `D. Minutes of wall clock behind a source that lags 3 minutes, p50/p95 (${played.sizes.lag} outages, ${played.sizes.lagHealthy} healthy soaks)`,
      [...lagTable(played)],
    ),
  ]
}

/** What each judge made of a scenario, by the judge's name. */
export function summariesOf(played: Played, scenario: Scenario): Readonly<Record<string, Summary>> {
  const rows = played.soak[scenario.name] ?? []
  return Object.fromEntries(JUDGES.map((judge, column) => [judge, summarize(rows, column, scenario.onsetMinute)]))
}

/** What our judge made of a row of table D, by how it read the source. */
export function lagSummaries(played: Played, name: string): readonly Summary[] {
  const onset = LAG_ROWS[name]?.kind === 'healthy' ? 0 : LAG_ONSET
  return LAG_COLUMNS.map((_, column) => summarize(played.lag[name] ?? [], column, onset))
}

/** What our judge made of a cell of the grid. */
export function cellSummary(played: Played, cell: number): Summary {
  return summarize(played.grid[String(cell)] ?? [], 0, GRID[cell]?.scenario.onsetMinute ?? 0)
}

function soakTable(played: Played, kind: Scenario['kind'], judges: readonly string[]): readonly string[] {
  const text = kind === 'healthy' ? abortedText : delayText
  const scenarios = Object.values(SCENARIOS).filter((scenario) => scenario.kind === kind)
  const rows = scenarios.map((scenario) => {
    const summaries = summariesOf(played, scenario)
    const cells = judges.flatMap((judge) => (summaries[judge] ? [text(summaries[judge])] : []))
    return [`${scenario.name} ${scenario.alias}`, ...cells]
  })
  return aligned([['', ...judges], ...rows])
}

function gridTables(played: Played): readonly string[] {
  const tables = [...new Set(GRID.map(({ table }) => table))]
  return tables.flatMap((table) => {
    const cells = GRID.flatMap((cell, index) => (cell.table === table ? [{ ...cell, index }] : []))
    const columns = [...new Set(cells.map(({ column }) => column))]
    const rows = [...new Set(cells.map(({ row }) => row))].map((row) => [
      row,
      ...cells.filter((cell) => cell.row === row).map(({ index }) => delayText(cellSummary(played, index))),
    ])
    const title = `C. Our judge, ${table}, no warm-up: minutes to abort, p50/p95 (${played.sizes.grid} soaks)`
    return titled(title, aligned([['', ...columns], ...rows]))
  })
}

function lagTable(played: Played): readonly string[] {
  const rows = Object.entries(LAG_ROWS).map(([name, { kind }]) => {
    const text = kind === 'healthy' ? abortedText : delayText
    return [kind === 'healthy' ? `${name} aborted` : name, ...lagSummaries(played, name).map(text)]
  })
  return aligned([['', ...LAG_COLUMNS], ...rows])
}

function titled(title: string, lines: readonly string[]): readonly string[] {
  return ['', title, ...lines]
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    return cells.join('  ').trimEnd()
  })
}
