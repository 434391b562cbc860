import { describe, expect, test } from 'vitest'
import {
  ASLEEP,
  aCommand,
  aManifest,
  anAnalysis,
  appAt,
  aRevision,
  aRollout,
  aVerdict,
  CANARY,
  entries,
  HOUR,
  latency,
  MINUTE,
  paused,
  progressing,
  SICK,
  STABLE,
  STARTING,
  someEvidence,
  T0,
} from '../../support/builders.ts'
import { asked, kinds, look, phaseOf } from './support.ts'

const pass = aVerdict('pass')
const fail = aVerdict('fail')
const unclear = aVerdict('inconclusive')
/** The bake of step 1 is over and its source has caught up. */
const BAKED = { now: T0 + HOUR + 2 * MINUTE }

describe('progressing', () => {
  test('the bake counts from when the weight was seen', () => {
    const rollout = aRollout(progressing(0, null), { expected: [0, 10] })
    const waiting = look(rollout, appAt(0))
    expect(waiting.next.phase).toMatchObject({ steadyAt: null })
    const seen = look(rollout, appAt(10), { now: T0 + 3 * MINUTE })
    expect(seen.next.phase).toMatchObject({ steadyAt: T0 + 3 * MINUTE })
    expect(seen.next.expected).toEqual([10])
    expect(kinds(seen)).toEqual(['weights-confirmed'])
  })

  test('a weight that does not become real is said once, and is asked for again and again', () => {
    const rollout = aRollout(progressing(0, null), { expected: [0, 10] })
    const late = look(rollout, appAt(0), { now: T0 + 5 * MINUTE })
    expect(kinds(late)).toEqual(['deadline-passed'])
    expect(asked(late.actions)).toEqual({ [STABLE]: 90, [CANARY]: 10 })
    const later = look(late.next, appAt(0), { now: T0 + 6 * MINUTE })
    expect(kinds(later)).toEqual([])
    expect(later.actions).toHaveLength(1)
  })

  test('a step that passed is followed by the next, with the evidence', () => {
    const decision = look(aRollout(), appAt(10), { ...BAKED, verdict: pass })
    expect(phaseOf(decision.next)).toBe('progressing 1')
    expect(asked(decision.actions)).toEqual({ [STABLE]: 50, [CANARY]: 50 })
    const [row] = decision.rows
    expect(row).toMatchObject({ kind: 'step-started', step: 2, weightsAfter: { [STABLE]: 50, [CANARY]: 50 } })
    expect(row?.evidence).toEqual(pass.evidence)
  })

  test('a new step begins without the verdict of the one before', () => {
    expect(look(aRollout(), appAt(10), { ...BAKED, verdict: pass }).next.verdict).toBeNull()
  })

  const holds: readonly [string, Parameters<typeof look>[2]][] = [
    ['before its bake is over', { now: BAKED.now - 1, verdict: pass }],
    ['on an inconclusive verdict', { ...BAKED, verdict: unclear }],
    ['without any verdict', BAKED],
    [
      'on figures of an earlier step',
      { ...BAKED, verdict: aVerdict('pass', [someEvidence('pass', { from: T0 - 1 })]) },
    ],
    ['when the clock went back', { now: T0 - HOUR, verdict: pass }],
  ]
  for (const [name, at] of holds) {
    test(`a step is never left ${name}`, () => {
      const decision = look(aRollout(), appAt(10), at)
      expect(phaseOf(decision.next)).toBe('progressing 0')
      expect(decision.actions).toEqual([])
    })
  }

  test('a step is never left while the app cannot be seen; that is said once its waiting time is over', () => {
    const decision = look(aRollout(), null, { ...BAKED, verdict: pass })
    expect(phaseOf(decision.next)).toBe('progressing 0')
    const late = look(decision.next, null, { now: BAKED.now + HOUR, verdict: pass })
    expect(phaseOf(late.next)).toBe('progressing 0')
    expect(kinds(late)).toEqual(['deadline-passed'])
    expect(kinds(look(late.next, null, { now: BAKED.now + 2 * HOUR, verdict: pass }))).toEqual([])
  })

  for (const [when, now] of [
    ['while it bakes', T0 + MINUTE],
    ['after its bake', BAKED.now],
  ] as const) {
    test(`a step that fails ${when} is rolled back at once, with its evidence`, () => {
      const decision = look(aRollout(), appAt(10), { now, verdict: fail })
      expect(phaseOf(decision.next)).toBe('rolling-back rolled-back')
      expect(asked(decision.actions)).toEqual({ [STABLE]: 100 })
      expect(decision.next.verdict?.kind).toBe('fail')
      expect(decision.rows[0]).toMatchObject({
        kind: 'rollback-started',
        metric: 'p95',
        value: 12 / 900,
        evidence: fail.evidence,
      })
    })
  }

  test('the row of a rollback names the KPI that failed, not one that is only shown', () => {
    const shown = someEvidence('fail', { kpi: 'queue', role: 'advisory', value: 9 })
    const guard = someEvidence('fail', { kpi: 'errors', role: 'guard', value: 0.2 })
    const decision = look(aRollout(), appAt(10), { verdict: aVerdict('fail', [shown, guard]) })
    expect(decision.rows[0]).toMatchObject({ metric: 'errors', value: 0.2 })
  })

  test('a failing figure that nobody could count is told as 0', () => {
    const verdict = aVerdict('fail', [someEvidence('fail', { value: null })])
    expect(look(aRollout(), appAt(10), { verdict }).rows[0]).toMatchObject({ metric: 'p95', value: 0 })
  })

  test('a failing verdict without a telling figure rolls back all the same', () => {
    const decision = look(aRollout(), appAt(10), { verdict: aVerdict('fail', []) })
    expect(decision.rows[0]).toMatchObject({ metric: 'canary-weight', value: 0 })
  })

  test('a canary that is ill at two looks in a row is rolled back, at one it is not', () => {
    const ill = appAt(10, { revisions: [aRevision(STABLE), aRevision(CANARY, SICK)] })
    const once = look(aRollout(), ill)
    expect(phaseOf(once.next)).toBe('progressing 0')
    expect(phaseOf(look(once.next, ill).next)).toBe('rolling-back rolled-back')
    const recovered = look(once.next, appAt(10))
    expect(phaseOf(look(recovered.next, ill).next)).toBe('progressing 0')
  })

  test('a canary that has vanished with weight is rolled back', () => {
    const gone = appAt(10, { revisions: [aRevision(STABLE)] })
    const rollout = aRollout(progressing(0), { unwell: 1, footprint: null })
    const decision = look(rollout, gone)
    expect(phaseOf(decision.next)).toBe('rolling-back rolled-back')
    expect(decision.rows[0]?.notes).toContain('(gone)')
  })

  test('an illness seen before counts no further while the app cannot be seen', () => {
    expect(phaseOf(look(aRollout(progressing(0), { unwell: 2 }), null).next)).toBe('progressing 0')
  })
})

test('where the app runs, and where its two revisions can be reached alone, is remembered', () => {
  const revisions = [aRevision(STABLE), aRevision(CANARY, { fqdn: null }), aRevision('pricing--x')]
  expect(look(aRollout(), appAt(10, { revisions })).next.place).toEqual({
    region: 'westeurope',
    hosts: { [STABLE]: `${STABLE}.example.azurecontainerapps.io` },
  })
})

describe('a canary that restarts', () => {
  const often = { restarts: 3 }
  test('three times within minutes, at two looks in a row, is rolled back', () => {
    const once = look(aRollout(), appAt(10), often)
    expect(phaseOf(once.next)).toBe('progressing 0')
    const twice = look(once.next, appAt(10), { restarts: 4 })
    expect(phaseOf(twice.next)).toBe('rolling-back rolled-back')
    expect(twice.rows[0]).toMatchObject({ kind: 'rollback-started', metric: 'restarts', value: 4 })
    expect(twice.rows[0]?.notes).toBe(`${CANARY} restarted 4 times within ten minutes, at 2 looks in a row`)
  })
  test('twice is let be', () => {
    const rollout = aRollout(progressing(0), { restarting: 1 })
    expect(phaseOf(look(rollout, appAt(10), { restarts: 2 }).next)).toBe('progressing 0')
    expect(look(rollout, appAt(10), { restarts: 2 }).next.restarting).toBe(0)
  })
  test('where nobody can tell is as it was before', () => {
    const rollout = aRollout(progressing(0), { restarting: 1 })
    expect(look(rollout, appAt(10)).next.restarting).toBe(1)
    expect(phaseOf(look(look(rollout, appAt(10)).next, appAt(10), often).next)).toBe('rolling-back rolled-back')
    const unseen = look(aRollout(progressing(0), { restarting: 2 }), appAt(10))
    expect(unseen.rows[0]?.notes).toContain('restarted several times')
  })
  test('begins to be counted anew with every step', () => {
    const decision = look(aRollout(progressing(0), { restarting: 1 }), appAt(10), { ...BAKED, verdict: pass })
    expect([phaseOf(decision.next), decision.next.restarting]).toEqual(['progressing 1', 0])
  })
})

describe('the last step', () => {
  test('without a bake it is over as soon as its weight is seen', () => {
    const rollout = aRollout(progressing(2, null), { expected: [50, 100] })
    const decision = look(rollout, appAt(100))
    expect(phaseOf(decision.next)).toBe('finished promoted')
    expect(kinds(decision)).toEqual(['weights-confirmed', 'promotion-confirmed', 'finished'])
    expect(decision.next.leftovers).toEqual([STABLE])
    expect(decision.actions).toEqual([])
  })

  test('that was seen with all traffic is over, although the app cannot be seen now', () => {
    const decision = look(aRollout(progressing(2)), null)
    expect(phaseOf(decision.next)).toBe('finished promoted')
    expect(decision.rows.find(({ kind }) => kind === 'promotion-confirmed')).toMatchObject({ weightsAfter: null })
  })

  const baked = aManifest({ stages: [{ weight: 100, bakeMs: HOUR, gate: false }] })
  test('with a bake all traffic is judged before it is over', () => {
    const rollout = aRollout(progressing(0), { manifest: baked })
    expect(phaseOf(look(rollout, appAt(100)).next)).toBe('progressing 0')
    expect(phaseOf(look(rollout, appAt(100), { ...BAKED, verdict: pass }).next)).toBe('finished promoted')
  })
  test('with a bake a failing verdict takes all traffic back to stable', () => {
    const decision = look(aRollout(progressing(0), { manifest: baked }), appAt(100), { verdict: fail })
    expect(asked(decision.actions)).toEqual({ [STABLE]: 100 })
  })
  test('stable that sleeps takes all traffic back at once', () => {
    const app = appAt(100, { revisions: [aRevision(STABLE, ASLEEP), aRevision(CANARY)] })
    expect(asked(look(aRollout(progressing(0), { manifest: baked }), app, { verdict: fail }).actions)).toEqual({
      [STABLE]: 100,
    })
  })

  for (const bakeMs of [0, HOUR]) {
    test(`a gate at the end (bake ${bakeMs} ms) waits for a person before the rollout is promoted`, () => {
      const manifest = aManifest({ stages: [{ weight: 100, bakeMs, gate: true }] })
      const held = look(aRollout(progressing(0), { manifest }), appAt(100), { ...BAKED, verdict: pass })
      expect(phaseOf(held.next)).toBe('paused gate')
      const opened = look(held.next, appAt(100), BAKED, aCommand('promote'))
      expect(phaseOf(opened.next)).toBe('finished promoted')
    })
  }
})

describe('a manual gate', () => {
  const stages = [
    { weight: 10, bakeMs: HOUR, gate: true },
    { weight: 10, bakeMs: 0, gate: false },
    { weight: 100, bakeMs: 0, gate: false },
  ]
  const analysis = anAnalysis({ kpis: [latency({ lagMs: 0 })] })
  const manifest = aManifest({ stages, analysis, deadlines: { ...aManifest().deadlines, gateMs: 2 * HOUR } })
  const atGate = aRollout(paused('gate'), { manifest })

  test('is reached when the step has passed', () => {
    const decision = look(aRollout(progressing(0), { manifest }), appAt(10), { ...BAKED, verdict: pass })
    expect(phaseOf(decision.next)).toBe('paused gate')
    expect(decision.rows[0]).toMatchObject({ kind: 'paused', metric: 'gate', evidence: pass.evidence })
  })
  test('is not opened by good figures', () => {
    expect(phaseOf(look(atGate, appAt(10), { ...BAKED, verdict: pass }).next)).toBe('paused gate')
  })
  test('does not keep a bad canary from being rolled back', () => {
    expect(phaseOf(look(atGate, appAt(10), { verdict: fail }).next)).toBe('rolling-back rolled-back')
  })
  test('that nobody opens in time ends the rollout', () => {
    expect(phaseOf(look(atGate, appAt(10), { now: T0 + 2 * HOUR - 1 }).next)).toBe('paused gate')
    expect(phaseOf(look(atGate, appAt(10), { now: T0 + 2 * HOUR }).next)).toBe('rolling-back aborted')
  })
  test('without a deadline stays open for ever', () => {
    expect(phaseOf(look(aRollout(paused('gate')), appAt(10), { now: T0 + 9000 * HOUR }).next)).toBe('paused gate')
  })
  test('that is opened begins one step, whatever the figures of the step before say', () => {
    const decision = look(atGate, appAt(10), { ...BAKED, verdict: pass }, aCommand('promote'))
    expect(phaseOf(decision.next)).toBe('progressing 1')
    expect(decision.next.phase).toMatchObject({ steadyAt: BAKED.now })
  })
})

test('a step of the same weight is steady only where that weight was seen', () => {
  const stages = [
    { weight: 10, bakeMs: HOUR, gate: true },
    { weight: 10, bakeMs: HOUR, gate: false },
    { weight: 100, bakeMs: 0, gate: false },
  ]
  const rollout = aRollout(progressing(0, null), { manifest: aManifest({ stages }), footprint: null })
  const promoted = look(rollout, appAt(30), {}, aCommand('promote'))
  expect(promoted.next.phase).toMatchObject({ stage: 1, steadyAt: null })
})

describe('the gap while progressing', () => {
  const going = aRollout(progressing(0, null), { expected: [0, 10] })

  test('nothing is written while an operation runs', () => {
    expect(look(going, appAt(0, { provisioning: 'InProgress' })).actions).toEqual([])
  })
  test('no weight goes to a canary that is not ready; one that sleeps is woken', () => {
    const asleep = appAt(0, { revisions: [aRevision(STABLE), aRevision(CANARY, ASLEEP)] })
    expect(look(going, asleep).actions.map((action) => action.kind)).toEqual(['wake'])
    const starting = appAt(0, { revisions: [aRevision(STABLE), aRevision(CANARY, STARTING)] })
    expect(look(going, starting).actions).toEqual([])
  })
  test('nothing can be done for a canary that is not there', () => {
    expect(look(going, appAt(0, { revisions: [aRevision(STABLE)] })).actions).toEqual([])
  })
  test('a canary or a stable revision that is off is switched on before it gets weight', () => {
    const canaryOff = appAt(0, { revisions: [aRevision(STABLE), aRevision(CANARY, { active: false })] })
    const rollout = { ...going, footprint: null }
    expect(look(rollout, canaryOff).actions).toEqual([{ kind: 'activate', revision: CANARY }])
    const stableOff = appAt(0, { revisions: [aRevision(STABLE, { active: false }), aRevision(CANARY)] })
    const decision = look(rollout, stableOff)
    expect(decision.actions).toEqual([{ kind: 'activate', revision: STABLE }])
    expect(kinds(decision)).toContain('revision-activated')
  })
  test('a revision that has its weight but is off is switched on after resume', () => {
    const off = appAt(10, { revisions: [aRevision(STABLE, { active: false }), aRevision(CANARY)] })
    const seen = look(aRollout(), off)
    expect(phaseOf(seen.next)).toBe('paused foreign-edit')
    expect(seen.actions).toEqual([])
    const resumed = look(seen.next, off, {}, aCommand('resume'))
    expect(resumed.actions).toEqual([{ kind: 'activate', revision: STABLE }])
  })
  test('users go back to a stable revision only once it can serve: a hand had given them all to the canary', () => {
    const rollout = { ...going, footprint: null }
    const stable = (state: object) => appAt(100, { revisions: [aRevision(STABLE, state), aRevision(CANARY)] })
    expect(look(rollout, stable(STARTING)).actions).toEqual([])
    expect(asked(look(rollout, stable(ASLEEP)).actions)).toEqual({ [STABLE]: 90, [CANARY]: 10 })
    expect(asked(look(rollout, stable({})).actions)).toEqual({ [STABLE]: 90, [CANARY]: 10 })
  })
  test('weight is taken away from a canary although it is not ready', () => {
    const rollout = aRollout(progressing(0, null), { footprint: null })
    const tooMuch = appAt(50, { revisions: [aRevision(STABLE), aRevision(CANARY, STARTING)] })
    expect(asked(look(rollout, tooMuch).actions)).toEqual({ [STABLE]: 90, [CANARY]: 10 })
  })
  test('a failed template of somebody else is repaired together with the weights', () => {
    const decision = look(going, appAt(0, { provisioning: 'Failed' }))
    expect(decision.actions).toEqual([
      { kind: 'repair', from: STABLE, suffix: 'r2-fix1', traffic: entries({ [STABLE]: 90, [CANARY]: 10 }) },
    ])
  })
  test('weights that are right by way of the latest revision are pinned, once that was taken note of', () => {
    const traffic = [...entries({ [STABLE]: 90 }), { revision: null, weight: 10, label: null }]
    const edited = look(aRollout(), appAt(10, { traffic }))
    expect([kinds(edited), phaseOf(edited.next), edited.actions]).toEqual([['foreign-edit'], 'paused foreign-edit', []])
    const known = { ...aRollout(), footprint: edited.next.footprint }
    expect(look(known, appAt(10, { traffic })).actions).toEqual([
      { kind: 'set-traffic', traffic: entries({ [STABLE]: 90, [CANARY]: 10 }) },
    ])
  })
  test('a pause before the first step makes no deeds', () => {
    const early = aRollout(paused('operator', { from: 'provisioning', stage: -1, steadyAt: null }))
    expect(look(early, appAt(0)).actions).toEqual([])
  })
})
