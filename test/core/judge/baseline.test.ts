import { describe, expect, test } from 'vitest'
import {
  countMinute,
  type Dispersion,
  dispersionOf,
  historyDispersion,
  NO_MINUTES,
  openMinutes,
  overDispersion,
} from '../../../lib/core/judge/dispersion.ts'
import { NO_BACKGROUND, seeBaseline, sharedFault, sustainedShare } from '../../../lib/core/judge/shared-fault.ts'

type Pair = readonly [number, number]
const minutes = (count: number, minute: (t: number) => Pair) => Array.from({ length: count }, (_, t) => minute(t))
const seeMinute = (before: Dispersion, bad: number, total: number): Dispersion => {
  const seen = openMinutes(before)
  countMinute(seen, bad, total)
  return dispersionOf(seen)
}
const phiOf = (pairs: readonly Pair[]) =>
  overDispersion(pairs.reduce((seen, [bad, total]) => seeMinute(seen, bad, total), NO_MINUTES))

describe('over-dispersion', () => {
  /** The numbers were worked out in Python as the mean of sorted squared steps without the greatest 0.5 %. */
  test.each<[string, number, readonly Pair[]]>([
    ['a baseline without bursts', 1, minutes(60, (t) => [5, 100 + (t % 3)])],
    ['thirty pairs', 1, minutes(31, (t) => [t % 3 === 0 ? 3 : 1, 100 + (t % 5)])],
    ['a burst every six minutes', 2.5325341061419815, minutes(80, (t) => [t % 6 === 0 ? 8 : 2, 100 + (t % 5)])],
    ['an incident among few minutes', 12, minutes(60, (t) => [t === 20 ? 90 : 2 + (t % 2), 100])],
    ['more incidents than are trimmed', 10.454229500466745, minutes(6000, manyIncidents)],
    ['every other minute', 12, minutes(40, (t) => [t % 2 === 0 ? 0 : 80, 100])],
    ['no bad request', 1, minutes(40, () => [0, 100])],
    ['only bad requests', 1, minutes(40, () => [100, 100])],
  ])('of %s is %d', (_, phi, pairs) => {
    expect(phiOf(pairs)).toBeCloseTo(phi, 6)
    expect(historyDispersion(pairs.map(([bad, total]) => ({ bad, total })))).toBeCloseTo(phi, 6)
  })

  test('of fewer than thirty pairs is not known, and taken for 2', () => {
    const few = minutes(30, () => [1, 100])
    expect(phiOf(few)).toBeNull()
    expect(historyDispersion(few.map(([bad, total]) => ({ bad, total })))).toBe(2)
  })

  test('is not changed by a minute without requests', () => {
    const seen = seeMinute(NO_MINUTES, 3, 100)
    expect(seen).toEqual({ bad: 3, total: 100, pairs: 0, sum: 0, top: [], last: [0.03, 100] })
    expect(seeMinute(seen, 0, 0)).toEqual(seen)
    const next = seeMinute(seen, 1, 50)
    // (0.02 − 0.03)² / (1/50 + 1/100)
    expect(next).toEqual({
      bad: 4,
      total: 150,
      pairs: 1,
      sum: expect.closeTo(1 / 300, 12),
      top: [0.0033333333],
      last: [0.02, 50],
    })
  })

  test('keeps its 24 greatest steps, the greatest first', () => {
    const steps = [
      5, 9, 1, 7, 30, 2, 8, 6, 4, 3, 20, 10, 12, 11, 14, 13, 16, 15, 18, 17, 19, 22, 21, 24, 23, 26, 25, 28, 27,
    ]
    let seen = NO_MINUTES
    for (const bad of steps) seen = seeMinute({ ...seen, last: [0, 100] }, bad, 100)
    // A step from none of a hundred to n of a hundred is n² / 200.
    const wanted = steps.toSorted((a, b) => b - a).slice(0, 24)
    expect(seen.top).toEqual(wanted.map((n) => expect.closeTo(n ** 2 / 200, 9)))
    expect(seen.pairs).toBe(29)
  })
})

function manyIncidents(t: number): Pair {
  return [t % 100 === 50 ? 60 : t % 2 === 0 ? 4 : 2, 100 + (t % 7)]
}

describe('a fault of the baseline’s own', () => {
  test.each<[string, number, number, Pair, number]>([
    ['20 of 2700 are clearly over 0.1 %', 0.001, 1, [20, 2700], 0.009259259259],
    ['10 of 2700 are within three deviations and three', 0.001, 1, [10, 2700], 0.001],
    ['11 are not', 0.001, 1, [11, 2700], 0.005092592593],
    ['56 of 3000 in bursts are within them', 0.01, 2, [56, 3000], 0.01],
    ['57 are not', 0.01, 2, [57, 3000], 0.02375],
    ['exactly at the bound is within it', 0.01, 1, [10, 400 / 4], 0.01 * 12.5],
    ['nothing was seen', 0.01, 1, [0, 0], 0.01],
  ])('%s', (_, limit, phi, pair, share) => {
    expect(sharedFault(limit, phi, ...pair)).toBeCloseTo(share, 10)
  })

  test('exactly three deviations and three over what is usual is not clearly over', () => {
    // 900 × 0.01 = 9 are usual, three deviations are 9: the bound is 21.
    expect(sharedFault(0.01, 1, 21, 900)).toBe(0.01)
    expect(sharedFault(0.01, 1, 22, 900)).toBeCloseTo((1.25 * 22) / 900, 12)
  })
})

describe('the hours of the baseline', () => {
  test('are closed one by one, and twelve of them are kept', () => {
    const open = seeBaseline(NO_BACKGROUND, [2, 100], false)
    expect(open).toEqual({ hours: [], open: [2, 100] })
    expect(seeBaseline(open, [3, 50], true)).toEqual({ hours: [[5, 150]], open: [0, 0] })
    let seen = NO_BACKGROUND
    for (let hour = 1; hour <= 14; hour += 1) seen = seeBaseline(seen, [hour, 100], true)
    expect(seen.hours.map(([bad]) => bad)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
  })

  const hours = (...bad: readonly number[]): readonly Pair[] => bad.map((count) => [count, 1000] as const)
  test.each<[string, readonly Pair[], number]>([
    ['three are too few to tell', hours(90, 90, 90), 0.01],
    ['four that are bad raise the share, by those without the worst two', hours(60, 50, 90, 90), (1.25 * 110) / 2000],
    [
      'a worst hour is that of the greatest share, not of the most requests',
      [
        [60, 1000],
        [50, 1000],
        [50, 500],
        [90, 4000],
      ],
      (1.25 * 140) / 5000,
    ],
    ['two that were bad, across the turn of an hour, say nothing', hours(5, 5, 300, 300), 0.01],
    ['six bad hours after six good ones', hours(5, 5, 5, 5, 5, 5, 40, 40, 40, 40, 40, 40), 0.05],
    [
      'six bad hours, of which the newest four are good',
      hours(0, 0, 0, 0, 90, 90, 90, 90, 0, 0, 0, 0),
      (1.25 * 180) / 10_000,
    ],
    ['twelve good hours', hours(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9), 0.01],
  ])('%s', (_, closed, share) => {
    expect(sustainedShare(0.01, 1, { hours: [...closed], open: [900, 1000] })).toBeCloseTo(share, 10)
  })
})
