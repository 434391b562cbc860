import { expect, test } from 'vitest'
import { checkPlan } from '../../../sim/checks/s03-plan.ts'
import { checkUnclear } from '../../../sim/checks/s04-unclear.ts'
import { checkClocks } from '../../../sim/checks/s16-clocks.ts'
import { decision, evidence, foundBy, HOUR, MINUTE, measured, row, service, type Told, traffic, write } from './tell.ts'

const LEFT = HOUR + 14 * MINUTE
const GOOD = evidence(11 * MINUTE, LEFT - 3 * MINUTE)

const begun: readonly Told[] = [
  service(),
  row(0, 'rollout-started', { detail: { push: {} } }),
  decision(0),
  row(MINUTE, 'step-started', { step: 1, value: 10 }),
  decision(MINUTE, { phase: 'progressing', stage: 0, canaryWeight: 10 }),
  row(10.5 * MINUTE, 'weights-confirmed', { value: 10 }),
  measured(LEFT - 1, 3000),
]
const second = (at: number, of = GOOD, changes = {}) =>
  row(at, 'step-started', { step: 2, value: 50, evidence: [of], ...changes })

test('a step is left after its bake, on figures of its own, for the next step of the plan', () => {
  expect(foundBy(checkPlan(), ...begun, second(LEFT))).toEqual([])
  expect(foundBy(checkUnclear(), ...begun, second(LEFT))).toEqual([])
  expect(foundBy(checkClocks(), ...begun, second(LEFT))).toEqual([])
})

test.each([
  [
    'too early',
    second(10.5 * MINUTE + HOUR + 3 * MINUTE - 1),
    /left step 1 3779.999 s after .* its bake is 3600 s$|3779.999/,
  ],
  ['on figures of before', second(LEFT, evidence(10 * MINUTE, LEFT)), /from before its weight was seen/],
  ['on half of its bake', second(LEFT, evidence(40 * MINUTE, LEFT)), /on 2040 s of errors/],
  ['past a step', row(LEFT, 'step-started', { step: 3, value: 100, evidence: [GOOD] }), /from step 1 to step 3/],
  ['for another weight', second(LEFT, GOOD, { value: 60 }), /took 60 % at step 2, and its plan says 50 %/],
  ['for the end', row(LEFT, 'promotion-confirmed', { evidence: [GOOD] }), /promoted from step 1 of 3/],
])('a step that is left %s breaks S3', (_, event, says) => {
  expect(foundBy(checkPlan(), ...begun, event).join()).toMatch(says)
})

test('the shortest bake that is allowed is in order, and so is a person who does not wait', () => {
  const soonest = 10.5 * MINUTE + HOUR + 3 * MINUTE
  expect(foundBy(checkPlan(), ...begun, second(soonest, evidence(11 * MINUTE, soonest)))).toEqual([])
  const order = row(20 * MINUTE, 'promoted-by-hand', { actor: 'olga' })
  const leap = row(20 * MINUTE, 'step-started', { step: 3, value: 100 })
  expect(foundBy(checkPlan(), ...begun, order, leap)).toEqual([])
  expect(foundBy(checkUnclear(), ...begun, order, leap)).toEqual([])
  const back = row(20 * MINUTE, 'step-started', { step: 1, value: 10 })
  expect(foundBy(checkPlan(), ...begun, order, back).join()).toMatch(/from step 1 to step 1/)
})

test('an undo goes to all traffic at once, and a push does not', () => {
  const all = row(MINUTE, 'step-started', { step: 1, value: 100 })
  const undone = row(0, 'rollout-started', { detail: { cause: 'undo' } })
  expect(foundBy(checkPlan(), service(), undone, all)).toEqual([])
  expect(foundBy(checkPlan(), service(), row(0, 'rollout-started'), all).join()).toMatch(/took 100 % at step 1/)
})

test('no weight of a canary is asked for before it was wished for', () => {
  expect(foundBy(checkPlan(), ...begun, write(2 * MINUTE, { old: 90, new: 10 }))).toEqual([])
  expect(foundBy(checkPlan(), ...begun, write(2 * MINUTE, { old: 50, new: 50 })).join()).toMatch(
    /^S3 worker 3 asked for 50 % for new/,
  )
})

test.each([
  ['an unclear verdict', { verdict: 'inconclusive' }, /errors is inconclusive/],
  ['no figure', { value: null }, /no figure/],
  ['a figure that is none', { value: Number.NaN }, /no figure/],
  ['too few requests', { total: 299 }, /299 requests of 300/],
  ['more requests than were told', { total: 3001 }, /counts 3001 requests, and its source told of 3000/],
  ['figures of the stable revision', { revision: 'old' }, /measured at old/],
  ['old figures', { to: LEFT - 11 * MINUTE - 1 }, /out of date/],
] as const)('a pass on %s breaks S4', (_, changes, says) => {
  const item = evidence(11 * MINUTE, LEFT - 3 * MINUTE, changes)
  expect(foundBy(checkUnclear(), ...begun, second(LEFT, item)).join()).toMatch(says)
})

test('a pass on nothing breaks S4, and one on the fewest requests and the oldest figures does not', () => {
  expect(foundBy(checkUnclear(), ...begun, second(LEFT, GOOD, { evidence: [] })).join()).toMatch(
    /nothing is told of errors/,
  )
  const least = evidence(11 * MINUTE, LEFT - 9 * MINUTE, { total: 300 })
  expect(foundBy(checkUnclear(), ...begun, second(LEFT, least))).toEqual([])
})

test('a clock that leaps shortens no bake by more than the clocks are apart, and figures do not come from the future', () => {
  const woken = (at: number, clock: number): Told => {
    return { at, kind: 'wake', worker: 3, path: 'timer', environment: 'production', clock }
  }
  const leapt = (at: number) => ({ ...second(LEFT, evidence(11 * MINUTE, HOUR)), at })
  const soonest = 10.5 * MINUTE + 0.95 * HOUR
  expect(foundBy(checkClocks(), ...begun, leapt(soonest))).toEqual([])
  expect(foundBy(checkClocks(), ...begun, leapt(soonest - 1)).join()).toMatch(
    /^S16 .* after 3419.999 s of a bake of 3600 s/,
  )
  const lied = [...begun, woken(11 * MINUTE, 15 * MINUTE), woken(12 * MINUTE, 11 * MINUTE)]
  expect(foundBy(checkClocks(), ...lied, leapt(soonest - 5 * MINUTE))).toEqual([])
  expect(foundBy(checkClocks(), ...lied, leapt(soonest - 5 * MINUTE - 1))).toHaveLength(1)
  const ahead = second(LEFT, evidence(11 * MINUTE, LEFT + MINUTE + 1))
  expect(foundBy(checkClocks(), ...begun, ahead).join()).toMatch(/figures of errors until/)
  expect(foundBy(checkClocks(), ...begun, second(LEFT, evidence(11 * MINUTE, LEFT + MINUTE)))).toEqual([])
  expect(foundBy(checkClocks(), ...begun, woken(LEFT, LEFT + 1), ahead)).toEqual([])
})

test('a revision that was to fall back to once gets no weight unasked, and keeps what a hand gave it', () => {
  const back = [...begun, decision(2 * HOUR, { rollout: 'shop-2', canary: 'newer', stable: 'new', phase: 'finished' })]
  const third = decision(3 * HOUR, { rollout: 'shop-3', canary: 'newest', stable: 'old', worker: 3 })
  const asks = write(3 * HOUR, { old: 40, new: 60 })
  expect(foundBy(checkPlan(), ...back, asks)).toEqual([])
  expect(foundBy(checkPlan(), ...back, third, asks).join()).toMatch(/^S3 worker 3 asked for 60 % for new/)
  expect(foundBy(checkPlan(), ...back, third, traffic(3 * HOUR, { old: 40, new: 60 }), asks)).toEqual([])
})

test('the same window asked about twice tells of its requests once, and one from elsewhere of none', () => {
  const windows = [measured(LEFT - 1, 2000, { from: 0, to: LEFT }), measured(LEFT - 1, 2000, { from: 0, to: LEFT })]
  const item = evidence(11 * MINUTE, LEFT - 3 * MINUTE, { total: 3000 })
  const bare = begun.slice(0, -1)
  expect(foundBy(checkUnclear(), ...bare, ...windows, second(LEFT, item)).join()).toMatch(/told of 2000/)
  const before = measured(LEFT - 1, 3000, { from: 0, to: 11 * MINUTE })
  expect(foundBy(checkUnclear(), ...bare, before, second(LEFT, item)).join()).toMatch(/told of 0/)
})
