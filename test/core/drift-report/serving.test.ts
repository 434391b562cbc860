import { describe, expect, test } from 'vitest'
import { nightOf } from '../../../lib/core/drift-report/night.ts'
import { type Stretch, servingIn } from '../../../lib/core/drift-report/serving.ts'
import type { Footprint, Rollout } from '../../../lib/core/rollout.ts'
import { aManifest, aRollout, HOUR, MINUTE } from '../../support/builders.ts'

const DAY = 24 * HOUR
const MIDNIGHT = Date.UTC(2026, 10, 21)
const SPAN = { from: MIDNIGHT - DAY, to: MIDNIGHT }
const { target } = aManifest()

/** A rollout that began `start` hours after the day did and ended an hour later; `left` has all traffic at the last look. */
function ended(number: number, start: number, stable: string, left: string, over: Partial<Rollout> = {}): Rollout {
  const startedAt = SPAN.from + start * HOUR
  const canary = `pricing--r${number}`
  const outcome = left === canary ? 'promoted' : 'rolled-back'
  const at = startedAt + HOUR
  return {
    ...aRollout({ kind: 'finished', outcome, because: 'done', at, watchUntil: at }),
    id: `pricing-${number}`,
    number,
    startedAt,
    stable,
    canary,
    wished: [0, 10],
    footprint: seen({ [left]: 100 }),
    ...over,
  }
}

function seen(weights: Readonly<Record<string, number>>): Footprint {
  return { mode: 'Multiple', sticky: false, followsLatest: false, weights, labels: {}, revisions: [], active: [] }
}

/** `6–7 pricing-2 was moving traffic`: hours of the day, and the revision or the reason. */
function told(stretches: readonly Stretch[]): readonly string[] {
  const hour = (at: number) => (at - SPAN.from) / HOUR
  return stretches.map((one) => `${hour(one.from)}–${hour(one.to)} ${one.revision ?? one.why}`)
}

const BEFORE = ended(1, -100, 'pricing--r0', 'pricing--r1')

describe('who served', () => {
  test('is the canary of a rollout that was promoted long ago', () => {
    expect(told(servingIn(SPAN, [BEFORE], target))).toEqual(['0–24 pricing--r1'])
  })

  test('is the stable revision after a rollout that was rolled back', () => {
    const back = ended(2, -50, 'pricing--r1', 'pricing--r1')
    expect(told(servingIn(SPAN, [back, BEFORE], target))).toEqual(['0–24 pricing--r1'])
  })

  test('changes with a promotion, and is nobody while it moves', () => {
    const promoted = ended(2, 6, 'pricing--r1', 'pricing--r2')
    const day = ['0–6 pricing--r1', '6–7 pricing-2 was moving traffic', '7–24 pricing--r2']
    expect(told(servingIn(SPAN, [promoted, BEFORE], target))).toEqual(day)
    expect(told(servingIn(SPAN, [BEFORE, promoted], target))).toEqual(day)
  })

  test('is nobody from the start of a rollout that still moves traffic', () => {
    const phase = { kind: 'progressing', stage: 0, since: MIDNIGHT, steadyAt: null } as const
    const running = ended(2, 20, 'pricing--r1', 'pricing--r1', { phase, footprint: seen({ 'pricing--r1': 90, x: 10 }) })
    expect(told(servingIn(SPAN, [running, BEFORE], target))).toEqual([
      '0–20 pricing--r1',
      '20–24 pricing-2 was moving traffic',
    ])
  })

  test('stays the stable revision beside a rollout that never wished for weight', () => {
    const phase = { kind: 'provisioning', since: MIDNIGHT } as const
    const waiting = ended(2, 20, 'pricing--r1', 'pricing--r1', { phase, wished: [0] })
    expect(told(servingIn(SPAN, [waiting, BEFORE], target))).toEqual(['0–20 pricing--r1', '20–24 pricing--r1'])
  })

  test('stays what it was beside a rollout that never came to look at its app', () => {
    const lost = ended(2, 10, 'pricing--r1', 'pricing--r1', { stable: null, footprint: null, wished: [0] })
    expect(told(servingIn(SPAN, [lost, BEFORE], target))).toEqual(['0–24 pricing--r1'])
  })

  test('is told by a rollout that found its digest to serve already', () => {
    const same = ended(2, 10, 'pricing--r1', 'pricing--r1', { stable: null, wished: [0] })
    expect(told(servingIn(SPAN, [same, BEFORE], target))).toEqual(['0–10 pricing--r1', '10–24 pricing--r1'])
  })

  test('is cut to whole minutes', () => {
    const promoted = ended(2, 6, 'pricing--r1', 'pricing--r2')
    const odd = { ...promoted, startedAt: promoted.startedAt + 30_000 }
    const [first, moving, last] = servingIn(SPAN, [odd, BEFORE], target)
    expect(first?.to).toBe(promoted.startedAt)
    expect(moving?.from).toBe(promoted.startedAt + MINUTE)
    expect(last?.from).toBe(promoted.startedAt + HOUR)
  })
})

describe('nobody can tell who served', () => {
  test('without a rollout', () => {
    expect(told(servingIn(SPAN, [], target))).toEqual(['0–24 no rollout has seen yet which revision serves'])
  })

  test('before the first rollout', () => {
    expect(told(servingIn(SPAN, [ended(1, 12, 'pricing--r0', 'pricing--r1')], target))).toEqual([
      '0–12 no rollout tells which revision served before 2026-11-20 12:00',
      '12–13 pricing-1 was moving traffic',
      '13–24 pricing--r1',
    ])
  })

  test('where the next rollout did not find what the one before had left', () => {
    const surprised = ended(2, 30, 'pricing--by-hand', 'pricing--r2')
    expect(told(servingIn(SPAN, [surprised, BEFORE], target))).toEqual([
      '0–24 pricing-2 found pricing--by-hand with all traffic, pricing-1 had left it to pricing--r1: somebody else changed it in between',
    ])
  })

  test('where a rollout was refused because no revision had all traffic', () => {
    const split = seen({ 'pricing--r1': 50, other: 50 })
    const refused = ended(2, 10, 'x', 'x', { stable: null, wished: [0], footprint: split })
    expect(told(servingIn(SPAN, [refused, BEFORE], target))).toEqual([
      '0–10 pricing-2 found no revision with all traffic, pricing-1 had left it to pricing--r1: somebody else changed it in between',
      '10–24 pricing-2 saw no revision with all traffic',
    ])
  })

  test('where the last look after the end saw other weights', () => {
    const edited = { ...BEFORE, footprint: seen({ 'pricing--r1': 80, other: 20 }) }
    expect(told(servingIn(SPAN, [edited], target))).toEqual([
      '0–24 pricing-1 last saw the traffic at pricing--r1 80 %, other 20 %',
    ])
  })

  test('where the manifest names another app by now, but capitals make no other', () => {
    expect(told(servingIn(SPAN, [BEFORE], { ...target, app: 'PRICING' }))).toEqual(['0–24 pricing--r1'])
    expect(told(servingIn(SPAN, [BEFORE], { ...target, app: 'prices' }))).toEqual([
      '0–24 pricing-1 was of another container app than the manifest names now',
    ])
  })
})

test('a night is about whole days in UTC: the last one, the one before, and the same weekday a week before', () => {
  const at = MIDNIGHT + 150 * MINUTE
  const night = nightOf(at)
  expect(night.day).toBe('2026-11-20')
  expect(night.days).toEqual({
    today: SPAN,
    dayBefore: { from: SPAN.from - DAY, to: SPAN.from },
    weekBefore: { from: SPAN.from - 7 * DAY, to: SPAN.to - 7 * DAY },
  })
  expect(nightOf(MIDNIGHT)).toEqual(night)
  expect(nightOf(MIDNIGHT - 1).day).toBe('2026-11-19')
})
