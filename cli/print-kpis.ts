import { evidenceText, figureText } from '../lib/core/explain.ts'
import { percent } from '../lib/core/format.ts'
import type { Evidence } from '../lib/core/judge/verdict.ts'
import type { Io } from './io.ts'
import { coloured, cut, hanging } from './terminal.ts'
import { clean, clock, verdictSign } from './words.ts'

const NAME = 18
const CELL = 11
const NARROW = 80

/** The KPIs with what was measured, the limit, the stable revision beside it, the evidence, and what a pass still needs. */
export function kpiLines(io: Io, kpis: readonly Evidence[], width: number, now: number): readonly string[] {
  if (kpis.length === 0) return []
  const head = `${'KPIs'.padEnd(NAME + 2)}${cellsText(['canary', 'limit', 'stable', 'of'], width)}  says`
  return [
    coloured(io, 'bold', head),
    ...kpis.flatMap((kpi) => [figuresLine(io, kpi, width), ...evidenceLines(io, kpi, width, now)]),
  ]
}

function figuresLine(io: Io, kpi: Evidence, width: number): string {
  const { value, unit, limit, baseline, total, verdict, role } = kpi
  const name = cut(`${clean(kpi.kpi, 40)}${role === 'required' ? '' : ` (${role})`}`, NAME, io.isUnicode ? '…' : '~')
  const cells = [
    value === null ? '-' : figureText(value, unit),
    figureText(limit, unit),
    baseline === null || baseline.total === 0 ? '-' : percent(baseline.bad / baseline.total),
    total === null ? '-' : total.toLocaleString('en'),
  ]
  return `${verdictSign(io, verdict)} ${name.padEnd(NAME)}${cellsText(cells, width)}  ${verdict}`
}

/** Figures in columns; where the terminal is narrow the first two alone, for the evidence below tells the others too. */
function cellsText(cells: readonly string[], width: number): string {
  const shown = width < NARROW ? cells.slice(0, 2) : cells
  return shown.map((cell) => cell.padStart(CELL)).join('')
}

function evidenceLines(io: Io, kpi: Evidence, width: number, now: number): readonly string[] {
  const { verdict, because, silent, missing, passAt, interval, evalues, provisional } = kpi
  const isClear = verdict === 'pass' || verdict === 'inconclusive'
  const when = passAt === null || passAt <= now ? '' : `, at the earliest ${clock(passAt, now)}`
  const facts = [
    interval === null ? '' : `${percent(interval[0])} to ${percent(interval[1])} with 95 % confidence`,
    evalues === null ? '' : `evidence against it ${evidenceText(evalues)}`,
    provisional ? 'not final yet' : '',
  ].filter((part) => part !== '')
  const line = (text: string) => hanging('    ', text, 4, width)
  return [
    ...(isClear ? [] : line(clean(silent ?? because, 400))),
    ...(facts.length === 0
      ? []
      : line(facts.join(io.isUnicode ? ' · ' : ' - ')).map((text) => coloured(io, 'dim', text))),
    ...(missing === null || verdict === 'pass' ? [] : line(`missing for a pass: ${clean(missing, 300)}${when}`)),
  ]
}
