import { describe, expect, test } from 'vitest'
import { decide } from '../../../lib/core/decide/decide.ts'
import { keepFor, supersede } from '../../../lib/core/decide/move.ts'
import type { Rollout } from '../../../lib/core/rollout.ts'
import { footprintOf } from '../../../lib/core/traffic.ts'
import {
  ASLEEP,
  aFreshRollout,
  aManifest,
  anAnalysis,
  anApp,
  appAt,
  aRevision,
  aRollout,
  CANARY,
  entries,
  facts,
  finished,
  HOUR,
  labelled,
  MINUTE,
  PROVISIONING,
  paused,
  progressing,
  rollingBack,
  SECOND,
  SICK,
  STABLE,
  STARTING,
  someTrouble,
  T0,
} from '../../support/builders.ts'
import { asked, kinds, look, phaseOf } from './support.ts'

const going = aRollout(rollingBack(), { footprint: null, expected: [10, 0] })
const goingSince = going.phase.kind === 'rolling-back' ? going.phase.since : Number.NaN
/** The same after so many repairs of its own. */
const repairedBefore = (repairs: number) => ({ ...going, repairs, repairBurst: { since: goingSince, before: 0 } })

describe('rolling back', () => {
  test('writes although an operation runs, since the canary must lose its traffic', () => {
    expect(asked(look(going, appAt(10, { provisioning: 'InProgress' })).actions)).toEqual({ [STABLE]: 100 })
  })
  test('lets its own write finish before it tries again against an operation that runs', () => {
    const busy = appAt(10, { provisioning: 'InProgress' })
    expect(look(going, busy, { now: T0 }).actions).toHaveLength(1)
    expect(look(going, busy, { now: T0 + 10 * SECOND }).actions).toEqual([])
    expect(look(going, busy, { now: T0 + 15 * SECOND }).actions).toHaveLength(1)
    expect(look(going, busy, { now: T0 - HOUR }).actions).toHaveLength(1)
  })
  test('goes on as soon as the operation that stood in its way has ended', () => {
    const standing = (kind: 'conflict' | 'unavailable') => ({
      ...going,
      trouble: someTrouble({ kind, retryAt: T0 + MINUTE + 10 * SECOND }),
    })
    expect(look(standing('conflict'), appAt(10)).actions).toHaveLength(1)
    expect(look(standing('conflict'), appAt(10, { provisioning: 'InProgress' })).actions).toEqual([])
    expect(look(standing('unavailable'), appAt(10)).actions).toEqual([])
  })
  test('keeps foreign labels where they are', () => {
    const traffic = [labelled(STABLE, 90, 'blue'), labelled(CANARY, 10, 'green')]
    expect(look(going, appAt(10, { traffic })).actions).toEqual([
      { kind: 'set-traffic', traffic: [labelled(STABLE, 100, 'blue'), labelled(CANARY, 0, 'green')] },
    ])
  })
  test('leaves to others what others took', () => {
    const traffic = entries({ [STABLE]: 50, [CANARY]: 20, 'pricing--x': 30 })
    expect(asked(look(going, appAt(10, { traffic })).actions)).toEqual({ [STABLE]: 70, 'pricing--x': 30 })
  })
  test('switches stable on first where somebody switched it off, waits while it starts, then shifts', () => {
    const withStable = (state: object) => appAt(10, { revisions: [aRevision(STABLE, state), aRevision(CANARY, SICK)] })
    const off = look(going, withStable({ active: false, ...ASLEEP }))
    expect(off.actions).toEqual([{ kind: 'activate', revision: STABLE }])
    expect(kinds(off)).toEqual(['revision-activated'])
    const starting = look(off.next, withStable(STARTING))
    expect(starting.actions).toEqual([])
    expect(asked(look(starting.next, withStable({})).actions)).toEqual({ [STABLE]: 100 })
  })
  test('repairs a template only once whoever has the traffic is switched on again', () => {
    const left = (state: object) =>
      appAt(0, { provisioning: 'Failed', revisions: [aRevision(STABLE, state), aRevision(CANARY, SICK)] })
    const off = look(going, left({ active: false, ...ASLEEP }))
    expect(off.actions).toEqual([{ kind: 'activate', revision: STABLE }])
    expect(kinds(off)).toEqual(['revision-activated'])
    expect(off.next.repairs).toBe(0)
    expect(look(off.next, left(STARTING)).actions).toEqual([
      { kind: 'repair', from: STABLE, suffix: 'r2-fix1', traffic: entries({ [STABLE]: 100 }) },
    ])
  })
  test('does not wait for a stable revision that never starts', () => {
    const app = appAt(10, { revisions: [aRevision(STABLE, STARTING), aRevision(CANARY)] })
    expect(asked(look(going, app, { now: T0 + 5 * MINUTE }).actions)).toEqual({ [STABLE]: 100 })
  })
  test('repairs a failed template together with the shift, a few times; then it waits until the next may be', () => {
    const failed = appAt(10, { provisioning: 'Failed' })
    expect(look(going, failed).actions).toEqual([
      { kind: 'repair', from: STABLE, suffix: 'r2-fix1', traffic: entries({ [STABLE]: 100 }) },
    ])
    expect(look(repairedBefore(5), failed, { now: goingSince }).actions).toEqual([])
    expect(look(repairedBefore(5), appAt(0, { provisioning: 'Failed' }), { now: goingSince }).actions).toEqual([])
    expect(look(repairedBefore(5), appAt(10)).actions.map((action) => action.kind)).toEqual(['set-traffic'])
  })
  test.each([
    [5, MINUTE - 1, undefined],
    [5, MINUTE, 'repair'],
    [6, MINUTE, undefined],
    [6, 2 * MINUTE, 'repair'],
    [49, 10 * HOUR, 'repair'],
    [50, 10 * HOUR, 'set-traffic'],
    [5, -HOUR, undefined],
  ])('after %i repairs, %i ms after it began, it asks for a %s', (repairs, after, kind) => {
    const failed = appAt(10, { provisioning: 'Failed' })
    const [deed] = look(repairedBefore(repairs), failed, { now: goingSince + after }).actions
    expect(deed?.kind).toBe(kind)
  })
  test.each([
    ['none of its own', 0, 'repair'],
    ['four of its own', 4, 'repair'],
    ['five of its own', 5, undefined],
  ])(
    'repairs that Azure failed while the canary rose do not count against it: after sixty of them and %s it asks for a %s',
    (_, own, kind) => {
      const repairBurst = own === 0 ? { since: goingSince - HOUR, before: 3 } : { since: goingSince, before: 60 }
      const tried = { ...going, repairs: 60 + own, repairBurst }
      const { next, actions } = look(tried, appAt(10, { provisioning: 'Failed' }), { now: goingSince })
      expect(actions.map((action) => action.kind)).toEqual(kind === undefined ? [] : [kind])
      expect(next.repairBurst).toEqual({ since: goingSince, before: 60 })
      const suffixes = actions.map((action) => ('suffix' in action ? action.suffix : null))
      expect(suffixes).toEqual(kind === undefined ? [] : [`r2-fix${61 + own}`])
    },
  )
  test('nor do those that an older build wrote, which did not say when', () => {
    const [deed] = look({ ...going, repairs: 50 }, appAt(10, { provisioning: 'Failed' })).actions
    expect(deed).toMatchObject({ kind: 'repair', suffix: 'r2-fix51' })
  })
  test('says once that the canary still has traffic, and goes on trying', () => {
    const late = look(going, appAt(10), { now: T0 + 5 * MINUTE })
    expect(kinds(late)).toEqual(['deadline-passed'])
    expect(late.actions).toHaveLength(1)
    expect(kinds(look(late.next, appAt(10), { now: T0 + 6 * MINUTE }))).toEqual([])
  })
  test('says once that nothing can be seen', () => {
    const trouble = look(going, null, { now: T0 + 5 * MINUTE })
    expect(kinds(trouble)).toEqual(['trouble', 'deadline-passed'])
    expect(trouble.actions).toEqual([])
  })
  const gone = (now: number, before: Rollout) => {
    const fault = { kind: 'not-found', message: 'no such app', retryAfterMs: null } as const
    return decide(before, { ...facts(null), now, app: { kind: 'unseen', fault } }, null)
  }
  test('ends where the app itself is gone and its canary never was to have users, so that it blocks no later push', () => {
    const early = { ...going, wished: [0] }
    const first = gone(T0 + 5 * MINUTE, early).next
    expect(phaseOf(gone(T0 + 15 * MINUTE - 1, first).next)).toBe('rolling-back rolled-back')
    const ended = gone(T0 + 15 * MINUTE, first)
    expect(phaseOf(ended.next)).toBe('finished rolled-back')
    expect(ended.rows.at(-1)?.notes).toContain('the app itself is gone')
    const given = { ...early, footprint: footprintOf(appAt(40), early) }
    expect(phaseOf(gone(T0 + 15 * MINUTE, gone(T0 + 5 * MINUTE, given).next).next)).toBe('rolling-back rolled-back')
    // One such answer is none: nobody had looked for hours.
    expect(phaseOf(gone(T0 + 5 * HOUR, early).next)).toBe('rolling-back rolled-back')
  })
  test('waits a day for an app that is gone and may come back with users on its canary, asks for it each minute, and takes them back', () => {
    const [first, late] = [gone(T0 + MINUTE, going), gone(T0 + 20 * HOUR, gone(T0 + 10 * MINUTE, going).next)]
    expect(first.next.wakeAt).toBe(T0 + MINUTE + 10 * SECOND)
    expect(kinds(gone(T0 + 10 * MINUTE, first.next))).toEqual(['deadline-passed'])
    expect(phaseOf(late.next)).toBe('rolling-back rolled-back')
    expect(late.next.wakeAt).toBe(T0 + 20 * HOUR + MINUTE)
    const busy = look(late.next, appAt(10, { provisioning: 'InProgress' }), { now: T0 + 20 * HOUR + MINUTE })
    expect(phaseOf(busy.next)).toBe('rolling-back rolled-back')
    expect(busy.next.wakeAt).toBeLessThanOrEqual(T0 + 20 * HOUR + 2 * MINUTE)
    expect(asked(look(late.next, appAt(10), { now: T0 + 20 * HOUR + MINUTE }).actions)).toEqual({ [STABLE]: 100 })
    expect(phaseOf(gone(T0 + 24 * HOUR, late.next).next)).toBe('finished rolled-back')
  })

  test('is confirmed by a look, and the canary is left to drain', () => {
    const decision = look(going, appAt(0))
    expect(phaseOf(decision.next)).toBe('finished rolled-back')
    expect(kinds(decision)).toEqual(['rollback-confirmed', 'finished'])
    expect(decision.next).toMatchObject({ leftovers: [CANARY], expected: [0] })
    expect(decision.actions).toEqual([])
  })
  test('while the revision is still being made, waits for the end of that operation, but not for ever', () => {
    const making = anApp({ provisioning: 'InProgress' })
    const rollout = aRollout(rollingBack({ outcome: 'aborted' }))
    expect(phaseOf(look(rollout, making).next)).toBe('rolling-back aborted')
    expect(look(rollout, making).actions).toEqual([])
    expect(phaseOf(look(rollout, making, { now: T0 + 10 * MINUTE }).next)).toBe('finished aborted')
  })
  test('after a failed create, repairs the template before it ends', () => {
    const rollout = aRollout(rollingBack({ outcome: 'failed' }))
    const repairing = look(rollout, anApp({ provisioning: 'Failed' }))
    expect(phaseOf(repairing.next)).toBe('rolling-back failed')
    expect(repairing.actions.map((action) => action.kind)).toEqual(['repair'])
    const repaired = anApp({ revisions: [aRevision(STABLE), aRevision('pricing--r2-fix1')] })
    const ended = look(repairing.next, repaired)
    expect(phaseOf(ended.next)).toBe('finished failed')
    expect(kinds(ended)).not.toContain('foreign-edit')
  })
  test('without a stable revision does nothing', () => {
    expect(look({ ...going, stable: null }, appAt(10)).actions).toEqual([])
  })
  test('writes down a foreign edit and goes on', () => {
    const decision = look(aRollout(rollingBack(), { footprint: null }), appAt(10))
    const edited = look(decision.next, appAt(10, { mode: 'Single' }))
    expect(kinds(edited)).toEqual(['foreign-edit', 'mode-set'])
    expect(phaseOf(edited.next)).toBe('rolling-back rolled-back')
  })
})

describe('rolling back in a mode in which the newest revision has all users', () => {
  const off = [aRevision(STABLE, { active: false, replicas: 0 }), aRevision(CANARY)]
  const latest = [{ revision: null, weight: 100, label: null }]
  test.each(['Single', 'Labels'])('sets %s to Multiple first, and moves nobody', (mode) => {
    const decision = look(going, anApp({ mode, revisions: off, traffic: latest, latestRevision: CANARY }))
    expect(decision.actions).toEqual([{ kind: 'set-mode', mode: 'Multiple' }])
    expect(decision.rows).toMatchObject([
      {
        kind: 'mode-set',
        metric: 'mode',
        weightsAfter: null,
        notes: expect.stringContaining(`is in ${mode} revision mode`),
      },
    ])
  })
  test('a failed template, which lets no other write pass, is repaired with the mode, once stable is on', () => {
    const app = { mode: 'Single', traffic: latest, latestRevision: CANARY, provisioning: 'Failed' }
    const first = look(going, anApp({ ...app, revisions: off }))
    expect(first.actions).toEqual([{ kind: 'activate', revision: STABLE }])
    const { actions } = look(first.next, anApp(app))
    expect(actions).toMatchObject([{ kind: 'repair', from: STABLE, mode: 'Multiple' }])
    expect(asked(actions)).toEqual({ [STABLE]: 100 })
  })
  test('after that, stable is switched on', () => {
    const app = anApp({ revisions: off, traffic: entries({ [CANARY]: 100 }) })
    expect(look(going, app).actions).toEqual([{ kind: 'activate', revision: STABLE }])
  })
  test('after the end, what the mode did to the traffic is no late write and is left', () => {
    const over = aRollout(finished('rolled-back'), { wished: [0, 100] })
    const app = anApp({ mode: 'Single', traffic: latest, latestRevision: CANARY })
    expect(asked(look(over, app).actions)).toBeNull()
    expect(asked(look(over, anApp({ traffic: entries({ [CANARY]: 100 }) })).actions)).toEqual({ [STABLE]: 100 })
  })
})

describe('superseded', () => {
  test('a rollout with traffic is rolled back first and looked at now', () => {
    const { rollout, rows } = supersede(aRollout(progressing(1)), T0 + HOUR, 'v3 supersedes it')
    expect(phaseOf(rollout)).toBe('rolling-back superseded')
    expect(rollout.wakeAt).toBe(T0 + HOUR)
    expect(rows).toMatchObject([{ kind: 'rollback-started', notes: 'v3 supersedes it' }])
  })
  test('a rollout that has touched nothing ends at once', () => {
    expect(phaseOf(supersede(aFreshRollout(), T0, 'v3').rollout)).toBe('finished superseded')
  })
  test('while its revision is being made, it ends when that operation has ended', () => {
    const { rollout } = supersede(aRollout(PROVISIONING), T0, 'v3')
    expect(phaseOf(look(rollout, anApp({ provisioning: 'InProgress' })).next)).toBe('rolling-back superseded')
    expect(phaseOf(look(rollout, appAt(0)).next)).toBe('finished superseded')
  })
})

describe('on watch', () => {
  const promoted = aRollout(finished('promoted'), { leftovers: [STABLE] })
  const rolledBack = aRollout(finished('rolled-back'), { leftovers: [CANARY] })

  test('traffic that a late write brought back is put right and watched longer', () => {
    const decision = look(promoted, appAt(50))
    expect(kinds(decision)).toEqual(['late-write-corrected'])
    expect(asked(decision.actions)).toEqual({ [CANARY]: 100 })
    expect(decision.next.phase).toMatchObject({ watchUntil: T0 + MINUTE + 15 * MINUTE })
  })
  test('it is looked at once a minute while a function that began before may still write, and then with every beat', () => {
    const manifest = aManifest({ analysis: anAnalysis({ intervalMs: HOUR }) })
    const at = (now: number) => look({ ...promoted, manifest, leftovers: [] }, appAt(100), { now }).next.wakeAt
    expect(at(T0 + 5 * MINUTE)).toBe(T0 + 6 * MINUTE)
    expect(at(T0 + 10 * MINUTE)).toBeGreaterThan(T0 + 30 * MINUTE)
    expect(at(T0 + 3 * HOUR)).toBeNull()
  })
  test('a late write of a rollout that was rolled back is put right too, onto stable that is switched on', () => {
    expect(asked(look(rolledBack, appAt(10)).actions)).toEqual({ [STABLE]: 100 })
    const off = appAt(10, { revisions: [aRevision(STABLE, { active: false }), aRevision(CANARY)] })
    expect(look(rolledBack, off).actions).toEqual([{ kind: 'activate', revision: STABLE }])
  })
  test('a late write is told as such although foreign hands had traffic when the rollback ended', () => {
    const traffic = entries({ 'pricing--x': 100 })
    const ended = look({ ...going, expected: [10, 0] }, appAt(0, { traffic }))
    expect(phaseOf(ended.next)).toBe('finished rolled-back')
    expect(kinds(look(ended.next, appAt(10)))).toEqual(['late-write-corrected'])
  })
  test('weights that were never ours are written down and left alone', () => {
    const decision = look(promoted, appAt(0, { traffic: entries({ [CANARY]: 60, 'pricing--x': 40 }) }))
    expect(kinds(decision)).toEqual(['foreign-edit'])
    expect(decision.actions).toEqual([])
    expect(phaseOf(decision.next)).toBe('finished promoted')
  })
  test('all traffic back at stable after a promotion is no late write: a person took the version out', () => {
    const decision = look(promoted, appAt(0))
    expect([kinds(decision), decision.actions]).toEqual([['foreign-edit'], []])
    expect(decision.next.phase).toEqual(promoted.phase)
  })
  test('a moved label is a foreign edit and no late write', () => {
    const decision = look(promoted, appAt(100, { traffic: [labelled(CANARY, 100, 'blue')] }))
    expect(kinds(decision)).toEqual(['foreign-edit'])
    expect(decision.next.phase).toEqual(promoted.phase)
  })
  test('a moved label beside a late write is written down as well', () => {
    const traffic = [labelled(STABLE, 50, 'blue'), ...entries({ [CANARY]: 50 })]
    expect(kinds(look(promoted, appAt(50, { traffic })))).toEqual(['late-write-corrected', 'foreign-edit'])
  })
  test('nothing is done without a keeper', () => {
    const gone = appAt(100, { revisions: [aRevision(STABLE)] })
    expect(look({ ...promoted, footprint: null }, gone, { now: T0 + HOUR }).actions).toEqual([])
    expect(look({ ...promoted, stable: null }, appAt(100), { now: T0 + HOUR }).actions).toEqual([])
  })

  test('the previous stable revision is kept ready for its time and switched off then', () => {
    expect(look(promoted, appAt(100), { now: T0 + 10 * MINUTE - 1 }).actions).toEqual([])
    const decision = look(promoted, appAt(100), { now: T0 + 10 * MINUTE })
    expect(decision.actions).toEqual([{ kind: 'deactivate', revision: STABLE }])
    expect(kinds(decision)).toEqual(['revision-deactivated'])
  })
  test('its time counts from the promotion, though the last step has had all traffic for an hour', () => {
    const baked = { ...promoted, trafficSeenAt: T0 - HOUR }
    expect(look(baked, appAt(100), { now: T0 + 10 * MINUTE - 1 }).actions).toEqual([])
    expect(look(baked, appAt(100), { now: T0 + 10 * MINUTE }).actions).toEqual([
      { kind: 'deactivate', revision: STABLE },
    ])
  })
  test('the canary drains before it is switched off, counted from when its traffic was seen to go', () => {
    const seen = look(
      aRollout(rollingBack(), { expected: [10, 0], footprint: aRollout(progressing(0)).footprint }),
      appAt(0),
      { now: T0 + HOUR },
    )
    expect(seen.next.trafficSeenAt).toBe(T0 + HOUR)
    expect(look(seen.next, appAt(0), { now: T0 + HOUR + 30 * SECOND - 1 }).actions).toEqual([])
    expect(look(seen.next, appAt(0), { now: T0 + HOUR + 30 * SECOND }).actions).toEqual([
      { kind: 'deactivate', revision: CANARY },
    ])
  })
  const kept: readonly [string, Parameters<typeof appAt>[1]][] = [
    ['while its keeper is not ready', { revisions: [aRevision(STABLE), aRevision(CANARY, STARTING)] }],
    ['while it has traffic', { traffic: entries({ [STABLE]: 1, [CANARY]: 99 }) }],
    ['while it has a label', { traffic: [...entries({ [CANARY]: 100 }), labelled(STABLE, 0, 'blue')] }],
    [
      'while a label follows it as the latest revision',
      { latestRevision: STABLE, traffic: [...entries({ [CANARY]: 100 }), labelled(null, 0, 'next')] },
    ],
    ['when it is off already', { revisions: [aRevision(STABLE, { active: false }), aRevision(CANARY)] }],
    ['while an operation runs', { provisioning: 'InProgress' }],
  ]
  for (const [name, app] of kept) {
    test(`a leftover is not switched off ${name}`, () => {
      expect(
        look({ ...promoted, footprint: null, trafficSeenAt: T0 - HOUR }, appAt(100, app), { now: T0 + HOUR }).actions,
      ).toEqual([])
    })
  }
  test('a keeper that sleeps is good enough', () => {
    const app = appAt(100, { revisions: [aRevision(STABLE), aRevision(CANARY, ASLEEP)] })
    expect(look(promoted, app, { now: T0 + HOUR }).actions).toHaveLength(1)
  })
  test('an ended canary is not woken', () => {
    const app = appAt(0, { provisioning: 'InProgress', revisions: [aRevision(STABLE), aRevision(CANARY, ASLEEP)] })
    expect(look(rolledBack, app).actions).toEqual([])
    expect(
      look(
        aRollout(paused('gate')),
        appAt(10, { provisioning: 'InProgress', revisions: [aRevision(STABLE), aRevision(CANARY, ASLEEP)] }),
      ).actions,
    ).toEqual([])
  })

  test('ends when all was quiet, with one row, and is never looked at again', () => {
    const off = appAt(100, { revisions: [aRevision(STABLE, { active: false }), aRevision(CANARY)] })
    const ended = look(promoted, off, { now: T0 + 15 * MINUTE })
    expect(ended.next.wakeAt).toBeNull()
    expect(kinds(ended)).toEqual(['watch-ended'])
    expect(kinds(look(ended.next, off, { now: T0 + HOUR }))).toEqual([])
  })
  test('that ends while nobody can see the app says so', () => {
    const ended = look({ ...promoted, leftovers: [] }, null, { now: T0 + 15 * MINUTE })
    expect(ended.rows.at(-1)).toMatchObject({
      kind: 'watch-ended',
      notes: expect.stringMatching(/^the app could not be seen/),
    })
  })
  test('goes on while a leftover is still on, but not for ever', () => {
    const traffic = [...entries({ [CANARY]: 100 }), labelled(STABLE, 0, 'blue')]
    const rollout = { ...promoted, footprint: null }
    expect(look(rollout, appAt(100, { traffic }), { now: T0 + 15 * MINUTE }).next.wakeAt).not.toBeNull()
    expect(look(rollout, appAt(100, { traffic }), { now: T0 + 30 * MINUTE }).next.wakeAt).toBeNull()
  })
  test('a leftover that is switched off in the last moment is looked at once more, and then it ends', () => {
    const traffic = entries({ [CANARY]: 100 })
    const last = look(promoted, appAt(100, { traffic }), { now: T0 + 30 * MINUTE })
    expect(last.actions).toEqual([{ kind: 'deactivate', revision: STABLE }])
    expect(last.next.wakeAt).toBe(T0 + 30 * MINUTE + 10 * SECOND)
    const off = [aRevision(STABLE, { active: false, replicas: 0 }), aRevision(CANARY)]
    const over = look(last.next, appAt(100, { traffic, revisions: off }), { now: T0 + 30 * MINUTE + 10 * SECOND })
    expect([over.next.wakeAt, over.actions]).toEqual([null, []])
    expect(over.rows).toMatchObject([{ kind: 'watch-ended', notes: expect.stringContaining('nothing moved') }])
  })
  test('several leftovers go off one after the other, however late that is', () => {
    const others = ['pricing--x', 'pricing--y']
    const leftovers = [STABLE, ...others]
    const on = (names: readonly string[]) =>
      appAt(100, {
        traffic: entries({ [CANARY]: 100 }),
        revisions: [aRevision(CANARY), ...leftovers.map((name) => aRevision(name, { active: names.includes(name) }))],
      })
    const started = { ...promoted, leftovers, footprint: footprintOf(on(leftovers), { ...promoted, leftovers }) }
    const deeds: unknown[] = []
    let [held, left] = [started, leftovers]
    for (let now = T0 + 5 * HOUR; held.wakeAt !== null && deeds.length < 9; now += 10 * SECOND) {
      const decision = look(held, on(left), { now })
      deeds.push(...decision.actions)
      held = decision.next as typeof held
      left = left.slice(decision.actions.length)
    }
    expect(deeds).toEqual(leftovers.map((revision) => ({ kind: 'deactivate', revision })))
    expect(left).toEqual([])
  })
  test('a leftover that stays on whatever is asked is given up in the end, and that is said', () => {
    const stays = appAt(100, { traffic: entries({ [CANARY]: 100 }) })
    const before = look(promoted, stays, { now: T0 + 45 * MINUTE - 1 })
    expect([before.actions.length, before.next.overdue]).toEqual([1, false])
    const once = look(before.next, stays, { now: T0 + 45 * MINUTE })
    expect([once.actions.length, once.next.overdue, once.next.wakeAt]).toEqual([1, true, T0 + 46 * MINUTE])
    const end = look(once.next, stays, { now: T0 + 46 * MINUTE })
    expect([end.actions, end.next.wakeAt]).toEqual([[], null])
    expect(end.rows).toMatchObject([
      { kind: 'watch-ended', notes: `the rollout is closed; ${STABLE} is still switched on` },
    ])
  })
  test('lasts at least as long as the drain', () => {
    const manifest = aManifest({ drainMs: 2 * HOUR })
    expect(look({ ...going, manifest }, appAt(0)).next.phase).toMatchObject({ watchUntil: T0 + MINUTE + 2 * HOUR })
  })
})

describe('a leftover is kept', () => {
  const rollout = aRollout(finished('rolled-back'), { leftovers: [CANARY, 'pricing--before'] })
  const { drainMs, scaleDownDelayMs } = rollout.manifest

  test('until it has drained, where this rollout made it and took it back', () => {
    expect(keepFor(rollout, 'rolled-back', CANARY)).toBe(drainMs)
  })
  test('as long as the manifest says, where this promotion or one before replaced it', () => {
    expect(scaleDownDelayMs).toBeGreaterThan(drainMs)
    expect(keepFor(rollout, 'rolled-back', 'pricing--before')).toBe(scaleDownDelayMs)
    expect(keepFor(rollout, 'promoted', CANARY)).toBe(scaleDownDelayMs)
  })
})
