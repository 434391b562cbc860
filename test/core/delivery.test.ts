import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditRow } from '../../lib/core/audit.ts'
import { finish, rollBack } from '../../lib/core/decide/move.ts'
import { deliveriesOf, measure, percentile } from '../../lib/core/delivery.ts'
import type { Outcome } from '../../lib/core/rollout.ts'
import { appAt, aRollout, facts, HOUR, MINUTE, T0 } from '../support/builders.ts'

const NONE = { cases: 0, medianMs: null, p90Ms: null }

let rowNumber = 0

function row(kind: AuditRow['kind'], at: number, rollout: string, more: Partial<AuditRow> = {}): AuditRow {
  rowNumber += 1
  return {
    schema: 1,
    id: `production/pricing#${rowNumber}`,
    seq: rowNumber,
    happenedAt: at,
    entityId: 'production/pricing',
    previousHash: '',
    hash: '',
    kind,
    metric: 'none',
    value: null,
    notes: kind,
    actor: 'slipway',
    rollout,
    step: null,
    weightsBefore: null,
    weightsAfter: null,
    evidence: [],
    detail: null,
    ...more,
  }
}

interface Told {
  /** Hours after T0. */
  readonly push: number
  readonly traffic: number | null
  readonly end: number
  readonly outcome?: Outcome
  readonly cause?: string
  readonly service?: string
}

/** The rows of one rollout; it starts a minute after its push. */
function told(rollout: string, { push, traffic, end, outcome = 'promoted', cause, service = 'pricing' }: Told) {
  const of = { entityId: `production/${service}` }
  const detail = { push: { pushedAt: T0 + push * HOUR }, ...(cause === undefined ? {} : { cause }) }
  const confirmed =
    traffic === null ? [] : [row('weights-confirmed', T0 + traffic * HOUR, rollout, { ...of, value: 10 })]
  return [
    row('rollout-started', T0 + push * HOUR + MINUTE, rollout, { ...of, detail }),
    ...confirmed,
    row('finished', T0 + end * HOUR, rollout, { ...of, notes: `${outcome}: so it was` }),
  ]
}

const over = (rows: readonly AuditRow[], from: number, to: number) =>
  measure(deliveriesOf(rows), { from: T0 + from * HOUR, to: T0 + to * HOUR })

describe('a fortnight that was worked out by hand', () => {
  // Window: 0 h to 240 h = 10 days.
  const rows = [
    // Deployed: 1 was pushed at 0 and had all traffic at 50: lead 50 h. Undone at 53: restored 53 − 50 = 3 h after.
    ...told('pricing-1', { push: 0, traffic: 2, end: 50 }),
    ...told('pricing-2', { push: 52, traffic: 52.5, end: 53, cause: 'undo' }),
    // Rolled back: first traffic at 61, gone at 65: restored in 4 h.
    ...told('pricing-3', { push: 60, traffic: 61, end: 65, outcome: 'rolled-back' }),
    // Deployed: lead 100 − 70 = 30 h.
    ...told('pricing-4', { push: 70, traffic: 71, end: 100 }),
    // A person aborted it at 112, two hours after its first traffic at 110: restored in 2 h.
    ...told('pricing-5', { push: 109, traffic: 110, end: 112, outcome: 'aborted' }),
    // Took traffic and gave way to a newer push: in the total, not failed.
    ...told('pricing-6', { push: 120, traffic: 121, end: 122, outcome: 'superseded' }),
    // Deployed: lead 140 − 121 = 19 h.
    ...told('pricing-7', { push: 121, traffic: 123, end: 140 }),
    // Nobody met these.
    ...told('pricing-8', { push: 150, traffic: null, end: 151, outcome: 'failed' }),
    ...told('pricing-9', { push: 160, traffic: null, end: 161, outcome: 'superseded' }),
    ...told('pricing-10', { push: 170, traffic: null, end: 171, outcome: 'unchanged' }),
    ...told('pricing-11', { push: 180, traffic: null, end: 181, outcome: 'refused' }),
    ...told('pricing-12', { push: 190, traffic: null, end: 191, outcome: 'aborted' }),
  ]

  it('counts deployments, lead times, failures and restores as the definitions say', () => {
    expect(over(rows, 0, 240)).toEqual({
      deployments: 3, // 1, 4, 7
      deploymentsPerDay: 0.3, // 3 in 10 days
      // 19, 30, 50 h: the median stands at place ⌈1.5⌉ = 2, the 90th percentile at ⌈2.7⌉ = 3.
      leadTime: { cases: 3, medianMs: 30 * HOUR, p90Ms: 50 * HOUR },
      // Took traffic: 1, 3, 4, 5, 6, 7. Failed: 1 (undone), 3, 5.
      changeFailure: { failed: 3, total: 6, ratio: 0.5 },
      // 2, 3, 4 h: places 2 and 3.
      timeToRestore: { cases: 3, medianMs: 3 * HOUR, p90Ms: 4 * HOUR },
    })
  })

  it('counts a rollout by its end: at `from` it is within, at `to` it is not', () => {
    expect(over(rows, 50, 100)).toMatchObject({ deployments: 1, leadTime: { medianMs: 50 * HOUR } })
    expect(over(rows, 51, 100)).toMatchObject({ deployments: 0, leadTime: NONE })
    expect(over(rows, 51, 100.1)).toMatchObject({ deployments: 1, leadTime: { medianMs: 30 * HOUR } })
  })

  it('counts an undone version as failed where it was promoted, and its restoring where the undo was confirmed', () => {
    expect(over(rows, 40, 53)).toMatchObject({ changeFailure: { failed: 1, total: 1, ratio: 1 }, timeToRestore: NONE })
    const later = over(rows, 53, 60)
    expect(later.changeFailure).toEqual({ failed: 0, total: 0, ratio: null })
    expect(later.timeToRestore).toEqual({ cases: 1, medianMs: 3 * HOUR, p90Ms: 3 * HOUR })
  })

  it('is nothing in a window without rollouts', () => {
    expect(over(rows, 1000, 1024)).toEqual({
      deployments: 0,
      deploymentsPerDay: 0,
      leadTime: NONE,
      changeFailure: { failed: 0, total: 0, ratio: null },
      timeToRestore: NONE,
    })
  })
})

describe('what an undo undoes', () => {
  it('is the newest promoted change that ended before it began, once', () => {
    const rows = [
      ...told('pricing-1', { push: 0, traffic: 1, end: 2 }),
      ...told('pricing-2', { push: 3, traffic: 4, end: 5 }),
      ...told('pricing-3', { push: 6, traffic: 6.5, end: 7, cause: 'undo' }),
      ...told('pricing-4', { push: 8, traffic: 8.5, end: 9, cause: 'undo' }),
    ]
    expect(deliveriesOf(rows).map(({ rollout, undoneAt }) => [rollout, undoneAt])).toEqual([
      ['pricing-1', null],
      ['pricing-2', T0 + 7 * HOUR],
      ['pricing-3', null],
      ['pricing-4', null],
    ])
    expect(over(rows, 0, 24)).toMatchObject({ deployments: 2, changeFailure: { failed: 1, total: 2, ratio: 0.5 } })
  })

  it('is nothing where the undo itself came to nothing', () => {
    const rows = [
      ...told('pricing-1', { push: 0, traffic: 1, end: 2 }),
      ...told('pricing-2', { push: 3, traffic: 4, end: 5, cause: 'undo', outcome: 'rolled-back' }),
    ]
    expect(over(rows, 0, 24)).toMatchObject({ changeFailure: { failed: 0, total: 1 }, timeToRestore: NONE })
  })

  it('takes the rollout that was still running for one that failed', () => {
    const rows = [
      ...told('pricing-1', { push: 0, traffic: 1, end: 2 }),
      ...told('pricing-2', { push: 3, traffic: 4, end: 6, outcome: 'superseded' }),
      row('undo-requested', T0 + 5 * HOUR, 'pricing-2'),
      ...told('pricing-3', { push: 5, traffic: null, end: 7, cause: 'undo', outcome: 'unchanged' }),
    ]
    expect(over(rows, 0, 24)).toMatchObject({
      deployments: 1,
      changeFailure: { failed: 1, total: 2 },
      timeToRestore: { cases: 1, medianMs: 2 * HOUR }, // from 4 to 6
    })
  })

  it('is never a version of another service, nor one that was promoted later', () => {
    const rows = [
      ...told('fare-1', { push: 0, traffic: 1, end: 2, service: 'fare' }),
      ...told('pricing-1', { push: 3, traffic: 4, end: 5, cause: 'undo' }),
      ...told('pricing-2', { push: 6, traffic: 7, end: 8 }),
    ]
    expect(deliveriesOf(rows).every(({ undoneAt }) => undoneAt === null)).toBe(true)
  })
})

describe('rows that are not as they should be', () => {
  it('a rollout without its end is left out, one without its start has no lead time', () => {
    const [start, traffic, end] = told('pricing-1', { push: 0, traffic: 1, end: 2 }) as [AuditRow, AuditRow, AuditRow]
    expect(deliveriesOf([start, traffic])).toEqual([])
    expect(over([traffic, end], 0, 24)).toMatchObject({ deployments: 1, leadTime: NONE, changeFailure: { total: 1 } })
  })

  it('an end in words that nobody knows is left out', () => {
    expect(deliveriesOf([row('finished', T0, 'pricing-1', { notes: 'exploded: so it was' })])).toEqual([])
    expect(deliveriesOf([row('finished', T0, 'pricing-1', { notes: 'promoted' })])).toEqual([])
    expect(deliveriesOf([row('manifest-stored', T0, 'pricing-1', { rollout: null })])).toEqual([])
  })

  it('a weight of 0 is no traffic, and a start without a push no lead time', () => {
    const rows = [
      row('rollout-started', T0, 'pricing-1', { detail: { push: null } }),
      row('weights-confirmed', T0, 'pricing-1', { value: 0 }),
      row('weights-confirmed', T0, 'pricing-1'),
      row('finished', T0 + HOUR, 'pricing-1', { notes: 'rolled-back: ill' }),
    ]
    expect(deliveriesOf(rows)).toMatchObject([{ pushedAt: null, firstTrafficAt: null }])
  })

  it('a push that is dated after its promotion took no time at all', () => {
    expect(over(told('pricing-1', { push: 3, traffic: 1, end: 2 }), 0, 24).leadTime).toMatchObject({ medianMs: 0 })
  })
})

it('reads the end of a rollout as the mind itself writes it', () => {
  const now = facts(appAt(10), { now: T0 + HOUR })
  const begun = { rollout: aRollout(), rows: [] }
  const ended = finish(rollBack(begun, now, 'rolled-back', 'p95: too slow'), now, 'rolled-back', 'p95: too slow')
  const rows = ended.rows.map((draft, n) => row(draft.kind, T0 + n, 'pricing-2', draft))
  expect(deliveriesOf(rows)).toMatchObject([{ rollout: 'pricing-2', outcome: 'rolled-back' }])
})

it.each([
  [[], 50, null],
  [[7], 90, 7],
  [[1, 2], 50, 1],
  [[3, 1, 2], 50, 2],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 90, 9],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 90, 10],
] as const)('the percentile of %j at %d is %j', (values, q, wanted) => {
  expect(percentile(values, q)).toBe(wanted)
})

const anyTold = fc.record({
  push: fc.integer({ min: 0, max: 300 }),
  traffic: fc.option(fc.integer({ min: 0, max: 300 })),
  end: fc.integer({ min: 0, max: 300 }),
  outcome: fc.constantFrom<Outcome>(
    'promoted',
    'rolled-back',
    'aborted',
    'superseded',
    'failed',
    'refused',
    'unchanged',
  ),
  cause: fc.constantFrom('push', 'undo'),
  service: fc.constantFrom('pricing', 'fare'),
})
const anyRows = fc.array(anyTold, { maxLength: 12 }).map((all) => all.flatMap((one, n) => told(`rollout-${n}`, one)))

describe('whatever happened', () => {
  it('the order of rows never matters, nor that some come twice', () => {
    fc.assert(
      fc.property(
        anyRows.chain((rows) =>
          fc.tuple(fc.constant(rows), fc.shuffledSubarray([...rows, ...rows], { minLength: rows.length * 2 })),
        ),
        ([rows, shuffled]) => {
          expect(over(shuffled, 0, 301)).toEqual(over(rows, 0, 301))
        },
      ),
    )
  })

  it('the counts of two neighbouring windows always add up to those of both', () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 1, max: 300 }), (rows, cut) => {
        const [whole, first, second] = [over(rows, 0, 301), over(rows, 0, cut), over(rows, cut, 301)]
        const counts = ({ deployments, leadTime, changeFailure: { failed, total }, timeToRestore }: typeof whole) => [
          deployments,
          leadTime.cases,
          failed,
          total,
          timeToRestore.cases,
        ]
        expect(counts(first).map((n, i) => n + (counts(second)[i] ?? 0))).toEqual(counts(whole))
      }),
    )
  })

  it('never more changes fail than took traffic, and no time is below zero', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const { changeFailure, leadTime, timeToRestore, deployments } = over(rows, 0, 301)
        expect(changeFailure.failed).toBeLessThanOrEqual(changeFailure.total)
        expect(deployments).toBeLessThanOrEqual(changeFailure.total)
        for (const { medianMs, p90Ms } of [leadTime, timeToRestore]) {
          expect(medianMs ?? 0).toBeGreaterThanOrEqual(0)
          expect(p90Ms ?? 0).toBeGreaterThanOrEqual(medianMs ?? 0)
        }
      }),
    )
  })
})
