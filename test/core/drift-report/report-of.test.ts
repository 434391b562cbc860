import { expect, test } from 'vitest'
import type { DriftFinding } from '../../../lib/core/drift-report/drift-of.ts'
import { reportOf } from '../../../lib/core/drift-report/report-of.ts'

const moved: DriftFinding = {
  service: 'production/shop',
  kpi: 'latency',
  unit: 'ms',
  kind: 'moved',
  against: 'week-before',
  distance: 0.3125,
  p: 0.00002,
  adjustedP: 0.00004,
  among: 2,
  minutes: 1440,
  effective: 108.4,
  shifts: [
    { quantile: 0.5, before: 150, today: 165.25 },
    { quantile: 0.99, before: 210, today: 208 },
  ],
}

test('a night reads as what moved, what cannot be told, and what stayed', () => {
  const findings: readonly DriftFinding[] = [
    {
      ...moved,
      kind: 'steady',
      kpi: 'errors',
      unit: 'ratio',
      against: 'day-before',
      distance: 0.02,
      p: 0.9,
      adjustedP: 0.9,
      shifts: [{ quantile: 0.5, before: 0.001, today: 0.001 }],
    },
    moved,
    {
      service: 'production/mail',
      kpi: 'queue',
      unit: 'plain',
      kind: 'unclear',
      why: 'it was measured in only 12 minutes of the day, 240 are needed',
    },
  ]
  expect(reportOf(findings, '2026-11-21')).toBe(`# Drift on 2026-11-21

3 KPIs were held against the same weekday a week before: 1 moved, 1 cannot be told.

## Moved

- **production/shop** latency since the same weekday a week before: p50 150 ms → 165 ms (+10 %), p99 210 ms → 208 ms (−1 %). Distance 0.313, by chance once in 25,000, counted among 2 KPIs (1440 minutes, worth 108 independent ones).

## Cannot be told

- **production/mail** queue: it was measured in only 12 minutes of the day, 240 are needed.

## As before

- **production/shop** errors: p50 0.1 % → 0.1 % (±0 %), distance 0.02, against the day before.

No rollout was changed because of this report.
`)
})

test('a quiet night says so, and so does one without KPIs', () => {
  expect(reportOf([{ ...moved, kind: 'steady' }], '2026-11-21')).toContain(
    '1 KPI was held against the same weekday a week before: none moved.',
  )
  expect(reportOf([], '2026-11-21')).toContain('No KPI was looked at.')
})

test('what moved furthest stands first, and a change from nothing has no percentage', () => {
  const further: DriftFinding = {
    ...moved,
    kpi: 'errors',
    unit: 'ratio',
    distance: 0.9,
    adjustedP: 1e-12,
    shifts: [{ quantile: 0.5, before: 0, today: 0.02 }],
  }
  const text = reportOf([moved, further], '2026-11-21')
  expect(text.indexOf('errors')).toBeLessThan(text.indexOf('latency'))
  expect(text).toContain('p50 0 % → 2 %. Distance 0.9, by chance less than once in a million')
})
