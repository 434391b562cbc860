import { describe, expect, test } from 'vitest'
import type { AuditRow } from '../../../lib/core/audit.ts'
import { compared, type DriftFinding, driftOf } from '../../../lib/core/drift-report/drift-of.ts'
import { movedSentence, reportOf } from '../../../lib/core/drift-report/report-of.ts'
import { type DriftReport, driftRow, reportIn, reportsText } from '../../../lib/core/drift-report/row.ts'
import { servingIn } from '../../../lib/core/drift-report/serving.ts'
import type { Footprint } from '../../../lib/core/rollout.ts'
import { aManifest, aRollout, MINUTE, T0 } from '../../support/builders.ts'
import { auditRows } from '../../support/state.ts'
import { driftDay } from './days.ts'

type Told = Exclude<DriftFinding, { kind: 'unclear' }>
const MOVED: Told = {
  service: 'production/shop',
  kpi: 'queue',
  unit: 'plain',
  kind: 'moved',
  against: 'day-before',
  distance: 0.5,
  p: 1e-6,
  adjustedP: 1e-6,
  among: 1,
  minutes: 300,
  effective: 20,
  shifts: [
    { quantile: 0.9, before: 7, today: 9 },
    { quantile: 0.5, before: 4, today: 5 },
  ],
}
const steady = (kpi: string): Told => ({ ...MOVED, kpi, kind: 'steady', against: 'week-before' })

describe('a report', () => {
  test('of one KPI that moved against the day before, with remarks', () => {
    expect(reportOf([MOVED, { ...steady('bare'), shifts: [] }], '2026-11-20', ['shop: a remark.'])).toBe(
      `# Drift on 2026-11-20

2 KPIs were held against the same weekday a week before: 1 moved.

## Moved

- **production/shop** queue since the day before: p90 7 → 9 (+29 %), p50 4 → 5 (+25 %). Distance 0.5, by chance once in 1,000,000 (300 minutes, worth 20 independent ones).

## As before

- **production/shop** bare: distance 0.5.

## To know

- shop: a remark.

No rollout was changed because of this report.
`,
    )
    expect(reportOf([steady('load')], '2026-11-20')).toContain(
      '- **production/shop** load: p50 4 → 5 (+25 %), distance 0.5.\n',
    )
  })

  test('in half a sentence says the middle and the 95th percentile alone', () => {
    const shifts = [...MOVED.shifts, { quantile: 0.95, before: 10, today: 5 }]
    expect(movedSentence({ ...MOVED, shifts })).toBe(
      'queue moved against the day before (p50 4 → 5 (+25 %), p95 10 → 5 (−50 %))',
    )
  })

  test('of two KPIs that did not move counts them', () => {
    expect(driftRow([steady('a'), steady('b')], [], '2026-11-20')).toEqual({
      kind: 'drift-reported',
      metric: 'drift',
      value: 0,
      notes: 'drift on 2026-11-20: 2 KPIs as before',
      actor: 'slipway',
      rollout: null,
      step: null,
      weightsBefore: null,
      weightsAfter: null,
      evidence: [],
      detail: {
        day: '2026-11-20',
        findings: [steady('a'), steady('b')],
        remarks: [],
        report: reportOf([steady('a'), steady('b')], '2026-11-20', []),
      },
    })
  })

  test('is read back only from a row that holds all of it', () => {
    const [pattern] = auditRows({ environment: 'production', name: 'shop' }, 1, 1)
    const detail = { day: '2026-11-20', findings: [], remarks: [], report: 'text' }
    const read = (more: object) => {
      if (pattern === undefined) throw new Error('a row was expected')
      return reportIn({ ...pattern, kind: 'drift-reported', value: null, detail: { ...detail, ...more } } as AuditRow)
    }
    expect(read({})).toMatchObject({ day: '2026-11-20', moved: 0, report: 'text' })
    for (const more of [{ day: 3 }, { report: 3 }, { findings: 3 }, { remarks: 3 }]) expect(read(more)).toBeNull()
  })

  test('of many days is one text, the newest day first', () => {
    const of = (day: string): DriftReport => ({
      service: 'production/shop',
      day,
      reportedAt: 0,
      moved: 0,
      summary: '',
      findings: [],
      remarks: [],
      report: '',
    })
    const days = ['2026-11-19', '2026-11-21', '2026-11-20', '2026-11-18']
    const text = reportsText(days.map(of), ['production/new', 'production/old'])
    expect(text).toBe(
      [
        ...days
          .toSorted()
          .toReversed()
          .map((day) => reportOf([], day, [])),
        '# Without a report\n\n- **production/new**\n- **production/old**\n',
      ].join('\n'),
    )
  })
})

describe('a day that changes hardly ever', () => {
  test('cannot be told, and says what its minutes are worth', () => {
    const slow = Array.from({ length: 240 }, (_, minute) => Math.floor(minute / 120))
    const day = driftDay({ today: slow, weekBefore: slow.toReversed() })
    const found = compared(day)
    expect(found).toEqual({
      service: 'production/shop',
      kpi: 'latency',
      unit: 'ms',
      kind: 'unclear',
      why: expect.stringMatching(/^its 240 minutes resemble their neighbours so much that they are worth only [1-5]$/),
    })
    expect(driftOf([day])).toEqual([found])
  })
})

describe('who served', () => {
  const { target } = aManifest()
  const SPAN = { from: T0, to: T0 + 10 * MINUTE }
  const at = SPAN.from - 60 * MINUTE
  const seen = (weights: Readonly<Record<string, number>>): Footprint =>
    ({ mode: 'Multiple', sticky: false, followsLatest: false, weights, labels: {}, revisions: [], active: [] }) as const
  const ended = aRollout(
    { kind: 'finished', outcome: 'promoted', because: 'done', at: at + MINUTE, watchUntil: at },
    {
      id: 'pricing-1',
      number: 1,
      startedAt: at,
      stable: 'r0',
      canary: 'r1',
      wished: [10],
      footprint: seen({ r1: 100 }),
    },
  )
  const told = (...rollouts: Parameters<typeof servingIn>[1]) =>
    servingIn(SPAN, rollouts, target).map(({ from, to, ...one }) => {
      return `${(from - T0) / MINUTE}–${(to - T0) / MINUTE} ${one.revision ?? one.why}`
    })

  test('is told by a rollout that has stable traffic and no footprint yet', () => {
    const begun = { ...ended, id: 'pricing-2', number: 2, startedAt: T0, stable: 'r1', footprint: null, wished: [0] }
    const waiting = { ...begun, phase: { kind: 'provisioning', since: T0 } as const }
    expect(told(ended, waiting)).toEqual(['0–10 r1'])
    expect(told(waiting)).toEqual(['0–10 r1'])
    expect(told({ ...ended, footprint: null })).toEqual(['0–10 r1'])
  })

  test('is nobody where the rollout before saw no revision with all traffic and the next did', () => {
    const split = { ...ended, stable: null, footprint: seen({ a: 50, b: 50 }), wished: [0] }
    const refused = { ...split, phase: { ...split.phase, outcome: 'refused' } as typeof ended.phase }
    const next = { ...ended, id: 'pricing-2', number: 2, startedAt: T0 + 5 * MINUTE, stable: 'a', wished: [0] }
    expect(told(refused, { ...next, canary: 'a', footprint: seen({ a: 100 }) })).toEqual([
      '0–5 pricing-2 found a with all traffic, pricing-1 had left it to none: somebody else changed it in between',
      '5–10 a',
    ])
  })

  test('is nobody while it moves, not for a minute longer, and empty stretches are none', () => {
    const now = { ...ended, phase: { ...ended.phase, at: T0 + 4 * MINUTE } as typeof ended.phase, startedAt: T0 }
    expect(told(now)).toEqual(['0–4 pricing-1 was moving traffic', '4–10 r1'])
    const late = {
      ...ended,
      startedAt: T0 + 10 * MINUTE,
      phase: { ...ended.phase, at: T0 + 10 * MINUTE } as typeof ended.phase,
    }
    expect(told(late)).toEqual(['0–10 no rollout tells which revision served before 2026-11-21 12:10'])
  })

  test('is not taken from an app whose name only reads alike', () => {
    const other = {
      ...target,
      resourceGroup: `${target.resourceGroup}${target.app.slice(0, 1)}`,
      app: target.app.slice(1),
    }
    const elsewhere = { ...ended, manifest: aManifest({ target: other }) }
    expect(told(elsewhere)).toEqual(['0–10 pricing-1 was of another container app than the manifest names now'])
  })
})
