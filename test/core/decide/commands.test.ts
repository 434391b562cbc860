import { describe, expect, test } from 'vitest'
import type { Verb } from '../../../lib/core/facts.ts'
import type { Rollout } from '../../../lib/core/rollout.ts'
import {
  aCommand,
  aFreshRollout,
  anApp,
  appAt,
  aRevision,
  aRollout,
  aVerdict,
  CANARY,
  entries,
  finished,
  PREPARING,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  STABLE,
  T0,
} from '../../support/builders.ts'
import { asked, kinds, look, phaseOf } from './support.ts'

const early = { from: 'provisioning', stage: -1, steadyAt: null } as const
const refused = null

/** Of a rollout that is over nothing can be asked. */
const NOTHING: Readonly<Record<Verb, null>> = {
  promote: refused,
  'promote-full': refused,
  pause: refused,
  resume: refused,
  abort: refused,
  retry: refused,
  approve: refused,
  undo: refused,
}

/** Before the canary has traffic there is nothing to promote or resume. */
const UNSTARTED = { ...NOTHING, pause: 'paused operator' }

/** Phase × verb → the phase that follows; null = refused. */
const matrix: readonly [string, Rollout, Readonly<Record<Verb, string | null>>][] = [
  ['preparing, nothing known yet', aFreshRollout(), { ...UNSTARTED, abort: 'finished aborted' }],
  ['preparing, stable known', aRollout(PREPARING), { ...UNSTARTED, abort: 'rolling-back aborted' }],
  ['provisioning', aRollout(PROVISIONING), { ...UNSTARTED, abort: 'rolling-back aborted' }],
  [
    'progressing, weight not real yet',
    aRollout(progressing(0, null), { footprint: null }),
    {
      promote: 'progressing 1',
      'promote-full': 'progressing 2',
      pause: 'paused operator',
      resume: refused,
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'progressing in step 2',
    aRollout(progressing(1)),
    {
      promote: 'progressing 2',
      'promote-full': 'progressing 2',
      pause: 'paused operator',
      resume: refused,
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'the last step, weight not real yet',
    aRollout(progressing(2, null), { expected: [50, 100], footprint: null }),
    {
      promote: 'progressing 2',
      'promote-full': 'progressing 2',
      pause: 'paused operator',
      resume: refused,
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'the last step',
    aRollout(progressing(2)),
    {
      promote: 'finished promoted',
      'promote-full': 'finished promoted',
      pause: 'paused operator',
      resume: refused,
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'at a gate',
    aRollout(paused('gate')),
    {
      promote: 'progressing 1',
      'promote-full': 'progressing 2',
      pause: 'paused gate',
      resume: refused,
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'paused by an operator',
    aRollout(paused('operator')),
    {
      promote: 'progressing 1',
      'promote-full': 'progressing 2',
      pause: 'paused operator',
      resume: 'progressing 0',
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'paused by an operator in the last step',
    aRollout(paused('operator', { stage: 2 })),
    {
      promote: 'finished promoted',
      'promote-full': 'finished promoted',
      pause: 'paused operator',
      resume: 'finished promoted',
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'paused before the canary takes traffic',
    aRollout(paused('operator', early), { footprint: null }),
    {
      promote: refused,
      'promote-full': refused,
      pause: 'paused operator',
      resume: 'provisioning',
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'paused as inconclusive',
    aRollout(paused('inconclusive')),
    {
      promote: 'progressing 1',
      'promote-full': 'progressing 2',
      pause: 'paused inconclusive',
      resume: 'progressing 0',
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'paused by a foreign edit',
    aRollout(paused('foreign-edit')),
    {
      promote: refused,
      'promote-full': refused,
      pause: 'paused foreign-edit',
      resume: 'progressing 0',
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'parked by a fault',
    aRollout(paused('fault')),
    {
      promote: refused,
      'promote-full': refused,
      pause: 'paused fault',
      resume: 'progressing 0',
      abort: 'rolling-back aborted',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  [
    'rolling back',
    aRollout(rollingBack(), { footprint: null }),
    {
      promote: refused,
      'promote-full': refused,
      pause: refused,
      resume: refused,
      abort: 'rolling-back rolled-back',
      retry: refused,
      approve: refused,
      undo: refused,
    },
  ],
  ['promoted', aRollout(finished('promoted')), NOTHING],
  ['aborted', aRollout(finished('aborted')), NOTHING],
]

/** The app that each rollout of the matrix expects to see, except that nothing is ready yet before the first step. */
function appOf({ phase, stable }: Rollout) {
  if (stable === null || phase.kind === 'preparing' || phase.kind === 'provisioning') return anApp()
  if (phase.kind === 'paused' && phase.from === 'provisioning') return anApp()
  if (phase.kind === 'rolling-back') return appAt(10)
  if (phase.kind === 'progressing' && phase.steadyAt === null) return appAt(phase.stage === 0 ? 0 : 50)
  if (phase.kind === 'progressing' || phase.kind === 'paused') return appAt([10, 50, 100][phase.stage] ?? 0)
  return appAt(phase.outcome === 'promoted' ? 100 : 0)
}

describe('every verb in every phase', () => {
  for (const [name, rollout, row] of matrix) {
    for (const [verb, follows] of Object.entries(row) as [Verb, string | null][]) {
      test(`${name}: ${verb} ${follows === null ? 'is refused' : `→ ${follows}`}`, () => {
        const decision = look({ ...rollout }, appOf(rollout), {}, aCommand(verb, { reason: 'as agreed' }))
        expect(decision.answer?.because).not.toBe('')
        expect(decision.answer?.kind).toBe(follows === null ? 'refused' : 'done')
        if (follows !== null) expect(phaseOf(decision.next)).toBe(follows)
      })
    }
  }
})

describe('abort', () => {
  test('takes the weight from the canary in the same decision', () => {
    const decision = look(aRollout(progressing(1)), appAt(50), {}, aCommand('abort', { reason: 'wrong image' }))
    expect(asked(decision.actions)).toEqual({ [STABLE]: 100 })
    expect(decision.rows[0]).toMatchObject({
      kind: 'rollback-started',
      actor: 'ada',
      notes: 'aborted by ada: wrong image',
    })
    expect(decision.next.wished).toContain(50)
  })
  test('is obeyed although the figures fail in the same look, and although the app cannot be seen', () => {
    expect(phaseOf(look(aRollout(), appAt(10), { verdict: aVerdict('fail') }, aCommand('abort')).next)).toBe(
      'rolling-back aborted',
    )
    const blind = look(aRollout(), null, {}, aCommand('abort'))
    expect(phaseOf(blind.next)).toBe('rolling-back aborted')
    expect(blind.actions).toEqual([])
  })
  test('is obeyed although deeds have to wait', () => {
    const trouble = {
      kind: 'throttled',
      message: '429',
      retryAfterMs: null,
      during: 'deed',
      since: T0,
      retryAt: T0 + 70_000,
      count: 5,
    } as const
    const decision = look(aRollout(progressing(0), { trouble }), appAt(10), {}, aCommand('abort'))
    expect(asked(decision.actions)).toEqual({ [STABLE]: 100 })
  })
})

describe('promote', () => {
  test('raises the weight by one step and names the person', () => {
    const decision = look(aRollout(), appAt(10), {}, aCommand('promote'))
    expect(asked(decision.actions)).toEqual({ [STABLE]: 50, [CANARY]: 50 })
    expect(kinds(decision)).toEqual(['promoted-by-hand', 'step-started'])
    expect(decision.rows.every((row) => row.actor === 'ada')).toBe(true)
  })
  test('raises by one step only, although the step has passed in the same look', () => {
    const decision = look(
      aRollout(),
      appAt(10),
      { now: T0 + 90_000_000, verdict: aVerdict('pass') },
      aCommand('promote'),
    )
    expect(phaseOf(decision.next)).toBe('progressing 1')
  })
  for (const stage of [0, 2]) {
    test(`is refused in step ${stage + 1} while the figures fail`, () => {
      const decision = look(
        aRollout(progressing(stage)),
        appAt(stage === 0 ? 10 : 100),
        { verdict: aVerdict('fail') },
        aCommand('promote'),
      )
      expect(decision.answer).toMatchObject({ kind: 'refused', because: expect.stringContaining('p95 is fail') })
    })
  }
})

describe('resume', () => {
  test('after a foreign edit goes back to the weights of the step and bakes anew', () => {
    const edited = look(aRollout(), appAt(30))
    expect(phaseOf(edited.next)).toBe('paused foreign-edit')
    const resumed = look(edited.next, appAt(30), {}, aCommand('resume'))
    expect(resumed.next.phase).toMatchObject({ kind: 'progressing', stage: 0, steadyAt: null })
    expect(asked(resumed.actions)).toEqual({ [STABLE]: 90, [CANARY]: 10 })
  })
  test('after a pause by an operator keeps the bake', () => {
    expect(look(aRollout(paused('operator')), appAt(10), {}, aCommand('resume')).next.phase).toMatchObject({
      steadyAt: T0,
    })
  })
  for (const app of [{ mode: 'Single' }, { stickySessions: true }]) {
    test(`is refused while the app cannot have a canary (${Object.keys(app)[0]})`, () => {
      const edited = look(aRollout(), appAt(10, app))
      expect(phaseOf(edited.next)).toBe('paused foreign-edit')
      const decision = look(edited.next, appAt(10, app), {}, aCommand('resume'))
      expect(decision.answer).toMatchObject({
        kind: 'refused',
        because: expect.stringContaining('mend it with: az containerapp'),
      })
      expect(look(edited.next, appAt(10), {}, aCommand('resume')).answer?.kind).toBe('done')
    })
  }
  test('of a rollout that has seen nothing yet is not held up', () => {
    const early0 = aRollout(paused('operator', { from: 'preparing', stage: -1, steadyAt: null }), {
      stable: null,
      footprint: null,
    })
    expect(look(early0, null, {}, aCommand('resume')).answer?.kind).toBe('done')
  })
})

test('retry of a rollout that finished meanwhile says so', () => {
  expect(look(aRollout(finished('aborted')), appAt(0), {}, aCommand('retry')).answer?.because).toContain(
    'just finished (aborted)',
  )
})

test('a foreign label, weight or revision never moves while a foreign edit pauses the rollout', () => {
  const app = appAt(30, {
    traffic: [...entries({ [STABLE]: 70, [CANARY]: 30 })],
    revisions: [aRevision(STABLE), aRevision(CANARY), aRevision('x')],
  })
  expect(look(aRollout(paused('foreign-edit')), app, { verdict: aVerdict('fail') }).actions).toEqual([])
})
