import type { AuditDraft, AuditRow } from '../audit.ts'
import type { DriftFinding } from './drift-of.ts'
import { movedSentence, reportOf } from './report-of.ts'

/** A service's part of a night's report, as it is read back from the audit. */
export interface DriftReport {
  /** `environment/name`. */
  readonly service: string
  /** The day that was looked at, as `2026-11-21`. */
  readonly day: string
  readonly reportedAt: number
  /** How many KPIs moved. */
  readonly moved: number
  /** The report in one sentence. */
  readonly summary: string
  readonly findings: readonly DriftFinding[]
  readonly remarks: readonly string[]
  /** The whole report of this service, as Markdown. */
  readonly report: string
}

/** The audit row of a service and day: findings, remarks and text are its detail, the number of KPIs that moved its value. */
export function driftRow(findings: readonly DriftFinding[], remarks: readonly string[], day: string): AuditDraft {
  return {
    kind: 'drift-reported',
    metric: 'drift',
    value: findings.filter(({ kind }) => kind === 'moved').length,
    notes: sentenceOf(findings, day),
    actor: 'slipway',
    rollout: null,
    step: null,
    weightsBefore: null,
    weightsAfter: null,
    evidence: [],
    detail: { day, findings, remarks, report: reportOf(findings, day, remarks) },
  }
}

/** The report that a row of the audit holds; null where it is a row of another kind. */
export function reportIn(row: AuditRow): DriftReport | null {
  const { day, findings, remarks, report } = row.detail ?? {}
  if (row.kind !== 'drift-reported' || typeof day !== 'string' || typeof report !== 'string') return null
  if (!Array.isArray(findings) || !Array.isArray(remarks)) return null
  const { entityId: service, happenedAt: reportedAt, notes: summary, value } = row
  return { service, day, reportedAt, moved: value ?? 0, summary, findings, remarks, report }
}

/**
 * Many services' reports as one text in Markdown: a report for each day, the newest first. `without` names services
 * (`environment/name`) that have none.
 */
export function reportsText(reports: readonly DriftReport[], without: readonly string[]): string {
  const byDay = Map.groupBy(reports, ({ day }) => day)
  const days = [...byDay].sort(([a], [b]) => (a < b ? 1 : -1))
  const texts = days.map(([day, own]) => {
    const findings = own.flatMap((report) => report.findings)
    const remarks = own.flatMap((report) => report.remarks)
    return reportOf(findings, day, remarks)
  })
  const lacking = without.map((service) => `- **${service}**`).join('\n')
  if (without.length > 0) texts.push(`# Without a report\n\n${lacking}\n`)
  return texts.length === 0 ? '# Drift\n\nThere are no services.\n' : texts.join('\n')
}

function sentenceOf(findings: readonly DriftFinding[], day: string): string {
  const parts = [
    ...findings.flatMap((finding) => (finding.kind === 'moved' ? [movedSentence(finding)] : [])),
    countOf(findings, 'steady', 'as before'),
    ...findings.flatMap((finding) =>
      finding.kind === 'unclear' ? [`${finding.kpi} cannot be told: ${finding.why}`] : [],
    ),
  ].filter((part) => part !== null)
  return `drift on ${day}: ${parts.length === 0 ? 'there is no KPI to look at' : parts.join('; ')}`
}

function countOf(findings: readonly DriftFinding[], kind: DriftFinding['kind'], said: string): string | null {
  const count = findings.filter((finding) => finding.kind === kind).length
  return count === 0 ? null : `${count === 1 ? '1 KPI' : `${count} KPIs`} ${said}`
}
