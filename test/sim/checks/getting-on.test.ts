import { expect, test } from 'vitest'
import { checkDeadlines } from '../../../sim/checks/l1-deadlines.ts'
import { checkConverges } from '../../../sim/checks/l2-converges.ts'
import { checkRollback } from '../../../sim/checks/l3-rollback.ts'
import { checkWakeUps } from '../../../sim/checks/l4-wake-ups.ts'
import { checkPoison } from '../../../sim/checks/l5-poison.ts'
import { checkBreakGlass } from '../../../sim/checks/l6-break-glass.ts'
import { checkNext } from '../../../sim/checks/l7-next.ts'
import {
  decision,
  end,
  fault,
  foundBy,
  HOUR,
  heartbeat,
  MINUTE,
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
const SECOND = 1_000
const SET_UP = { mode: 'Multiple', sticky: false, followsLatest: false, labels: {}, revisions: [], active: [] }
const progressing = { phase: 'progressing', stage: 0, canaryWeight: 10 } as const
const users = (at: number, weights: Readonly<Record<string, number>>): Told =>
  ({ ...traffic(at, weights), revisions: REVISIONS }) as Told

test.each([
  ['preparing', { phase: 'preparing' }, 10],
  ['provisioning', { phase: 'provisioning' }, 10],
  ['a weight that is not real', progressing, 10],
  ['rolling back', { phase: 'rolling-back', outcome: 'aborted' }, 10],
] as const)('%s ends, goes on or is told of two minutes after its deadline', (_, place, minutes) => {
  const last = (minutes + 2) * MINUTE
  const story = (...then: readonly Told[]) => foundBy(checkDeadlines(), service(), decision(0, place), ...then)
  expect(story(end(last))).toEqual([])
  expect(story(end(last + 1)).join()).toMatch(/^L1 shop-1 of production\/shop is .* and said nothing by/)
  expect(story(row(last, 'deadline-passed'), end(HOUR))).toEqual([])
  expect(story(decision(last, { phase: 'finished', outcome: 'failed' }), end(HOUR))).toEqual([])
  expect(story(fault(last - 1, 'F4', 'strikes'), end(last + 1))).toEqual([])
  expect(story(fault(last - 1, 'F8', 'begins'), end(last + 1))).toHaveLength(1)
})

test('a bake has its time, its lag and its extension, and who is resumed has them anew', () => {
  const analysis = {
    intervalMs: 5 * MINUTE,
    bucketMs: MINUTE,
    kpis: [],
    onInconclusive: { afterMs: HOUR, then: 'wait' },
  }
  const baking = [service({ analysis } as never), decision(0, progressing), row(MINUTE, 'weights-confirmed')]
  const last = MINUTE + HOUR + HOUR + 5 * MINUTE + 2 * MINUTE
  expect(foundBy(checkDeadlines(), ...baking, end(last))).toEqual([])
  expect(foundBy(checkDeadlines(), ...baking, end(last + 1))).toHaveLength(1)
  const paused = decision(HOUR, { ...progressing, phase: 'paused' })
  const resumed = decision(9 * HOUR, progressing)
  expect(foundBy(checkDeadlines(), ...baking, paused, resumed, end(9 * HOUR + last - MINUTE))).toEqual([])
  expect(foundBy(checkDeadlines(), ...baking, paused, resumed, end(9 * HOUR + last))).toHaveLength(1)
  const held = row(HOUR, 'freeze-held')
  expect(foundBy(checkDeadlines(), ...baking, held, end(HOUR + last - MINUTE))).toEqual([])
})

test('when all is calm, users meet what was decided within seven minutes, or somebody was told', () => {
  const wished = [service(), traffic(0, { old: 100 }), decision(0, progressing)]
  const late = end(7 * MINUTE + 1)
  expect(foundBy(checkConverges(), ...wished, traffic(MINUTE, { old: 90, new: 10 }), late)).toEqual([])
  expect(foundBy(checkConverges(), ...wished, end(7 * MINUTE))).toEqual([])
  expect(foundBy(checkConverges(), ...wished, late).join()).toMatch(/^L2 shop-1 .* wants 10 % for new, and users meet/)
  expect(foundBy(checkConverges(), ...wished, fault(MINUTE, 'F8', 'strikes'), late)).toEqual([])
  expect(foundBy(checkConverges(), ...wished, row(MINUTE, 'deadline-passed'), late)).toEqual([])
  const leaving = decision(0, { phase: 'rolling-back', outcome: 'aborted', canaryWeight: 0 })
  expect(foundBy(checkConverges(), service(), traffic(0, { new: 10, old: 90 }), leaving, late)).toHaveLength(1)
  expect(foundBy(checkConverges(), service(), traffic(0, { third: 10, old: 90 }), leaving, late)).toEqual([])
})

test('what a hand gave is nobody’s while it cannot be seen, and whoever sees it is to say so', () => {
  const ended = decision(2, { phase: 'finished', outcome: 'aborted', canaryWeight: 0, wakeAt: 20 * MINUTE })
  const hand = { at: 1, kind: 'edit', app: 's/g/shop', what: 'all-to-one' } as unknown as Told
  const given = [service(), traffic(0, { old: 100 }), hand, traffic(1, { new: 100 }), ended]
  const [unseen, seen] = [read(9 * MINUTE, 'not-found'), read(9 * MINUTE)]
  expect(foundBy(checkConverges(), ...given, unseen, end(10 * MINUTE))).toEqual([])
  expect(foundBy(checkConverges(), ...given, seen, end(10 * MINUTE))).toEqual([])
  const kept = decision(10 * MINUTE, {
    phase: 'rolling-back',
    outcome: 'aborted',
    canaryWeight: 0,
    wakeAt: 20 * MINUTE,
  })
  expect(foundBy(checkConverges(), ...given, seen, kept, end(18 * MINUTE)).join()).toMatch(/^L2 shop-1/)
})

const leaving = [
  service(),
  users(0, { old: 90, new: 10 }),
  decision(HOUR, { phase: 'rolling-back', outcome: 'rolled-back' }),
]

test('a canary that is to leave is out, and seen to be out, within a minute', () => {
  const out = users(HOUR + 10 * SECOND, { old: 100 })
  const confirmed = row(HOUR + MINUTE, 'rollback-confirmed')
  const late = end(HOUR + MINUTE + 1)
  expect(foundBy(checkRollback(), ...leaving, out, confirmed, late)).toEqual([])
  expect(foundBy(checkRollback(), ...leaving, late).join()).toMatch(/^L3 new of production\/shop .* still has users/)
  expect(foundBy(checkRollback(), ...leaving, out, late).join()).toMatch(/is out, and nobody has seen it/)
  expect(foundBy(checkRollback(), ...leaving, fault(HOUR + 1, 'F8', 'begins', { variant: 'arm-500' }), late)).toEqual(
    [],
  )
  expect(foundBy(checkRollback(), ...leaving, fault(HOUR + 1, 'F9', 'strikes'), late)).toEqual([])
  const stuck = (at: number) => fault(at, 'F8', 'strikes', { variant: 'operation-stuck', entity: 'production/shop' })
  const [begun, left] = [leaving.slice(0, 2), leaving.slice(2)]
  expect(foundBy(checkRollback(), ...begun, stuck(51 * MINUTE), ...left, late)).toEqual([])
  expect(foundBy(checkRollback(), ...begun, stuck(48 * MINUTE), ...left, late)).toHaveLength(1)
})

test('a canary that a hand gave users while it was still being made is let go once its own operation is over', () => {
  const late = end(HOUR + MINUTE + 1)
  const [begun, , goes] = leaving as [Told, Told, Told]
  const given = (ready: boolean) =>
    ({
      ...users(50 * MINUTE, { new: 100 }),
      revisions: REVISIONS.map((one) => ({ ...one, ready: one.name === 'old' || ready })),
    }) as Told
  const makes = (at: number) =>
    write(at, null, { asked: { weights: null, followsLatest: false, revision: 'new', image: null } })
  expect(foundBy(checkRollback(), begun, makes(51 * MINUTE), given(false), goes, late)).toEqual([])
  expect(foundBy(checkRollback(), begun, makes(51 * MINUTE), given(true), goes, late)).toHaveLength(1)
  expect(foundBy(checkRollback(), begun, makes(49 * MINUTE), given(false), goes, late)).toHaveLength(1)
})

test('in a storm of refusals it is out within five', () => {
  const storm = fault(HOUR - 1, 'F8', 'begins', { variant: 'arm-429-storm' })
  const [begun, serving, goes] = leaving as [Told, Told, Told]
  const story = (...then: readonly Told[]) => foundBy(checkRollback(), begun, serving, storm, goes, ...then)
  expect(story(end(HOUR + 5 * MINUTE))).toEqual([])
  expect(story(end(HOUR + 5 * MINUTE + 1)).join()).toMatch(/still has users after 300.001 s of a storm/)
  expect(story(users(HOUR + 4 * MINUTE, { old: 100 }), end(HOUR + 9 * MINUTE))).toEqual([])
})

test('where the timer and the bell are both silent, whoever asks from outside hears of it, and of nothing that is not due', () => {
  const [timer, bell] = [fault(1, 'F7', 'begins'), fault(1, 'F5', 'begins')]
  const wants = decision(0, { wakeAt: 10 * MINUTE })
  const story = (...then: readonly Told[]) => foundBy(checkWakeUps(), service(), wants, timer, bell, ...then)
  const late = end(16 * MINUTE + 1)
  expect(story(end(16 * MINUTE))).toEqual([])
  expect(story(late).join()).toMatch(/^L4 production\/shop was due at .* and whoever asked heard that all is well/)
  expect(story(heartbeat(15 * MINUTE, ['shop']), late)).toEqual([])
  expect(story(heartbeat(15 * MINUTE, null), late)).toEqual([])
  expect(story(heartbeat(15 * MINUTE, ['shop', 'other']), heartbeat(15.5 * MINUTE, []), late)).toHaveLength(1)
  expect(story(heartbeat(15 * MINUTE, ['other']), late)).toHaveLength(1)
  expect(story(fault(2, 'F15', 'begins'), late)).toEqual([])
  expect(story(read(11 * MINUTE), late)).toEqual([])
  expect(story(heartbeat(9 * MINUTE, ['shop'])).join()).toMatch(
    /^L4 production\/shop was said to be late at .* not due before/,
  )
  expect(story(heartbeat(10 * MINUTE, ['shop']))).toEqual([])
})

test('who wants to be looked at is looked at, though the timer or the bell is silent', () => {
  const wants = decision(0, { wakeAt: 10 * MINUTE })
  const late = end(12 * MINUTE + 1)
  const story = (...then: readonly Told[]) => foundBy(checkWakeUps(), service(), ...then)
  expect(story(wants, read(12 * MINUTE), late)).toEqual([])
  expect(story(wants, end(12 * MINUTE))).toEqual([])
  expect(story(wants, late).join()).toMatch(/^L4 production\/shop wanted to be looked at/)
  const [timer, bell] = [fault(1, 'F7', 'begins'), fault(1, 'F5', 'begins')]
  expect(story(wants, timer, late)).toHaveLength(1)
  expect(story(wants, bell, late)).toHaveLength(1)
  expect(story(wants, timer, bell, late)).toEqual([])
  expect(story(wants, fault(1, 'F8', 'begins'), late)).toHaveLength(1)
  expect(story(wants, fault(1, 'F1', 'strikes'), late)).toEqual([])
})

const DIGEST = `sha256:${'ab'.repeat(32)}`
const aside: Told = { at: 1, kind: 'message-tried', message: 'm1', deliveries: [], worker: 0, tries: 6, last: true }
const recorded = (outcome: 'quarantined' | 'rollout', id: string, digest: string | null): Told => {
  const about = { receivedAt: 0, source: 'intake', reason: `it began with ${DIGEST}`, image: null, rollout: null }
  return { at: 2, kind: 'event-recorded', record: { id, outcome, entityId: null, digest, ...about } }
}

test('what was put aside is written down, and acted on when it is said again', () => {
  const quarantined = recorded('quarantined', 'quarantined-1', null)
  const again = { ...aside, at: 3, deliveries: ['e2'], tries: 1, last: false } as Told
  const acted = recorded('rollout', `e2@${ENTITY}`, DIGEST)
  expect(foundBy(checkPoison(), aside, quarantined, again, acted)).toEqual([])
  expect(foundBy(checkPoison(), aside).join()).toMatch(/^L5 1 messages were put aside, and nothing was quarantined/)
  expect(foundBy(checkPoison(), aside, quarantined, again).join()).toMatch(
    /^L5 message m1 was driven again, and nothing/,
  )
})

const gone = (at: number, moment: 'begins' | 'ends') =>
  fault(at, 'F13', moment, { variant: 'plane-gone', entity: ENTITY })
const byHand = (after: Readonly<Record<string, number>>): Told => {
  const told = { what: 'all-to-one', before: { old: 90, new: 10 }, after, setUpBefore: SET_UP, setUpAfter: SET_UP }
  return { at: MINUTE, kind: 'edit', app: APP, ...told }
}

test('what a hand gave while nobody was there is left until a person says otherwise', () => {
  const drill = [service(), decision(0, progressing), byHand({ new: 100 }), gone(MINUTE, 'begins'), gone(HOUR, 'ends')]
  const over = write(HOUR + 1, { old: 90, new: 10 })
  expect(foundBy(checkBreakGlass(), ...drill, end(9 * HOUR))).toEqual([])
  expect(foundBy(checkBreakGlass(), ...drill, over).join()).toMatch(
    /^L6 worker 3 wrote .* which a hand gave while nobody/,
  )
  // What comes true late writes over it: nothing of the hand's is left to be left.
  const late = traffic(2 * MINUTE, { old: 90, new: 10 })
  expect(foundBy(checkBreakGlass(), ...drill.toSpliced(4, 0, late), over)).toEqual([])
  expect(foundBy(checkBreakGlass(), ...drill, { ...late, at: HOUR } as Told, over)).toEqual([])
  expect(foundBy(checkBreakGlass(), ...drill.toSpliced(4, 0, traffic(2 * MINUTE, { new: 100 })), over)).toHaveLength(1)
  const resumed = row(HOUR, 'resumed', { actor: 'olga' })
  expect(foundBy(checkBreakGlass(), ...drill, resumed, over)).toEqual([])
  expect(foundBy(checkBreakGlass(), ...drill, row(HOUR, 'trouble'), over)).toHaveLength(1)
  const back = decision(HOUR, { phase: 'rolling-back', outcome: 'superseded', canaryWeight: 0 })
  expect(foundBy(checkBreakGlass(), ...drill, back, over)).toEqual([])
  const same = drill.map((one) => (one.kind === 'edit' ? { ...one, before: { new: 100 } } : one))
  expect(foundBy(checkBreakGlass(), ...same, over)).toEqual([])
})

test('a version that was taken out by hand after its promotion stays out', () => {
  const promoted = decision(0, { phase: 'finished', outcome: 'promoted', canaryWeight: 100, wakeAt: HOUR })
  const story = [service(), promoted, byHand({ old: 100 }), gone(MINUTE, 'begins'), gone(HOUR, 'ends')]
  expect(foundBy(checkBreakGlass(), ...story, write(HOUR + 1, { new: 100 }))).toHaveLength(1)
  const ended = decision(0, { phase: 'finished', outcome: 'aborted', canaryWeight: 10, wakeAt: HOUR })
  const own = [service(), ended, byHand({ old: 90, new: 10 }), gone(MINUTE, 'begins'), gone(HOUR, 'ends')]
  expect(foundBy(checkBreakGlass(), ...own, write(HOUR + 1, { old: 100 }))).toEqual([])
})

test('what waits begins within a tick after the one before it has ended', () => {
  const push = { push: { eventId: 'e2', digest: 'sha256:cc' } }
  const waits = [service(), decision(0, progressing), row(1, 'push-queued', { detail: push })]
  const over = decision(HOUR, { phase: 'finished', outcome: 'failed', canaryWeight: 0 })
  const begun = row(HOUR + MINUTE, 'rollout-started', { rollout: 'shop-2', detail: push })
  const late = end(HOUR + 2 * MINUTE)
  expect(foundBy(checkNext(), ...waits, over, begun, late)).toEqual([])
  expect(foundBy(checkNext(), ...waits, late)).toEqual([])
  expect(foundBy(checkNext(), ...waits, over, late).join()).toMatch(
    /^L7 e2 of production\/shop waits since .* nothing runs/,
  )
  expect(foundBy(checkNext(), ...waits, fault(HOUR, 'F4', 'strikes'), over, late)).toEqual([])
  expect(foundBy(checkNext(), ...waits, fault(HOUR, 'F8', 'strikes'), over, late)).toHaveLength(1)
})
