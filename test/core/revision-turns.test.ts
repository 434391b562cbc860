import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_TURNS, type Quiet, type RevisionTurns, shareTurns } from '../../lib/core/revision-turns.ts'
import type { Target } from '../../lib/core/service.ts'
import { MINUTE, T0 } from '../support/builders.ts'

function apps(count: number, overrides: Partial<Target> = {}): readonly Target[] {
  const one = { subscriptionId: 'sub-1', resourceGroup: 'rides', container: null }
  return Array.from({ length: count }, (_, index) => ({ ...one, app: `app-${index}`, ...overrides }))
}

/** Apps whose revisions were read then, and which no figure shows. */
function unshown(readAt: readonly (number | null)[]): readonly (Quiet | null)[] {
  return readAt.map((at) => (at === null ? null : { readAt: at, isShown: false }))
}

/**
 * Looks at all apps once a minute, `slice` at a time; tells how many were read in each minute, and the longest wait of those
 * that figures show (the first `shown`) and of the others.
 */
function run(count: number, minutes: number, slice = count, reads?: number, shown = 0) {
  const targets = apps(count)
  const readAt = targets.map(() => T0)
  const isShown = (place: number) => place < shown
  const perMinute: number[] = []
  let turns: RevisionTurns = NO_TURNS
  const longest = { shown: 0, others: 0 }
  for (let minute = 1; minute <= minutes; minute++) {
    const now = T0 + minute * MINUTE
    let read = 0
    for (let from = 0; from < count; from += slice) {
      const quiet = readAt.map((at, place) => ({ readAt: at, isShown: isShown(place) })).slice(from, from + slice)
      const share = shareTurns(turns, targets.slice(from, from + slice), quiet, now, reads)
      turns = share.turns
      for (let place = from; place < Math.min(count, from + slice); place++) {
        const kind = isShown(place) ? 'shown' : 'others'
        longest[kind] = Math.max(longest[kind], (now - (readAt[place] ?? 0)) / MINUTE)
        if (share.glanced.has(place - from)) continue
        readAt[place] = now
        read += 1
      }
    }
    perMinute.push(read)
  }
  return { perMinute, longest: longest.others, longestShown: longest.shown }
}

describe('turns at the revisions of quiet apps', () => {
  test('are given to all at every look where there are few', () => {
    expect(run(25, 10)).toMatchObject({ perMinute: Array(10).fill(25), longest: 1 })
  })

  test('come round to each of a hundred apps within six minutes, 25 a minute on the whole and never over 50', () => {
    const { perMinute, longest } = run(100, 40)
    expect(longest).toBeLessThanOrEqual(6)
    expect(Math.max(...perMinute)).toBeLessThanOrEqual(50)
    expect(perMinute.reduce((sum, read) => sum + read, 0)).toBeLessThanOrEqual(25 * 40)
  })

  test('come round to each of a thousand within half an hour, slice by slice, for a hundred reads a minute at most', () => {
    const { perMinute, longest } = run(1000, 120, 50)
    expect(longest).toBeLessThanOrEqual(30)
    expect(Math.max(...perMinute)).toBeLessThanOrEqual(100)
    expect(perMinute.reduce((sum, read) => sum + read, 0)).toBeLessThanOrEqual(50 * 120)
  })

  test.each([100, 1_000, 3_000])(
    'are 25 a minute on the whole, and never over 50, of %i apps that figures show, however many they are',
    (count) => {
      const { perMinute, longestShown } = run(count, 60, 1_000, undefined, count)
      expect(Math.max(...perMinute)).toBeLessThanOrEqual(50)
      expect(perMinute.reduce((sum, read) => sum + read, 0)).toBeLessThanOrEqual(25 * 60)
      expect(longestShown).toBeLessThanOrEqual(Math.min(60, (1.5 * count) / 25 + 1))
    },
  )

  test('come round within half an hour to those that no figure shows, whatever else is quiet, and then to the others', () => {
    const { perMinute, longest, longestShown } = run(1000, 200, 100, undefined, 900)
    expect(longest).toBeLessThanOrEqual(30)
    expect(longestShown).toBeLessThanOrEqual((2 * 1000) / 25)
    expect(Math.max(...perMinute)).toBeLessThanOrEqual(50)
  })

  test('are never refused to one app for longer than a round and a half and a look', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 10, max: 60 }), (count, slice) => {
        const round = count <= 25 ? 0 : count / Math.max(25, count / 20)
        expect(run(count, 40, slice).longest).toBeLessThanOrEqual(1.5 * round + 1)
      }),
      { numRuns: 15 },
    )
  })

  test('are given to those first that were read longest ago', () => {
    const readAt = apps(30).map((_, place) => T0 - place * MINUTE)
    const { glanced } = shareTurns(NO_TURNS, apps(30), unshown(readAt), T0 + MINUTE, 1)
    expect(apps(30).flatMap((_, place) => (glanced.has(place) ? [] : [place]))).toEqual([27, 28, 29])
  })

  test('are counted for each subscription apart, whatever its case', () => {
    const targets = [...apps(1, { subscriptionId: 'SUB-1' }), ...apps(1), ...apps(1, { subscriptionId: 'sub-2' })]
    const quiet = unshown(targets.map(() => T0))
    const first = shareTurns(NO_TURNS, targets, quiet, T0 + MINUTE, 1)
    expect([...first.turns.keys()]).toEqual(['sub-1', 'sub-2'])
    expect(first.glanced).toEqual(new Set())
    const second = shareTurns(first.turns, targets, quiet, T0 + MINUTE, 1)
    expect(second.glanced).toEqual(new Set())
    expect(shareTurns(second.turns, targets, quiet, T0 + MINUTE, 1).glanced).toEqual(new Set([0, 1, 2]))
  })

  test('are not asked for apps that must be looked at, which count for nothing', () => {
    const readAt = apps(3).map((_, place) => (place === 1 ? T0 : null))
    const { turns, glanced } = shareTurns(NO_TURNS, apps(3), unshown(readAt), T0, 0)
    expect(glanced).toEqual(new Set([1]))
    expect(turns.get('sub-1')?.lately).toEqual(new Map([['rides/app-1', { at: T0, isShown: false }]]))
    expect(shareTurns(turns, apps(3), [], T0, 0)).toEqual({ turns, glanced: new Set() })
  })

  test('forget an app that was not there for five minutes, and a time that is still to come', () => {
    const { turns } = shareTurns(NO_TURNS, apps(40), unshown(apps(40).map(() => T0)), T0, 25)
    const later = (now: number) => shareTurns(turns, apps(1), unshown([T0]), now, 25).turns.get('sub-1')?.lately.size
    expect(later(T0 + 5 * MINUTE - 1)).toBe(40)
    expect(later(T0 + 5 * MINUTE)).toBe(1)
    expect(later(T0 - 1)).toBe(1)
  })

  test('are saved up for one minute and no longer', () => {
    const used = shareTurns(NO_TURNS, apps(60), unshown(apps(60).map(() => T0 - 60 * MINUTE)), T0, 25)
    expect(used.turns.get('sub-1')?.left).toBe(0)
    const left = (now: number) => shareTurns(used.turns, apps(1), unshown([now]), now, 25).turns.get('sub-1')?.left
    expect(left(T0 + MINUTE / 2)).toBe(25)
    expect(left(T0 + MINUTE)).toBe(50)
    expect(left(T0 + 60 * MINUTE)).toBe(49)
    expect(left(T0 - MINUTE)).toBe(0)
  })
})
