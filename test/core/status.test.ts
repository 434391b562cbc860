import { describe, expect, test } from 'vitest'
import { revisionName } from '../../lib/core/app.ts'
import { assertNever } from '../../lib/core/assert-never.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import { type Status, statusOf } from '../../lib/core/status.ts'
import {
  aFreshRollout,
  aManifest,
  anAnalysis,
  aPush,
  aRollout,
  aService,
  aVerdict,
  CANARY,
  finished,
  HOUR,
  MINUTE,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  STABLE,
  someEvidence,
  someTrouble,
  T0,
} from '../support/builders.ts'

const iso = (at: number) => new Date(at).toISOString()
const NOW = T0 + MINUTE
const BAKED = T0 + HOUR + 2 * MINUTE

const gated = aManifest({
  stages: [
    { weight: 10, bakeMs: HOUR, gate: true },
    { weight: 100, bakeMs: 0, gate: false },
  ],
  deadlines: { ...aManifest().deadlines, gateMs: HOUR },
})

const never = aManifest({ analysis: anAnalysis({ onInconclusive: { afterMs: HOUR, then: 'promote-never' } }) })

const table: readonly [string, Rollout | null, Partial<Status>][] = [
  [
    'before the first rollout',
    null,
    { phase: 'idle', rollout: null, nextAt: null, weights: { wanted: null, actual: null } },
  ],
  [
    'preparing',
    aFreshRollout(),
    {
      what: 'pricing-2 (v2) is being prepared',
      why: 'the image and the app are being checked',
      step: null,
      weights: { wanted: null, actual: null },
    },
  ],
  [
    'provisioning',
    aRollout(PROVISIONING),
    {
      what: 'pricing-2 (v2) is waiting for its revision',
      why: `${CANARY} must be healthy before it takes traffic`,
      nextAt: iso(T0 + 10 * MINUTE),
      nextInMs: 9 * MINUTE,
      weights: { wanted: { [STABLE]: 100 }, actual: { [STABLE]: 100 } },
    },
  ],
  [
    'a weight that is not real yet',
    aRollout(progressing(0, null)),
    {
      why: 'the wished weight is not real yet',
      next: 'the bake of step 1 begins when its weight is real',
      step: { number: 1, of: 3 },
    },
  ],
  [
    'a bake',
    aRollout(progressing(0), { verdict: aVerdict('pass') }),
    {
      why: 'pass: p95 is pass',
      next: 'step 2 of 3 with 50 % when the KPIs hold over the whole step',
      nextAt: iso(BAKED),
    },
  ],
  ...(['nodata', 'error', 'suspect', 'inconclusive'] as const).map((kind): [string, Rollout, Partial<Status>] => [
    `a step that is ${kind}`,
    aRollout(progressing(0), { verdict: aVerdict(kind) }),
    { why: `${kind}: p95 is ${kind}`, next: 'step 2 of 3 with 50 % when the KPIs hold over the whole step' },
  ]),
  ['a bake before anything was measured', aRollout(), { why: 'no measurements yet', kpis: [] }],
  [
    'a bake that a gate follows',
    aRollout(progressing(0), { manifest: gated }),
    { next: 'step 2 of 2 with 100 % when the KPIs hold over the whole step, then a person opens the gate' },
  ],
  [
    'the last step',
    aRollout(progressing(2)),
    { next: 'the rollout is promoted when the KPIs hold over the whole step' },
  ],
  [
    'a last step without a bake whose weight is on its way',
    aRollout(progressing(2, null)),
    { next: `the rollout is promoted once ${CANARY} has all traffic`, nextAt: iso(T0) },
  ],
  [
    'a last step with a bake whose weight is on its way',
    aRollout(progressing(0, null), { manifest: aManifest({ stages: [{ weight: 100, bakeMs: HOUR, gate: false }] }) }),
    { next: 'the bake of step 1 begins when its weight is real' },
  ],
  [
    'a gate',
    aRollout(paused('gate')),
    {
      why: 'because of gate',
      next: 'promote opens the gate, abort rolls back',
      nextAt: null,
      step: { number: 1, of: 3 },
    },
  ],
  [
    'a gate with a deadline',
    aRollout(paused('gate'), { manifest: gated }),
    {
      next: 'promote opens the gate, abort rolls back; without either it is rolled back',
      nextAt: iso(T0 + HOUR),
      nextInMs: 59 * MINUTE,
    },
  ],
  [
    'a pause by a person',
    aRollout(paused('operator')),
    { why: 'because of operator', next: 'resume goes on, abort rolls back', nextAt: null },
  ],
  [
    'a step left unclear',
    aRollout(paused('inconclusive')),
    {
      why: 'because of inconclusive',
      next: 'promote goes on, resume waits longer, abort rolls back',
      nextAt: null,
      step: { number: 1, of: 3 },
    },
  ],
  [
    'a step left unclear that nobody may promote',
    aRollout(paused('inconclusive'), { manifest: never }),
    { next: 'resume waits longer, abort rolls back', nextAt: null },
  ],
  [
    'a foreign edit',
    aRollout(paused('foreign-edit')),
    {
      phase: 'paused',
      next: 'resume goes on, abort rolls back',
      weights: { wanted: null, actual: { [STABLE]: 90, [CANARY]: 10 } },
    },
  ],
  [
    'a rollback',
    aRollout(rollingBack(), { wakeAt: T0 }),
    { why: 'p95 did not hold', next: 'the canary loses its traffic', nextInMs: 0 },
  ],
  [
    'a watch',
    aRollout(finished('promoted')),
    { phase: 'finished', outcome: 'promoted', next: 'the watch for late writes ends', nextAt: iso(T0 + 15 * MINUTE) },
  ],
  [
    'the end',
    aRollout(finished('rolled-back'), { wakeAt: null }),
    {
      what: 'pricing-2 (v2) is finished (rolled-back)',
      next: 'nothing; the next matching push starts a rollout',
      nextAt: null,
      nextInMs: null,
    },
  ],
]

describe('statusOf', () => {
  for (const [name, rollout, expected] of table) {
    test(`${name} is told with what, why, next and when`, () => {
      const status = statusOf(aService(), rollout, NOW, null)
      expect(status).toMatchObject(expected)
      for (const text of [status.what, status.why, status.next]) expect(text).not.toMatch(/^$|undefined|NaN|Infinity/)
    })
  }

  test('a bake that is over and waits for figures says for how long', () => {
    const status = statusOf(aService(), aRollout(), BAKED + 5 * MINUTE, null)
    expect(status.next).toBe('step 2 of 3 with 50 % as soon as the KPIs pass (5m past the bake)')
  })
  test('too few requests move the next step to where there may be enough, and say so where that is too late', () => {
    const needs = (passAt: number) => {
      const verdict = aVerdict('inconclusive', [someEvidence('inconclusive', { passAt })])
      return statusOf(aService(), aRollout(progressing(0), { verdict }), BAKED + 5 * MINUTE, null)
    }
    expect(needs(BAKED + 20 * MINUTE)).toMatchObject({
      nextAt: iso(BAKED + 20 * MINUTE),
      next: expect.not.stringMatching(/longer/),
    })
    expect(needs(BAKED + 5 * HOUR).next).toMatch(
      /at the present traffic they need longer than the step may be extended$/,
    )
  })
  test('trouble that stands is the reason', () => {
    const status = statusOf(aService(), aRollout(progressing(0), { trouble: someTrouble() }), NOW, null)
    expect(status).toMatchObject({ why: 'too many calls', trouble: 'too many calls' })
  })
  test('what the KPIs said and what waits is shown', () => {
    const verdict = aVerdict('inconclusive')
    const status = statusOf(
      aService({ pending: [aPush({ tag: 'v3' })] }),
      aRollout(progressing(0), { verdict }),
      NOW,
      null,
    )
    expect(status).toMatchObject({ kpis: verdict.evidence, pending: ['v3'], manifestVersion: 3 })
  })
  test('weights that were never seen are not known', () => {
    expect(statusOf(aService(), aRollout(progressing(0), { footprint: null }), NOW, null).weights.actual).toBeNull()
  })
})

test('a revision is named after app and suffix with two dashes between', () =>
  expect(revisionName('pricing', 'r1')).toBe('pricing--r1'))
test('a case that cannot be says which one it was', () =>
  expect(() => assertNever({ kind: 'new' } as never)).toThrow('unexpected case: {"kind":"new"}'))
