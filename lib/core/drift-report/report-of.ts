import { percent } from '../format.ts'
import type { DriftFinding, QuantileShift } from './drift-of.ts'

type Told = Exclude<DriftFinding, { kind: 'unclear' }>

/**
 * The findings of a night as a text in Markdown that a person can read: what moved, by how much and against which day, what
 * cannot be told, what stayed as it was, and the `remarks` as sentences. `day` names the day (`2026-11-21`). It says that
 * nothing was acted on.
 */
export function reportOf(findings: readonly DriftFinding[], day: string, remarks: readonly string[] = []): string {
  const told = findings.filter((finding) => finding.kind !== 'unclear')
  const moved = told.filter(({ kind }) => kind === 'moved').sort((a, b) => b.distance - a.distance)
  const steady = told.filter(({ kind }) => kind === 'steady')
  const unclear = findings.filter((finding) => finding.kind === 'unclear')
  return [
    `# Drift on ${day}`,
    '',
    summary(findings.length, moved.length, unclear.length),
    ...section('Moved', moved.map(movedText)),
    ...section(
      'Cannot be told',
      unclear.map((finding) => `${nameOf(finding)}: ${finding.why}.`),
    ),
    ...section('As before', steady.map(steadyText)),
    ...section('To know', remarks),
    '',
    'No rollout was changed because of this report.',
    '',
  ].join('\n')
}

/** A KPI that moved, in half a sentence: the middle and the 95th percentile of its minutes, then and now. */
export function movedSentence(finding: Told): string {
  const told = finding.shifts.filter(({ quantile }) => quantile === 0.5 || quantile === 0.95)
  const shifts = told.map((shift) => shiftText(shift, finding.unit)).join(', ')
  return `${finding.kpi} moved against ${dayText(finding)} (${shifts})`
}

function summary(all: number, moved: number, unclear: number): string {
  if (all === 0) return 'No KPI was looked at.'
  const kpis = all === 1 ? '1 KPI was' : `${all} KPIs were`
  const cannot = unclear === 0 ? '' : `, ${unclear} cannot be told`
  return `${kpis} held against the same weekday a week before: ${moved === 0 ? 'none' : moved} moved${cannot}.`
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines.map((line) => `- ${line}`)]
}

function movedText(finding: Told): string {
  const { distance, adjustedP, among, minutes, effective, unit } = finding
  const shifts = finding.shifts.map((shift) => shiftText(shift, unit)).join(', ')
  const worth = `${minutes} minutes, worth ${Math.round(effective)} independent ones`
  const many = among === 1 ? '' : `, counted among ${among} KPIs`
  return `${nameOf(finding)} since ${dayText(finding)}: ${shifts}. Distance ${round(distance)}, by chance ${chanceText(adjustedP)}${many} (${worth}).`
}

function steadyText(finding: Told): string {
  const middle = finding.shifts.find(({ quantile }) => quantile === 0.5)
  const shift = middle === undefined ? '' : `${shiftText(middle, finding.unit)}, `
  const since = finding.against === 'day-before' ? ', against the day before' : ''
  return `${nameOf(finding)}: ${shift}distance ${round(finding.distance)}${since}.`
}

function nameOf({ service, kpi }: DriftFinding): string {
  return `**${service}** ${kpi}`
}

function dayText({ against }: Told): string {
  return against === 'week-before' ? 'the same weekday a week before' : 'the day before'
}

function shiftText({ quantile, before, today }: QuantileShift, unit: DriftFinding['unit']): string {
  const change = before === 0 ? '' : ` (${signed((today / before - 1) * 100)} %)`
  return `p${Math.round(quantile * 100)} ${figureText(before, unit)} → ${figureText(today, unit)}${change}`
}

function figureText(value: number, unit: DriftFinding['unit']): string {
  if (unit === 'ratio') return percent(value)
  return unit === 'ms' ? `${round(value)} ms` : round(value)
}

function signed(value: number): string {
  const rounded = Math.round(value)
  return rounded > 0 ? `+${rounded}` : rounded === 0 ? '±0' : `−${-rounded}`
}

function chanceText(p: number): string {
  return p < 1e-6 ? 'less than once in a million' : `once in ${Math.round(1 / p).toLocaleString('en')}`
}

/** Three significant digits, as many as a reader can use. */
function round(value: number): string {
  return String(Number(value.toPrecision(3)))
}
