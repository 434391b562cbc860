import { expect, test } from 'vitest'
import type { AuditRow } from '../../../lib/core/audit.ts'
import { checkNotices } from '../../../sim/checks/s10-notices.ts'
import { checkForeignEdits } from '../../../sim/checks/s12-foreign-edits.ts'
import { checkPrincipals } from '../../../sim/checks/s14-principals.ts'
import { checkNeighbours } from '../../../sim/checks/s15-neighbours.ts'
import { checkSecrets } from '../../../sim/checks/s17-secrets.ts'
import { checkStatic } from '../../../sim/checks/s18-static.ts'
import {
  decision,
  end,
  evidence,
  fault,
  foundBy,
  HOUR,
  MINUTE,
  measured,
  REVISIONS,
  read,
  row,
  service,
  type Told,
  traffic,
  write,
} from './tell.ts'

const ENTITY = 'production/shop'
const APP = 's/g/shop'
const SET_UP = { mode: 'Multiple', sticky: false, followsLatest: false, labels: {}, revisions: [], active: [] }

function edit(at: number, after: Readonly<Record<string, number>>, changes: object = {}): Told {
  const told = { what: 'weights', before: { old: 90, new: 10 }, after, setUpBefore: SET_UP, setUpAfter: SET_UP }
  return { at, kind: 'edit', app: APP, ...told, ...changes }
}

const stepping = (at: number, changes: object = {}) =>
  decision(at, { phase: 'progressing', stage: 0, canaryWeight: 10, wakeAt: at + MINUTE, ...changes })
const handsOff = (at: number, commit = 2) => stepping(at, { phase: 'paused', canaryWeight: null, commit })
const foreign = (at: number, changes: Partial<AuditRow> = {}) =>
  ({
    ...row(at, 'foreign-edit', {
      actor: 'unknown',
      weightsBefore: { old: 90, new: 10 },
      weightsAfter: { old: 40, new: 60 },
      ...changes,
    }),
    commit: 2,
  }) as Told

const watched = [service(), traffic(0, { old: 90, new: 10 }), read(0), stepping(0)]
const met = [edit(10, { old: 40, new: 60 }), traffic(10, { old: 40, new: 60 }), read(MINUTE)]

test('a foreign edit is written down with both sides by the first decision that saw it, and left', () => {
  const story = [...watched, ...met, handsOff(MINUTE), foreign(MINUTE), read(2 * MINUTE), handsOff(2 * MINUTE, 3)]
  expect(foundBy(checkForeignEdits(), ...story, end(HOUR))).toEqual([])
})

test('who looked in vain after a look that came to nothing has seen no edit, and whoever sees it next writes it down', () => {
  const inVain = [...watched, ...met, read(2 * MINUTE, 'InternalServerError'), stepping(2 * MINUTE, { commit: 2 })]
  expect(foundBy(checkForeignEdits(), ...inVain, end(HOUR))).toEqual([])
  const silent = [...inVain, read(3 * MINUTE), handsOff(3 * MINUTE, 3), end(HOUR)]
  expect(foundBy(checkForeignEdits(), ...silent)).toHaveLength(1)
})

test.each([
  ['not written down', [handsOff(MINUTE), end(HOUR)], /an edit of the weights was seen by a decision and not written/],
  ['told without what was found', [handsOff(MINUTE), foreign(MINUTE, { weightsAfter: { old: 90, new: 10 } })], /found/],
  [
    'told without what was there',
    [handsOff(MINUTE), foreign(MINUTE, { weightsBefore: { old: 40, new: 60 } })],
    /before/,
  ],
  [
    'overwritten while hands are kept off',
    [handsOff(MINUTE), foreign(MINUTE), write(2 * MINUTE, { old: 90, new: 10 })],
    /was to keep its hands off/,
  ],
  [
    'overwritten after the end',
    [
      stepping(MINUTE, { phase: 'finished', outcome: 'aborted', canaryWeight: 0, commit: 2 }),
      foreign(MINUTE),
      write(2 * MINUTE, { old: 100 }),
    ],
    /after the end of shop-1, over what a hand had given/,
  ],
  [
    'to be seen after an interval only',
    [handsOff(MINUTE), foreign(MINUTE), stepping(MINUTE, { wakeAt: HOUR })],
    /interval/,
  ],
] as const)('an edit that is %s breaks S12', (_, then, says) => {
  expect(foundBy(checkForeignEdits(), ...watched, ...met, ...then, end(HOUR)).join()).toMatch(says)
})

test('a look is an interval off at most, by a clock that is ahead as well, or that was put right while its worker slept', () => {
  const believing = (clock: number): Told => {
    return { at: MINUTE, kind: 'wake', worker: 3, path: 'timer', environment: 'production', clock }
  }
  const next = (clock: number, inMs: number) => [
    ...watched,
    believing(clock),
    read(MINUTE),
    stepping(MINUTE, { wakeAt: MINUTE + inMs }),
  ]
  const interval = 5 * MINUTE
  expect(foundBy(checkForeignEdits(), ...next(MINUTE, interval), end(HOUR))).toEqual([])
  expect(foundBy(checkForeignEdits(), ...next(-3 * MINUTE, interval), end(HOUR))).toEqual([])
  expect(foundBy(checkForeignEdits(), ...next(4 * MINUTE, interval + 3 * MINUTE), end(HOUR))).toEqual([])
  expect(foundBy(checkForeignEdits(), ...next(MINUTE, interval + 3 * MINUTE), end(HOUR)).join()).toMatch(/interval/)
  expect(foundBy(checkForeignEdits(), ...next(-3 * MINUTE, interval + 3 * MINUTE), end(HOUR))).toHaveLength(1)
})

test('a change of mode, sessions or labels counts as well, and the weights of the step itself do not', () => {
  const set = (setUpAfter: object) => [
    ...watched,
    edit(10, { old: 90, new: 10 }, { setUpAfter: { ...SET_UP, ...setUpAfter } }),
    read(MINUTE),
    handsOff(MINUTE),
    end(HOUR),
  ]
  expect(foundBy(checkForeignEdits(), ...set({ mode: 'Single' })).join()).toMatch(/a change of the mode/)
  expect(foundBy(checkForeignEdits(), ...set({ sticky: true })).join()).toMatch(/a change of the sessions/)
  expect(foundBy(checkForeignEdits(), ...set({ labels: { green: 'old' } })).join()).toMatch(/a change of the labels/)
  expect(foundBy(checkForeignEdits(), ...set({}))).toEqual([])
})

test('what a hand does while ARM shows the past nobody can write down, and afterwards everybody can', () => {
  const stale = (at: number, moment: 'begins' | 'ends') =>
    fault(at, 'F8', moment, { variant: 'reads-stale', entity: ENTITY })
  const blind = [...watched, stale(5, 'begins'), ...met, stepping(MINUTE, { commit: 2 })]
  expect(foundBy(checkForeignEdits(), ...blind, end(HOUR))).toEqual([])
  const again = [edit(2 * MINUTE, { old: 30, new: 70 }), traffic(2 * MINUTE, { old: 30, new: 70 }), read(3 * MINUTE)]
  const sighted = [...blind, stale(2 * MINUTE, 'ends'), ...again, stepping(3 * MINUTE, { commit: 3 })]
  expect(foundBy(checkForeignEdits(), ...sighted, end(HOUR)).join()).toMatch(/an edit of the weights was seen/)
})

const people: readonly Told[] = [
  { at: 0, kind: 'principal', actor: 'olga', role: 'operator', services: null },
  { at: 0, kind: 'principal', actor: 'petra', role: 'approver', services: ['other'] },
]
const asks = (actor: string, verb: string): Told => ({
  at: 1,
  kind: 'command',
  id: 'c1',
  verb,
  actor,
  entity: ENTITY,
  worker: 0,
})
const answer = (word: string): Told => ({
  at: 2,
  kind: 'command-answered',
  id: 'c1',
  entity: ENTITY,
  answer: word,
  because: '',
})

test('what stands in the audit was done by the machine, by a delivery, or by somebody who asked and may', () => {
  const pushed: Told = { at: 0, kind: 'push-accepted', id: 'e1', entity: null, tag: 'v1', digest: 'sha256:bb' }
  const begun = row(0, 'rollout-started', { actor: 'acr', detail: { push: { digest: 'sha256:bb' } } })
  const paused = row(3, 'paused', { actor: 'olga' })
  const found = foundBy(checkPrincipals(), ...people, pushed, begun, asks('olga', 'pause'), answer('done'), paused)
  expect(found).toEqual([])
})

test.each([
  ['the machine resumes', [row(3, 'resumed')], /only a person may wish for that/],
  ['a push nobody accepted', [row(3, 'rollout-started', { actor: 'acr', detail: null })], /no delivery of acr/],
  ['somebody who did not ask', [row(3, 'paused', { actor: 'olga' })], /did not ask/],
  ['a stranger', [asks('mallory', 'pause'), answer('forbidden'), row(3, 'paused', { actor: 'mallory' })], /may not/],
  [
    'a foreign service',
    [asks('petra', 'promote'), answer('forbidden'), row(3, 'promoted-by-hand', { actor: 'petra' })],
    /petra may not/,
  ],
  [
    'another command',
    [asks('olga', 'pause'), answer('done'), row(3, 'resumed', { actor: 'olga' })],
    /asked for pause only/,
  ],
  ['a right that is missing', [asks('olga', 'promote'), answer('done')], /olga may not promote .* answered done/],
  ['a right that is refused', [asks('olga', 'abort'), answer('forbidden')], /olga may abort .* answered forbidden/],
  ['a name for a foreign edit', [row(3, 'foreign-edit', { actor: 'olga' })], /what nobody knows of/],
  ['a manifest of an operator', [row(3, 'manifest-stored', { actor: 'olga' })], /olga may not/],
] as const)('%s breaks S14', (_, then, says) => {
  expect(foundBy(checkPrincipals(), ...people, ...then).join()).toMatch(says)
})

const other: Told = { ...service(), entity: 'production/other', app: 's/g/other' } as Told
const unreadable = (at: number, moment: 'begins' | 'ends') =>
  fault(at, 'F15', moment, { variant: 'row-unreadable', entity: ENTITY })

test('beside a service that cannot be read, the others are looked at in their time', () => {
  const waits = stepping(0, { entity: 'production/other', wakeAt: 5 * MINUTE })
  const begun = [service(), other, waits, unreadable(MINUTE, 'begins')]
  const looked: Told = { at: 6 * MINUTE, kind: 'arm-read', worker: 3, app: 's/g/other', call: 'observe', code: null }
  expect(foundBy(checkNeighbours(), ...begun, looked, read(9 * MINUTE))).toEqual([])
  expect(foundBy(checkNeighbours(), ...begun, read(9 * MINUTE)).join()).toMatch(/production\/other was to be looked at/)
  const excused = [...begun, fault(2 * MINUTE, 'F4', 'strikes'), read(9 * MINUTE)]
  expect(foundBy(checkNeighbours(), ...excused)).toEqual([])
  expect(foundBy(checkNeighbours(), ...begun, unreadable(2 * MINUTE, 'ends'), read(9 * MINUTE))).toEqual([])
  const ill = (at: number, moment: 'begins' | 'ends') =>
    ({ ...unreadable(at, moment), entity: 'production/other' }) as Told
  const cured = [...begun, ill(2 * MINUTE, 'begins'), ill(9 * MINUTE, 'ends')]
  expect(foundBy(checkNeighbours(), ...cured, read(10 * MINUTE))).toEqual([])
  expect(foundBy(checkNeighbours(), ...cured, read(11 * MINUTE)).join()).toMatch(
    /production\/other was to be looked at/,
  )
})

const tried = (at: number, tries: number, deliveries: readonly string[] = [], last = false): Told => {
  return { at, kind: 'message-tried', message: 'm1', deliveries, worker: 0, tries, last }
}
const recorded = (at: number, changes: object): Told => {
  const about = { id: 'e1@production/shop', receivedAt: 0, source: 'acr', reason: 'so', image: null, digest: null }
  const record = { ...about, outcome: 'duplicate' as const, entityId: ENTITY, rollout: null, ...changes }
  return { at, kind: 'event-recorded', record }
}

test('a message that cannot be read is put aside after five tries, and what stands beside it is acted on with the first', () => {
  const acted = recorded(1, {})
  const good = [tried(0, 1, ['e1']), acted, ...[2, 3, 4, 5].map((tries) => tried(tries, tries, ['e1']))]
  expect(foundBy(checkNeighbours(), ...good, tried(9, 6, ['e1'], true))).toEqual([])
  expect(foundBy(checkNeighbours(), ...good, tried(9, 6, ['e1'])).join()).toMatch(
    /tried the 6th time and not put aside/,
  )
  expect(foundBy(checkNeighbours(), tried(0, 1, ['e1']), tried(1, 2, ['e1'])).join()).toMatch(/e1 was kept waiting/)
})

const secret: Told = { at: 0, kind: 'secret', value: 'hush-hush', where: 'a token' }

test.each([
  ['a row', row(1, 'trouble', { notes: 'refused hush-hush' })],
  ['a detail', row(1, 'trouble', { detail: { said: ['hush-hush'] } })],
  ['a record', recorded(1, { reason: 'hush-hush' })],
  ['an answer', { ...answer('done'), because: 'hush-hush' } as Told],
  ['a line of the log', { at: 1, kind: 'log', worker: 0, level: 'error', line: 'Bearer hush-hush' } as Told],
  [
    'a notice',
    { at: 1, kind: 'notice', id: 'x#1', sink: 'chat', about: 'hush-hush', worker: 0, outcome: 'taken' } as Told,
  ],
])('a secret in %s breaks S17', (_, event) => {
  expect(foundBy(checkSecrets(), secret, event).join()).toMatch(/^S17 a secret of a token stands in a line of kind/)
  expect(foundBy(checkSecrets(), event)).toEqual([])
})

const LEFT = HOUR + 14 * MINUTE
const silent = (at: number) => measured(at, 0, { answer: 'missing' })
const passing = [
  service(),
  row(0, 'rollout-started', { detail: { push: {} } }),
  decision(0),
  row(MINUTE, 'step-started', { step: 1, value: 10 }),
  row(10 * MINUTE, 'weights-confirmed', { value: 10 }),
]
const passed = row(LEFT, 'step-started', { step: 2, value: 50, evidence: [evidence(11 * MINUTE, LEFT)] })
const failed = row(LEFT, 'rollback-started', { evidence: [evidence(11 * MINUTE, LEFT, { verdict: 'fail' })] })

test('with figures a step passes or fails; while a source is silent it does neither', () => {
  expect(foundBy(checkStatic(), ...passing, measured(LEFT, 3000), passed)).toEqual([])
  expect(foundBy(checkStatic(), ...passing, measured(LEFT, 3000), failed)).toEqual([])
  expect(foundBy(checkStatic(), ...passing, silent(LEFT), passed).join()).toMatch(
    /passed step 1 while errors was silent/,
  )
  expect(foundBy(checkStatic(), ...passing, silent(LEFT), failed).join()).toMatch(/was taken out for errors/)
  const deadMan = row(LEFT, 'rollback-started', { evidence: [evidence(11 * MINUTE, LEFT, { verdict: 'error' })] })
  expect(foundBy(checkStatic(), ...passing, silent(LEFT), deadMan)).toEqual([])
})

test('nobody writes to an app that they have not seen, or decides on state that cannot be read', () => {
  const weights = { old: 90, new: 10 }
  expect(foundBy(checkStatic(), service(), read(0), write(1, weights))).toEqual([])
  expect(foundBy(checkStatic(), service(), read(0, 'throttled'), write(1, weights)).join()).toMatch(/had not seen it/)
  const down = fault(0, 'F4', 'begins', { variant: 'storage-down', entity: ENTITY })
  const up = fault(MINUTE, 'F4', 'ends', { variant: 'storage-down', entity: ENTITY })
  expect(foundBy(checkStatic(), service(), down, write(2 * MINUTE, weights)).join()).toMatch(
    /while its state could not/,
  )
  expect(foundBy(checkStatic(), service(), down, write(20_000, weights), up, write(2 * MINUTE, weights))).toEqual([])
  expect(foundBy(checkStatic(), service(), unreadable(0, 'begins'), decision(MINUTE)).join()).toMatch(/was decided on/)
  const storing: Told = { at: 0, kind: 'asleep', worker: 3, call: 'store.commit' }
  expect(foundBy(checkStatic(), service(), storing, unreadable(0, 'begins'), decision(MINUTE))).toEqual([])
  expect(foundBy(checkStatic(), service(), unreadable(0, 'begins'), unreadable(9, 'ends'), decision(MINUTE))).toEqual(
    [],
  )
  const asleep: Told = { at: 0, kind: 'asleep', worker: 3, call: 'apps.perform' }
  expect(foundBy(checkStatic(), service(), asleep, down, write(2 * MINUTE, weights))).toEqual([])
  expect(REVISIONS).toHaveLength(2)
})

const notice = (at: number, seq: number, outcome: 'taken' | 'unanswered' | 'refused' | 'down', sink = 'chat'): Told => {
  return { at, kind: 'notice', id: `${ENTITY}#${seq}`, sink, about: 'so', worker: 0, outcome }
}

test('a notice is told once, in order, and none is left out', () => {
  const paused = { ...row(0, 'paused', { id: `${ENTITY}#1` }) } as Told
  expect(foundBy(checkNotices(), paused, notice(1, 1, 'down'), notice(2, 1, 'taken'), notice(3, 2, 'taken'))).toEqual(
    [],
  )
  expect(foundBy(checkNotices(), paused, notice(1, 1, 'unanswered'), notice(2, 1, 'taken'))).toEqual([])
  expect(foundBy(checkNotices(), paused, notice(1, 1, 'refused'))).toEqual([])
  expect(foundBy(checkNotices(), paused, notice(1, 1, 'down')).join()).toMatch(/row production\/shop#1 was never told/)
  expect(foundBy(checkNotices(), notice(1, 1, 'taken'), notice(2, 1, 'taken')).join()).toMatch(/told to chat again/)
  expect(foundBy(checkNotices(), notice(1, 2, 'taken'), notice(2, 1, 'taken')).join()).toMatch(
    /after notice 2 of the same/,
  )
  const died: Told = { at: 1, kind: 'crash', worker: 0, call: 'chat.tell', moment: 'after' }
  expect(foundBy(checkNotices(), notice(1, 1, 'taken'), died, notice(2, 1, 'taken'))).toEqual([])
})
