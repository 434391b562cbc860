import { describe, expect, test } from 'vitest'
import { AUDIT_KINDS, type AuditRow } from '../../lib/core/audit.ts'
import { evidenceText, explain, explainEvidence, figureText } from '../../lib/core/explain.ts'
import { csv, presented } from '../../lib/core/export.ts'
import { CANARY, STABLE, someEvidence, T0 } from '../support/builders.ts'

function aRow(overrides: Partial<AuditRow> = {}): AuditRow {
  return {
    schema: 1,
    id: 'production/pricing#7',
    seq: 7,
    happenedAt: T0 + 123,
    entityId: 'production/pricing',
    kind: 'step-started',
    metric: 'canary-weight',
    value: 50,
    notes: 'step 1 passed; step 2 begins',
    actor: 'slipway',
    rollout: 'pricing-2',
    step: 2,
    weightsBefore: { [STABLE]: 90, [CANARY]: 10 },
    weightsAfter: { [STABLE]: 50, [CANARY]: 50 },
    evidence: [someEvidence('pass')],
    detail: null,
    previousHash: 'before',
    hash: 'after',
    ...overrides,
  }
}

describe('explain', () => {
  test('says when, which service, what, weights before and after, and the evidence', () => {
    expect(explain(aRow())).toBe(
      `2026-11-21 12:00:00Z production/pricing (pricing-2, step 2): step 1 passed; step 2 begins · ` +
        `traffic: ${STABLE} 90 %, ${CANARY} 10 % → ${STABLE} 50 %, ${CANARY} 50 % · ` +
        `p95: 1.3 % against a limit of 5 %, 12 bad of 900 (0.6 % to 2.6 % with 95 % confidence, stable 1.2 %, ` +
        `evidence against it 0.2 of 500 needed, 0.9 against stable) from azure-logs, ` +
        `2026-11-21 12:00:00Z to 2026-11-21 13:00:00Z (1h) → pass`,
    )
  })

  test('shouts where the glass was broken', () => {
    const notes = 'ada broke the glass with promote, past freeze weekend: the fix cannot wait'
    expect(explain(aRow({ kind: 'break-glass', notes, evidence: [] }))).toContain(`BREAK GLASS: ${notes}`)
    expect(explain(aRow())).not.toContain('BREAK GLASS')
  })

  for (const kind of AUDIT_KINDS) {
    test(`a row of kind ${kind} is one line that holds its time, its service and its reason`, () => {
      for (const row of [
        aRow({ kind }),
        aRow({ kind, rollout: null, step: null, weightsBefore: null, weightsAfter: null, evidence: [] }),
      ]) {
        const sentence = explain(row)
        expect(sentence).toMatch(/^2026-11-21 12:00:00Z production\/pricing/)
        expect(sentence).toContain('step 1 passed; step 2 begins')
        expect(sentence).not.toMatch(/undefined|null|NaN|\[object|\n/)
      }
    })
  }

  test('a person is named, the machine is not', () => {
    expect(explain(aRow({ actor: 'ada' }))).toContain('[by ada]')
    expect(explain(aRow())).not.toContain('[by')
  })
  test('a rollout without a step is named alone, and no rollout is left out', () => {
    expect(explain(aRow({ step: null }))).toContain('production/pricing (pricing-2): ')
    expect(explain(aRow({ rollout: null }))).toContain('production/pricing: ')
  })
  test('weights that did not change, or whose past is not known, are said once', () => {
    const after = { [STABLE]: 100 }
    for (const weightsBefore of [after, null]) {
      expect(explain(aRow({ weightsBefore, weightsAfter: after, evidence: [] }))).toContain(`traffic: ${STABLE} 100 %`)
      expect(explain(aRow({ weightsBefore, weightsAfter: after, evidence: [] }))).not.toContain('→')
    }
  })
  test('a reason of many lines becomes one', () => {
    expect(explain(aRow({ notes: 'aborted by ada: it\n\tburns' }))).toContain('aborted by ada: it burns')
  })
})

describe('explainEvidence', () => {
  test('where nothing could be measured the reason is said', () => {
    const nothing = someEvidence('error', {
      bad: null,
      total: null,
      value: null,
      interval: null,
      baseline: null,
      evalues: null,
      because: 'p95: the workspace is gone',
    })
    expect(explainEvidence(nothing)).toBe(
      'p95: the workspace is gone [p95 from azure-logs, 2026-11-21 12:00:00Z to 2026-11-21 13:00:00Z (1h)] → error',
    )
  })
  for (const lacking of [{ value: null }, { bad: null }, { total: null }]) {
    test(`without ${Object.keys(lacking)[0]} no figure is made up`, () => {
      expect(explainEvidence(someEvidence('nodata', lacking))).toMatch(/^p95 is nodata \[p95 from azure-logs/)
    })
  }
  test('a step of which no bucket is over has no window', () => {
    expect(explainEvidence(someEvidence('inconclusive', { to: T0 }))).toContain('from azure-logs → inconclusive')
  })
  test('what a pass still needs is said', () => {
    const waiting = someEvidence('inconclusive', { missing: 'the step bakes for 3h more' })
    expect(explainEvidence(waiting)).toMatch(/, a pass needs: the step bakes for 3h more → inconclusive$/)
  })
  for (const role of ['guard', 'advisory'] as const) {
    test(`that a KPI is ${role} is said, with figures and without`, () => {
      expect(explainEvidence(someEvidence('pass', { role }))).toMatch(new RegExp(`^p95 \\(${role}\\): 1.3 %`))
      expect(explainEvidence(someEvidence('error', { role, total: null }))).toContain(`[p95 (${role}) from azure-logs`)
    })
  }
  const unsure = { interval: null, baseline: null, evalues: null }
  test('what is not known about a figure is left out', () => {
    expect(explainEvidence(someEvidence('pass', unsure))).toContain('12 bad of 900 from azure-logs')
    expect(explainEvidence(someEvidence('pass', { ...unsure, baseline: { bad: 3, total: 1000 } }))).toContain(
      '12 bad of 900 (stable 0.3 %) from',
    )
  })
  test('a gauge is a bare number', () => {
    const gauge = someEvidence('pass', { ...unsure, kpi: 'queue', unit: 'figure', value: 41.0000004, limit: 100 })
    expect(explainEvidence(gauge)).toMatch(/^queue: 41 against a limit of 100, 12 bad of 900 from/)
  })
  test('counts of which some bad events may be missing are told as the least there are', () => {
    expect(explainEvidence(someEvidence('pass', { approximate: true }))).toContain('5 %, at least 12 bad of 900 (')
  })
  test('evidence that rests on unfinished buckets is told as such', () => {
    expect(explainEvidence(someEvidence('fail', { provisional: true }))).toContain(
      '0.9 against stable, with buckets that are not final yet) from',
    )
  })
  test('figures carry their unit', () => {
    expect(figureText(182.4, 'figure')).toBe('182.4')
    expect(figureText(0.0033, 'ratio')).toBe('0.33 %')
  })
})

describe('evidenceText', () => {
  const evalues = {
    absolute: 0.04,
    relative: 0,
    warmUp: 1,
    needed: 500,
    neededWarmUp: 1000,
    support: 1,
    overDispersion: 1,
  }
  const table: readonly [string, Parameters<typeof evidenceText>[0], string][] = [
    ['nothing', evalues, '0.04 of 500 needed, 0 against stable'],
    ['a little', { ...evalues, absolute: 12.345, relative: 1 }, '12 of 500 needed, 1 against stable'],
    ['much', { ...evalues, absolute: 612.7, relative: 99.96 }, '613 of 500 needed, 100 against stable'],
    ['very much', { ...evalues, absolute: 1e30, relative: 2.5e6 }, '1e30 of 500 needed, 3e6 against stable'],
    [
      'what both decide together, each with what it needs',
      { ...evalues, absolute: 172, relative: 1724 },
      '1724 of 500 needed against stable, with 172 of 10 needed against the limit',
    ],
    [
      'that it is worse than stable, and the limit not broken',
      { ...evalues, absolute: 3, relative: 500 },
      '500 of 500 needed against stable, 3 against the limit',
    ],
  ]
  test('says what the warm-up showed where that decided', () => {
    expect(evidenceText({ ...evalues, warmUp: 1004 })).toBe(
      '0.04 of 500 needed, 0 against stable, 1004 of 1000 in the warm-up',
    )
  })
  for (const [name, given, text] of table) test(`says ${name}`, () => expect(evidenceText(given)).toBe(text))
})

describe('export', () => {
  test('a presented row has its time in ISO 8601 and its sentence', () => {
    expect(presented(aRow())).toMatchObject({ happenedAt: '2026-11-21T12:00:00.123Z', sentence: explain(aRow()) })
  })
  test('CSV has a header, quotes what must be quoted, and leaves empty what is not there', () => {
    const [header, line, end] = csv([aRow({ notes: 'said "no", twice', evidence: [], step: null })]).split('\r\n')
    expect(header).toMatch(/^id,happenedAt,entityId,metric,value,notes,/)
    expect(line).toContain(',50,"said ""no"", twice",step-started,slipway,pricing-2,,')
    expect(end).toBe('')
  })
  for (const first of ['=', '+', '-', '@', '＝', '＠', '\t']) {
    test(`a cell that begins with ${JSON.stringify(first)} cannot act as a formula`, () => {
      expect(csv([aRow({ actor: `${first}SUM(A1)` })])).toContain(`,'${first}SUM(A1),`)
    })
  }
  test('a negative number stays a number', () => expect(csv([aRow({ value: -3 })])).toContain(',-3,'))
  test('no rows are a header alone', () => expect(csv([]).split('\r\n')).toHaveLength(2))
})
