import { describe, expect, test } from 'vitest'
import type { AuditKind, AuditRow } from '../../lib/core/audit.ts'
import { explain, explainEvidence, figureText } from '../../lib/core/explain.ts'
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

/** Every kind there is: the compiler holds the list complete. */
const KINDS: Readonly<Record<AuditKind, true>> = {
  'manifest-stored': true,
  'push-queued': true,
  'push-rejected': true,
  'rollout-started': true,
  'stable-found': true,
  'traffic-pinned': true,
  'revision-requested': true,
  'revision-ready': true,
  'step-started': true,
  'weights-confirmed': true,
  'measurements-lost': true,
  'measurements-back': true,
  paused: true,
  resumed: true,
  'promoted-by-hand': true,
  'rollback-started': true,
  'rollback-confirmed': true,
  'promotion-confirmed': true,
  'foreign-edit': true,
  'late-write-corrected': true,
  trouble: true,
  'trouble-over': true,
  'repair-requested': true,
  'revision-activated': true,
  'revision-deactivated': true,
  'deadline-passed': true,
  finished: true,
  'watch-ended': true,
}

describe('explain', () => {
  test('says when, which service, what, weights before and after, and the evidence', () => {
    expect(explain(aRow())).toBe(
      `2026-11-21 12:00:00Z production/pricing (pricing-2, step 2): step 1 passed; step 2 begins · ` +
        `traffic: ${STABLE} 90 %, ${CANARY} 10 % → ${STABLE} 50 %, ${CANARY} 50 % · ` +
        `p95: 182 ms against a limit of 200 ms, 12 bad of 900 requests from azure-logs, ` +
        `2026-11-21 12:00:00Z to 2026-11-21 13:00:00Z (1h) → pass`,
    )
  })

  for (const kind of Object.keys(KINDS) as AuditKind[]) {
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
    const nothing = someEvidence('inconclusive', {
      bad: null,
      total: null,
      value: null,
      because: 'p95: the workspace is gone',
    })
    expect(explainEvidence(nothing)).toContain('no figure from azure-logs')
    expect(explainEvidence(nothing)).toContain('p95: the workspace is gone → inconclusive')
  })
  test('counts without a figure say so', () => {
    expect(explainEvidence(someEvidence('inconclusive', { value: null }))).toContain(
      'p95: no figure against a limit of 200 ms, 12 bad of 900',
    )
  })
  test('figures carry their unit', () => {
    expect(figureText(182.4, 'ms')).toBe('182 ms')
    expect(figureText(0.0033, 'ratio')).toBe('0.33 %')
  })
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
  for (const first of ['=', '+', '-', '@', '\t']) {
    test(`a cell that begins with ${JSON.stringify(first)} cannot act as a formula`, () => {
      expect(csv([aRow({ actor: `${first}SUM(A1)` })])).toContain(`,'${first}SUM(A1),`)
    })
  }
  test('a negative number stays a number', () => expect(csv([aRow({ value: -3 })])).toContain(',-3,'))
  test('no rows are a header alone', () => expect(csv([]).split('\r\n')).toHaveLength(2))
})
