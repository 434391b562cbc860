import type { AuditRow } from './audit.ts'
import { duration, percent, weightsText } from './format.ts'
import type { Evidence } from './judge/verdict.ts'
import { sameWeights } from './traffic.ts'

/**
 * Says an audit row to a person: when, which service, what was decided or seen, who, weights before and after, and the
 * evidence it rests on. One line, no secret, understood without the code.
 */
export function explain(row: AuditRow): string {
  const where =
    row.rollout === null
      ? row.entityId
      : `${row.entityId} (${row.rollout}${row.step === null ? '' : `, step ${row.step}`})`
  const who = row.actor === 'slipway' ? '' : ` [by ${row.actor}]`
  return [
    `${timeText(row.happenedAt)} ${where}: ${row.notes}${who}`,
    weightsSentence(row),
    ...row.evidence.map(explainEvidence),
  ]
    .filter((part) => part !== '')
    .join(' · ')
    .replace(/\s+/g, ' ')
}

/** Says one KPI's evidence to a person: figure, limit, sample, window, source, verdict. */
export function explainEvidence(evidence: Evidence): string {
  const { kpi, value, limit, unit, total, bad, from, to, source, verdict } = evidence
  const window = `${timeText(from)} to ${timeText(to)} (${duration(to - from)})`
  if (total === null || bad === null) return `no figure from ${source} for ${window}: ${evidence.because} → ${verdict}`
  const figure = value === null ? 'no figure' : figureText(value, unit)
  return `${kpi}: ${figure} against a limit of ${figureText(limit, unit)}, ${bad} bad of ${total} requests from ${source}, ${window} → ${verdict}`
}

/** A KPI's figure with its unit: whole milliseconds, or a percentage. */
export function figureText(value: number, unit: Evidence['unit']): string {
  return unit === 'ms' ? `${Math.round(value)} ms` : percent(value)
}

function weightsSentence(row: AuditRow): string {
  if (row.weightsAfter === null) return ''
  if (row.weightsBefore === null || sameWeights(row.weightsBefore, row.weightsAfter)) {
    return `traffic: ${weightsText(row.weightsAfter)}`
  }
  return `traffic: ${weightsText(row.weightsBefore)} → ${weightsText(row.weightsAfter)}`
}

function timeText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}
