import { expect, test } from 'vitest'
import type { AuditRow } from '../../../lib/core/audit.ts'
import { canonical } from '../../../lib/core/chain.ts'
import type { DriftFinding } from '../../../lib/core/drift-report/drift-of.ts'
import { driftRow, reportIn, reportsText } from '../../../lib/core/drift-report/row.ts'

const names = { service: 'production/shop', unit: 'ratio' } as const
const figures = { against: 'week-before', distance: 0.4, p: 1e-9, adjustedP: 1e-8, among: 3, minutes: 1440 } as const
const shifts = [0.5, 0.9, 0.95].map((quantile) => ({ quantile, before: quantile / 100, today: quantile / 50 }))
const FINDINGS: readonly DriftFinding[] = [
  { ...names, ...figures, kpi: 'p95', kind: 'moved', effective: 900, shifts },
  { ...names, ...figures, kpi: 'errors', kind: 'steady', effective: 900, shifts },
  { ...names, kpi: 'up', kind: 'unclear', why: 'probes see the present only' },
]

function stored(day = '2026-11-20', findings = FINDINGS, entityId = 'production/shop'): AuditRow {
  const draft = driftRow(findings, ['shop: a remark.'], day)
  const chained = {
    schema: 1,
    id: `${entityId}#1`,
    seq: 1,
    happenedAt: 5,
    entityId,
    previousHash: '',
    hash: '',
  } as const
  return JSON.parse(canonical({ ...draft, ...chained })) as AuditRow
}

test('a row says in one sentence what moved, what did not, and what cannot be told', () => {
  expect(driftRow(FINDINGS, [], '2026-11-20')).toMatchObject({
    kind: 'drift-reported',
    metric: 'drift',
    value: 1,
    actor: 'slipway',
    rollout: null,
    notes:
      'drift on 2026-11-20: p95 moved against the same weekday a week before (p50 0.5 % → 1 % (+100 %), p95 0.95 % → 1.9 % (+100 %)); 1 KPI as before; up cannot be told: probes see the present only',
  })
  expect(driftRow([], [], '2026-11-20').notes).toBe('drift on 2026-11-20: there is no KPI to look at')
})

test('a report is read back from its row as it was written, and no other row is one', () => {
  const report = reportIn(stored())
  expect(report).toMatchObject({ service: 'production/shop', day: '2026-11-20', reportedAt: 5, moved: 1 })
  expect(report?.findings).toEqual(FINDINGS)
  expect(report?.report).toContain('- shop: a remark.\n\nNo rollout was changed because of this report.')
  expect(reportIn({ ...stored(), kind: 'finished' })).toBeNull()
  expect(reportIn({ ...stored(), detail: null })).toBeNull()
  expect(reportIn({ ...stored(), detail: { day: '2026-11-20', report: '', findings: 3, remarks: [] } })).toBeNull()
})

test('reports of one day become one text, older ones follow, and who has none stands last', () => {
  const other = FINDINGS.map((finding) => ({ ...finding, service: 'production/mail' }))
  const rows = [stored('2026-11-19'), stored('2026-11-20', other, 'production/mail'), stored('2026-11-20')]
  const text = reportsText(
    rows.flatMap((row) => reportIn(row) ?? []),
    ['production/new'],
  )
  expect(text.match(/^# .*$/gm)).toEqual(['# Drift on 2026-11-20', '# Drift on 2026-11-19', '# Without a report'])
  expect(text).toContain('6 KPIs were held against the same weekday a week before: 2 moved, 2 cannot be told.')
  expect(text.endsWith('- **production/new**\n')).toBe(true)
  expect(reportsText([], [])).toBe('# Drift\n\nThere are no services.\n')
})
