import { describe, expect, test } from 'vitest'
import { supersede } from '../../../lib/core/decide/move.ts'
import type { Command, Facts, Verb } from '../../../lib/core/facts.ts'
import type { Rollout } from '../../../lib/core/rollout.ts'
import {
  aCommand,
  aFreshRollout,
  aManifest,
  anAnalysis,
  anApp,
  appAt,
  aRollout,
  aVerdict,
  HOUR,
  MINUTE,
  PROVISIONING,
  paused,
  progressing,
  SECOND,
  T0,
} from '../../support/builders.ts'
import { asked, kinds, look, phaseOf } from './support.ts'

const FREEZE = { id: 'weekend', reason: 'no changes', by: 'kim', since: T0, until: T0 + 60 * HOUR }
const STOP = { ...FREEZE, id: 'stop', until: null }
const present = { image: { kind: 'present' } } as const
const frozen: Partial<Facts> = { freeze: FREEZE }

describe('while a freeze holds', () => {
  test('a rollout waits in preparing, with nothing written to Azure and one row', () => {
    const first = look(aFreshRollout(), anApp(), { ...present, ...frozen })
    expect([phaseOf(first.next), kinds(first), first.actions]).toEqual(['preparing', ['freeze-held'], []])
    expect(first.rows[0]?.notes).toBe(
      'pricing-2 (v2) waits: held by freeze weekend (no changes, by kim) until 2026-11-24 00:00Z',
    )
    const again = look(first.next, anApp(), { ...present, ...frozen, now: T0 + 2 * MINUTE })
    expect([phaseOf(again.next), kinds(again)]).toEqual(['preparing', []])
  })

  test('it is looked at with every beat, and when the freeze ends', () => {
    const at = (now: number) => look(aFreshRollout(), anApp(), { ...present, ...frozen, now }).next.wakeAt
    expect(at(T0 + 30 * SECOND)).toBe(T0 + MINUTE)
    const soon = { ...present, freeze: { ...FREEZE, until: T0 + 70 * SECOND } }
    expect(look(aFreshRollout(), anApp(), soon).next.wakeAt).toBe(T0 + 70 * SECOND)
  })

  test('no deadline of its preparation runs, and none has passed when the freeze is over', () => {
    const late = T0 + 50 * HOUR
    const unknown = {
      image: { kind: 'unknown', trouble: { kind: 'unavailable', message: 'down', retryAfterMs: null } },
    } as const
    const held = look(aFreshRollout(), null, { ...unknown, ...frozen, now: late })
    expect(phaseOf(held.next)).toBe('preparing')
    expect(phaseOf(look(held.next, null, { ...unknown, now: late + 9 * MINUTE }).next)).toBe('preparing')
    expect(phaseOf(look(held.next, null, { ...unknown, now: late + 10 * MINUTE }).next)).toBe('finished failed')
  })

  test('an image that is not there ends the rollout all the same', () => {
    expect(phaseOf(look(aFreshRollout(), anApp(), { image: { kind: 'absent' }, ...frozen }).next)).toBe(
      'finished failed',
    )
  })

  test('a revision that is ready takes no traffic', () => {
    const decision = look(aRollout(PROVISIONING), appAt(0), { ...frozen, now: T0 + HOUR })
    expect([phaseOf(decision.next), kinds(decision)]).toEqual(['provisioning', ['freeze-held']])
    expect(phaseOf(look(decision.next, appAt(0), { now: T0 + HOUR + MINUTE }).next)).toBe('progressing 0')
  })

  const over = T0 + 2 * HOUR

  test('a step that has passed is not followed by the next until it is over', () => {
    const pass = { now: over, verdict: aVerdict('pass') }
    const held = look(aRollout(progressing(0)), appAt(10), { ...pass, ...frozen })
    expect([phaseOf(held.next), kinds(held)]).toEqual(['progressing 0', ['freeze-held']])
    const free = look(held.next, appAt(10), pass)
    expect([phaseOf(free.next), kinds(free)]).toEqual(['progressing 1', ['freeze-over', 'step-started']])
    expect([free.next.frozen, free.next.unfrozen]).toEqual([null, []])
  })

  test('its patience with unclear KPIs does not run', () => {
    const unclear = { verdict: aVerdict('inconclusive') }
    const held = look(aRollout(progressing(0)), appAt(10), { ...unclear, ...frozen, now: T0 + 30 * HOUR })
    expect(phaseOf(held.next)).toBe('progressing 0')
    expect(phaseOf(look(held.next, appAt(10), { ...unclear, now: T0 + 30 * HOUR + 59 * MINUTE }).next)).toBe(
      'progressing 0',
    )
    expect(phaseOf(look(held.next, appAt(10), { ...unclear, now: T0 + 31 * HOUR }).next)).toBe('paused inconclusive')
  })

  test('a failing KPI rolls back', () => {
    const fail = { now: over, verdict: aVerdict('fail'), ...frozen }
    const decision = look(aRollout(progressing(0), { frozen: FREEZE }), appAt(10), fail)
    expect([phaseOf(decision.next), decision.next.frozen]).toEqual(['rolling-back rolled-back', null])
  })

  test('the last step ends', () => {
    expect(phaseOf(look(aRollout(progressing(2)), appAt(100), frozen).next)).toBe('finished promoted')
    expect(phaseOf(look(aRollout(progressing(2)), appAt(100), frozen, aCommand('promote')).next)).toBe(
      'finished promoted',
    )
  })

  test('another freeze that takes over is written down anew', () => {
    const pass = { now: over, verdict: aVerdict('pass') }
    const held = look(aRollout(progressing(0)), appAt(10), { ...pass, ...frozen })
    const other = look(held.next, appAt(10), { ...pass, freeze: STOP })
    expect(kinds(other)).toEqual(['freeze-over', 'freeze-held'])
    expect(other.next.frozen?.id).toBe('stop')
  })

  test('an undo goes on', () => {
    const stages = [{ weight: 100, bakeMs: 0, gate: false }]
    const undo = aFreshRollout({ cause: 'undo', manifest: aManifest({ stages }) })
    const decision = look(undo, anApp(), { ...present, ...frozen })
    expect([phaseOf(decision.next), decision.next.frozen]).toEqual(['provisioning', null])
  })

  test('a rollout gives way to a newer push', () => {
    expect(phaseOf(supersede(aRollout(progressing(0), { frozen: FREEZE }), T0, 'v3 came').rollout)).toBe(
      'rolling-back superseded',
    )
  })

  test.each<[Verb, string, Rollout]>([
    ['abort', 'rolling-back aborted', aRollout(progressing(0))],
    ['pause', 'paused operator', aRollout(progressing(0))],
    ['resume', 'progressing 0', aRollout(paused('operator'))],
  ])('%s does what it does', (verb, phase, rollout) => {
    expect(phaseOf(look(rollout, appAt(10), frozen, aCommand(verb)).next)).toBe(phase)
  })

  test.each<[Verb, Rollout]>([
    ['promote', aRollout(progressing(0))],
    ['promote-full', aRollout(progressing(0))],
    ['promote', aRollout(paused('gate'))],
  ])('%s is refused, and the words name freeze, reason and end', (verb, rollout) => {
    const { answer } = look(rollout, appAt(10), frozen, aCommand(verb))
    expect(answer?.kind).toBe('refused')
    expect(answer?.because).toContain('is held by freeze weekend (no changes, by kim) until 2026-11-24 00:00Z')
  })
})

describe('a weight that was wished for before a freeze', () => {
  const wished = aRollout(progressing(1, null), { expected: [10, 50], wished: [0, 10, 50] })

  test('rises no further while it holds, which is written down once, and its deadline does not run', () => {
    const held = look(wished, appAt(10), { ...frozen, now: T0 + 5 * HOUR })
    expect([asked(held.actions), kinds(held)]).toEqual([null, ['freeze-held']])
    expect(held.rows[0]?.notes).toContain('the weight of 50 % waits: held by freeze weekend')
    const again = look(held.next, appAt(10), { ...frozen, now: T0 + 6 * HOUR })
    expect([asked(again.actions), kinds(again), again.next.overdue]).toEqual([null, [], false])
    const free = look(again.next, appAt(10), { now: T0 + 6 * HOUR + MINUTE })
    expect(asked(free.actions)?.[wished.canary]).toBe(50)
    expect(kinds(free)).toEqual(['freeze-over'])
  })

  test('may fall', () => {
    expect(asked(look({ ...wished, expected: [10, 80, 50] }, appAt(80), frozen).actions)?.[wished.canary]).toBe(50)
  })

  test('does not rise with a resume after foreign hands took it away', () => {
    const edited = aRollout(paused('foreign-edit'))
    const resumed = look(edited, appAt(0), frozen, aCommand('resume'))
    expect([resumed.answer?.kind, asked(resumed.actions)]).toEqual(['done', null])
  })

  test('rises where the glass was broken for this freeze, and not past another', () => {
    const broken = { ...wished, unfrozen: ['weekend'] }
    expect(asked(look(broken, appAt(10), frozen).actions)?.[wished.canary]).toBe(50)
    expect(asked(look(broken, appAt(10), { freeze: STOP }).actions)).toBeNull()
    const both = { freeze: { ...FREEZE, besides: [STOP] } }
    expect(asked(look(broken, appAt(10), both).actions)).toBeNull()
    expect(asked(look({ ...broken, unfrozen: ['weekend', 'stop'] }, appAt(10), both).actions)).not.toBeNull()
  })

  test('rises where an undo wished for it', () => {
    expect(asked(look({ ...wished, cause: 'undo' }, appAt(10), frozen).actions)).not.toBeNull()
  })
})

describe('freezes that cannot be read', () => {
  const UNREADABLE = { ...STOP, id: 'unreadable', reason: 'no answer', by: 'slipway', unreadable: true } as const

  test('they are read again within a minute, though the interval is an hour', () => {
    const manifest = aManifest({ analysis: anAnalysis({ intervalMs: HOUR }) })
    const held = (freeze: Facts['freeze']) =>
      look({ ...aFreshRollout(), manifest }, anApp(), { ...present, freeze, now: T0 + 5 * MINUTE }).next.wakeAt
    expect(held(UNREADABLE)).toBe(T0 + 6 * MINUTE)
    expect(held(STOP)).toBeGreaterThan(T0 + 30 * MINUTE)
  })
  const pass = { now: T0 + 2 * HOUR, verdict: aVerdict('pass') }

  test('hold a step, and say so once', () => {
    const held = look(aRollout(progressing(0)), appAt(10), { ...pass, freeze: UNREADABLE })
    expect([phaseOf(held.next), kinds(held)]).toEqual(['progressing 0', ['freeze-held']])
    expect(held.rows[0]?.notes).toBe(
      'step 2, for which step 1 has passed, waits: held by freezes that cannot be read (no answer) until they can',
    )
    expect(kinds(look(held.next, appAt(10), { ...pass, freeze: UNREADABLE }))).toEqual([])
    const over = look(held.next, appAt(10), pass)
    expect(kinds(over)).toEqual(['freeze-over', 'step-started'])
    expect(over.rows[0]?.notes).toBe('the freezes can be read again')
  })

  test('say nothing about the freeze that was written down', () => {
    const held = look(aRollout(progressing(0), { frozen: FREEZE }), appAt(10), { ...pass, freeze: UNREADABLE })
    expect([kinds(held), held.next.frozen]).toEqual([[], FREEZE])
  })

  test('do not lengthen the patience with unclear KPIs, which would wait anyway', () => {
    const unclear = { verdict: aVerdict('inconclusive') }
    const late = { ...unclear, now: T0 + HOUR + 50 * MINUTE }
    const once = look(aRollout(progressing(0)), appAt(10), { ...late, freeze: UNREADABLE })
    expect([phaseOf(once.next), kinds(once), once.next.frozenAt]).toEqual(['progressing 0', [], null])
    expect(phaseOf(look(once.next, appAt(10), { ...unclear, now: T0 + 2 * HOUR + 10 * MINUTE }).next)).toBe(
      'paused inconclusive',
    )
  })

  test('stop the clock of what they hold, from that look on', () => {
    const held = look(aRollout(PROVISIONING), appAt(0), { freeze: UNREADABLE, now: T0 + 9 * MINUTE })
    expect([kinds(held), held.next.frozenAt]).toEqual([['freeze-held'], T0 + 9 * MINUTE])
    const still = look(held.next, appAt(0), { freeze: UNREADABLE, now: T0 + 12 * MINUTE })
    expect([phaseOf(still.next), still.next.frozenAt]).toEqual(['provisioning', T0 + 12 * MINUTE])
  })

  test('stop the time of a gate, which nobody can open meanwhile', () => {
    const at = T0 + 11 * HOUR
    expect(look(aRollout(paused('gate')), appAt(10), { freeze: UNREADABLE, now: at }).next.frozenAt).toBe(at)
  })

  test('keep nothing from being rolled back', () => {
    const fail = { now: T0 + 2 * HOUR, verdict: aVerdict('fail'), freeze: UNREADABLE }
    expect(phaseOf(look(aRollout(progressing(0)), appAt(10), fail).next)).toBe('rolling-back rolled-back')
  })
})

describe('freezes that were not read', () => {
  const unread = { freeze: 'unread', now: T0 + 2 * HOUR } as const

  test.each<[Verb, string]>([
    ['pause', 'paused gate'],
    ['abort', 'rolling-back aborted'],
  ])('open no gate that has its approvals with %s, and end no freeze', (verb, phase) => {
    const approvals = { required: 1, from: null, notAuthor: false, validForMs: null }
    const approval = { id: 'bo', name: 'bo', step: 1, digest: aRollout().push.digest, at: T0, expiresAt: null }
    const rollout = aRollout(paused('gate'), {
      manifest: aManifest({ approvals }),
      approvals: [approval],
      frozen: FREEZE,
    })
    const decision = look(rollout, appAt(10), { ...unread, verdict: aVerdict('pass') }, aCommand(verb))
    expect(phaseOf(decision.next)).toBe(phase)
    expect(kinds(decision)).not.toContain('freeze-over')
    expect(kinds(decision)).not.toContain('step-started')
  })

  test('let no step begin and no weight rise', () => {
    const step = look(aRollout(progressing(0)), appAt(10), { ...unread, verdict: aVerdict('pass') })
    expect([phaseOf(step.next), kinds(step)]).toEqual(['progressing 0', []])
    const rise = look(aRollout(progressing(1, null), { expected: [10, 50] }), appAt(10), unread, aCommand('pause'))
    expect(asked(rise.actions)).toBeNull()
  })
})

describe('breaking the glass', () => {
  const why = 'the fix for the outage cannot wait'
  const override = (verb: Verb, more: Partial<Command> = {}) => aCommand(verb, { override: true, reason: why, ...more })

  test('takes a rollout past a freeze by one step, and shouts before the deed', () => {
    const decision = look(aRollout(progressing(0)), appAt(10), frozen, override('promote'))
    expect(phaseOf(decision.next)).toBe('progressing 1')
    expect(kinds(decision)).toEqual(['break-glass', 'promoted-by-hand', 'step-started'])
    expect(decision.rows[0]).toMatchObject({ actor: 'ada', detail: { reason: why, verb: 'promote' } })
    expect(decision.rows[0]?.notes).toContain('past freeze weekend (no changes, by kim)')
    const pass = { now: T0 + 3 * HOUR, verdict: aVerdict('pass'), ...frozen }
    const steady = { ...decision.next, unfrozen: [], phase: progressing(1, T0 + HOUR) }
    expect(phaseOf(look(steady, appAt(50), pass).next)).toBe('progressing 1')
  })

  test('lets a rollout begin that a freeze keeps from it, up to its first step and no further', () => {
    const begins = look(aFreshRollout({ frozen: FREEZE }), anApp(), { ...present, ...frozen }, override('promote'))
    expect([begins.answer?.kind, kinds(begins)]).toEqual(['done', ['break-glass']])
    const begun = look(begins.next, anApp(), { ...present, ...frozen })
    expect(phaseOf(begun.next)).toBe('provisioning')
    const first = look(begun.next, appAt(0), { ...frozen, now: T0 + 2 * MINUTE })
    expect([phaseOf(first.next), first.next.unfrozen]).toEqual(['progressing 0', ['weekend']])
    expect(asked(first.actions)?.[first.next.canary]).toBe(10)
    const real = look(first.next, appAt(10), { ...frozen, now: T0 + 3 * MINUTE })
    expect(real.next.unfrozen).toEqual([])
  })

  test('goes past promote-never and jumped gates, and names all of it', () => {
    const stages = aManifest().stages.map((stage) => ({ ...stage, gate: stage.weight === 10 }))
    const analysis = anAnalysis({ onInconclusive: { afterMs: HOUR, then: 'promote-never' } })
    const approvals = { required: 2, from: null, notAuthor: false, validForMs: null }
    const rollout = aRollout(progressing(0), { manifest: aManifest({ stages, analysis, approvals }) })
    const unclear = { now: T0 + 2 * HOUR, verdict: aVerdict('inconclusive'), ...frozen }
    const decision = look(rollout, appAt(10), unclear, override('promote'))
    expect(phaseOf(decision.next)).toBe('progressing 1')
    const { notes = '' } = decision.rows[0] ?? {}
    for (const word of ['promote-never', 'freeze weekend', 'the gate of step 1']) expect(notes).toContain(word)
  })

  test.each<Verb>(['promote', 'approve'])('opens a gate past missing approvals with %s', (verb) => {
    const approvals = { required: 2, from: ['bo', 'cy'], notAuthor: false, validForMs: null }
    const rollout = aRollout(paused('gate'), { manifest: aManifest({ approvals }) })
    const named = { step: 1, digest: rollout.push.digest }
    const decision = look(rollout, appAt(10), { verdict: aVerdict('pass') }, override(verb, named))
    expect(phaseOf(decision.next)).toBe('progressing 1')
    expect(decision.rows[0]?.kind).toBe('break-glass')
    expect(decision.rows[0]?.notes).toContain('missing approvals of step 1 (0 of 2 approvals')
    expect(decision.rows[0]?.notes).toContain('though ada is not among those who may approve it')
  })

  test('is bound to the freezes of that moment: another one that comes holds the rollout again', () => {
    const both = { ...present, freeze: { ...FREEZE, besides: [{ ...STOP, id: 'short' }] } }
    const broken = look(aFreshRollout({ frozen: FREEZE }), anApp(), both, override('promote'))
    expect(broken.next.unfrozen).toEqual(['weekend', 'short'])
    const other = look(broken.next, anApp(), { ...present, freeze: STOP })
    expect([phaseOf(other.next), kinds(other)]).toEqual(['preparing', ['freeze-held']])
  })

  test('is no more than what it says with a verb that nothing holds back', () => {
    const aborted = look(aRollout(progressing(0)), appAt(10), frozen, override('abort', { reason: '' }))
    expect([phaseOf(aborted.next), kinds(aborted)]).toEqual(['rolling-back aborted', ['rollback-started']])
  })

  test('breaks nothing where nothing is in the way', () => {
    const decision = look(aRollout(progressing(0)), appAt(10), {}, override('promote'))
    expect(kinds(decision)).toEqual(['promoted-by-hand', 'step-started'])
    const rollout = aRollout(paused('gate'))
    const named = { step: 1, digest: rollout.push.digest }
    const opened = look(rollout, appAt(10), { verdict: aVerdict('pass') }, override('approve', named))
    expect(kinds(opened)).toEqual(['approved', 'step-started'])
  })

  test('never goes past a failing KPI or a canary that is not well', () => {
    const fail = { now: T0 + 2 * HOUR, verdict: aVerdict('fail'), ...frozen }
    expect(look(aRollout(progressing(0)), appAt(10), fail, override('promote')).answer?.because).toContain(
      'rolled back',
    )
    const rollout = aRollout(paused('gate'), { unwell: 1 })
    const sick = appAt(10, {
      revisions: appAt(10).revisions.map((one) => ({ ...one, health: 'Unhealthy', running: 'Degraded' })),
    })
    const named = { step: 1, digest: rollout.push.digest }
    expect(look(rollout, sick, {}, override('approve', named)).answer?.kind).toBe('refused')
  })

  test.each([
    [override('promote', { reason: 'because' }), 'a reason of 10 characters or more'],
    [override('promote', { reason: '          ' }), 'a reason of 10 characters or more'],
  ])('is refused without need or reason', (command, words) => {
    const { answer } = look(aRollout(progressing(0)), appAt(10), frozen, command)
    expect(answer?.kind).toBe('refused')
    expect(answer?.because).toContain(words)
  })
})
