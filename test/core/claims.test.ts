import { describe, expect, test } from 'vitest'
import { claimEnd, type Due, isUrgent, shareOf } from '../../lib/core/claims.ts'
import { aRollout, T0 } from '../support/state.ts'

const due = (name: string, claimedUntil: number | null = null, urgent = false): Due => {
  return { name, isUrgent: urgent, claimedUntil }
}
const NONE: ReadonlySet<string> = new Set()
const share = (all: readonly Due[], limit: number, except = NONE) => {
  const { mine, ...rest } = shareOf(all, T0, limit, except)
  return { mine: mine.map(({ name }) => name), ...rest }
}

describe('a share of what is due', () => {
  test.each<[string, readonly Due[], number, ReadonlySet<string>, ReturnType<typeof share>]>([
    ['nothing of nothing', [], 2, NONE, { mine: [], isClaim: false, left: 0, othersUntil: null }],
    [
      'all that fits, and no claim',
      [due('a'), due('b')],
      2,
      NONE,
      { mine: ['a', 'b'], isClaim: false, left: 0, othersUntil: null },
    ],
    [
      'the first of more than fits, as a claim',
      [due('a'), due('b'), due('c'), due('d')],
      1,
      NONE,
      { mine: ['a'], isClaim: true, left: 3, othersUntil: null },
    ],
    [
      'what others left, and when the first of theirs is over',
      [due('a', T0 + 20_000), due('b', T0 + 10_000), due('c')],
      2,
      NONE,
      { mine: ['c'], isClaim: true, left: 0, othersUntil: T0 + 10_000 },
    ],
    [
      'nothing that this worker has done, whoever claimed it',
      [due('a', T0 + 10_000), due('b'), due('c')],
      2,
      new Set(['a', 'b']),
      { mine: ['c'], isClaim: false, left: 0, othersUntil: null },
    ],
    [
      'what was claimed until now',
      [due('a', T0), due('b', T0 + 1)],
      5,
      NONE,
      { mine: ['a'], isClaim: false, left: 0, othersUntil: T0 + 1 },
    ],
    [
      'what a clock that is ahead has claimed for too long',
      [due('a', T0 + 30_001), due('b', T0 + 30_000), due('c', T0 + 5_001, true), due('d', T0 + 5_000, true)],
      5,
      NONE,
      { mine: ['a', 'c'], isClaim: false, left: 0, othersUntil: T0 + 5_000 },
    ],
  ])('is %s', (_, all, limit, except, expected) => {
    expect(share(all, limit, except)).toEqual(expected)
  })
})

test.each([
  [100, false],
  [101, true],
])('a share that is all of %i is claimed: %s', (count, isClaim) => {
  const all = Array.from({ length: count }, (_, n) => due(`svc-${n}`))
  expect(share(all, 500)).toMatchObject({ isClaim, left: 0, othersUntil: null })
  expect(share(all, 500).mine).toHaveLength(count)
})

test('a claim lasts half a minute, and five seconds at a rollback', () => {
  expect(claimEnd({ isUrgent: false }, T0)).toBe(T0 + 30_000)
  expect(claimEnd({ isUrgent: true }, T0)).toBe(T0 + 5_000)
})

test('only a rollback is urgent', () => {
  const rollout = aRollout({ environment: 'production', name: 'pricing' })
  expect(isUrgent(rollout)).toBe(false)
  const phase = { kind: 'rolling-back', outcome: 'aborted', because: '', since: T0 } as const
  expect(isUrgent({ ...rollout, phase })).toBe(true)
})
