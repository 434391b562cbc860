import type { AuditRow } from './audit.ts'
import { duration, percent, weightsText } from './format.ts'
import { MODERATE } from './judge/sequence.ts'
import type { EValues, Evidence } from './judge/verdict.ts'
import { sameWeights } from './traffic.ts'

/**
 * Says an audit row to a person: when, which service, what was decided or seen, who, weights before and after, and the
 * evidence it rests on. One line, no secret, understood without the code. A broken glass is shouted.
 */
export function explain(row: AuditRow): string {
  const where =
    row.rollout === null
      ? row.entityId
      : `${row.entityId} (${row.rollout}${row.step === null ? '' : `, step ${row.step}`})`
  const who = row.actor === 'slipway' ? '' : ` [by ${row.actor}]`
  return [
    `${timeText(row.happenedAt)} ${where}: ${row.kind === 'break-glass' ? 'BREAK GLASS: ' : ''}${row.notes}${who}`,
    weightsSentence(row),
    ...row.evidence.map(explainEvidence),
  ]
    .filter((part) => part !== '')
    .join(' · ')
    .replace(/\s+/g, ' ')
}

/** Says one KPI's evidence to a person: figure, limit, sample, interval, E-values, source, verdict and what is missing. */
export function explainEvidence(evidence: Evidence): string {
  const { kpi, role, value, limit, unit, total, bad, from, to, source, verdict, missing, approximate } = evidence
  const window = to > from ? `, ${timeText(from)} to ${timeText(to)} (${duration(to - from)})` : ''
  const name = role === 'required' ? kpi : `${kpi} (${role})`
  // What is dark has its reason in words; its old figures would only hide that.
  if (total === null || bad === null || value === null || verdict === 'error' || verdict === 'nodata')
    return `${evidence.because} [${name} from ${source}${window}] → ${verdict}`
  const lack = missing === null ? '' : `, a pass needs: ${missing}`
  const counted = `${approximate ? 'at least ' : ''}${bad} bad of ${total}`
  return `${name}: ${figureText(value, unit)} against a limit of ${figureText(limit, unit)}, ${counted}${sureness(evidence)} from ${source}${window}${lack} → ${verdict}`
}

/** What the counts are worth: the interval that the true share lies in, the stable revision's share, and the evidence against the canary. */
function sureness({ interval, baseline, evalues, provisional }: Evidence): string {
  const parts = [
    interval === null ? null : `${percent(interval[0])} to ${percent(interval[1])} with 95 % confidence`,
    baseline === null ? null : `stable ${percent(baseline.bad / baseline.total)}`,
    evalues === null ? null : `evidence against it ${evidenceText(evalues)}`,
    provisional ? 'with buckets that are not final yet' : null,
  ].filter((part) => part !== null)
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

/**
 * E-values to a person: `0.4 of 500 needed, 1.2 against stable`. Where the comparison with stable has all that is needed, it
 * goes first, and against the limit less is enough: `1724 of 500 needed against stable, with 172 of 10 needed against the
 * limit`. That of the warm-up is told only where it decided.
 */
export function evidenceText({ absolute, relative, needed, warmUp, neededWarmUp }: EValues): string {
  const cold = warmUp >= neededWarmUp ? `, ${amount(warmUp)} of ${amount(neededWarmUp)} in the warm-up` : ''
  if (relative < needed || absolute >= needed)
    return `${amount(absolute)} of ${amount(needed)} needed, ${amount(relative)} against stable${cold}`
  const joint = absolute >= MODERATE ? `with ${amount(absolute)} of ${amount(MODERATE)} needed` : amount(absolute)
  return `${amount(relative)} of ${amount(needed)} needed against stable, ${joint} against the limit${cold}`
}

function amount(value: number): string {
  if (value >= 1e6) return value.toExponential(0).replace('e+', 'e')
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)))
}

/** A KPI's figure: a percentage, or a gauge's bare number. */
export function figureText(value: number, unit: Evidence['unit']): string {
  return unit === 'ratio' ? percent(value) : String(Number(value.toPrecision(6)))
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
