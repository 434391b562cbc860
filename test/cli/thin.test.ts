import { describe, expect, test } from 'vitest'
import { thinned } from '../../cli/thin.ts'
import { feedOf } from '../../lib/core/replay/feed.ts'
import { errorSeries, times } from '../core/replay-scene.ts'

const BUCKETS = 400
const plain = feedOf(errorSeries(times(BUCKETS, [30, 300]), times(BUCKETS, [27, 2700])))
const feed = thinned(plain, () => 10, 1)

const sumOf = (arm: 'canary' | 'baseline', weight: number, key: 'bad' | 'total') =>
  Array.from({ length: BUCKETS }, (_, bucket) => feed.figures('errors', arm, bucket, weight)?.[key] ?? 0).reduce(
    (sum, count) => sum + count,
    0,
  )

describe('a canary at a fifth of its weight', () => {
  test('keeps a fifth of its events, bad ones as good ones', () => {
    expect(sumOf('canary', 2, 'total') / (BUCKETS * 300)).toBeCloseTo(0.2, 2)
    expect(sumOf('canary', 2, 'bad') / (BUCKETS * 30)).toBeCloseTo(0.2, 1)
  })

  test('loses no event: those that do not stay go to stable, and fail as stable’s own do', () => {
    expect(sumOf('canary', 2, 'total') + sumOf('baseline', 2, 'total')).toBe(BUCKETS * 3000)
    expect(sumOf('baseline', 2, 'bad') / sumOf('baseline', 2, 'total')).toBeCloseTo(0.01, 3)
  })

  test('is the same when it is asked again, in any order, and another for another seed', () => {
    const again = thinned(plain, () => 10, 1)
    expect(again.figures('errors', 'baseline', 7, 2)).toEqual(feed.figures('errors', 'baseline', 7, 2))
    expect(again.figures('errors', 'canary', 7, 2)).toEqual(feed.figures('errors', 'canary', 7, 2))
    const other = thinned(plain, () => 10, 2)
    const differs = times(50, 0).some(
      (_, bucket) =>
        other.figures('errors', 'canary', bucket, 2)?.total !== feed.figures('errors', 'canary', bucket, 2)?.total,
    )
    expect(differs).toBe(true)
  })
})

test('at its own weight, before the rollout, and where no weight is known, nothing is thinned', () => {
  expect(feed.figures('errors', 'canary', 5, 10)).toEqual({ bad: 30, total: 300, value: null })
  expect(feed.figures('errors', 'baseline', -5, 2)).toEqual({ bad: 2, total: 3000, value: null })
  const unknown = thinned(plain, () => null, 1)
  expect(unknown.figures('errors', 'canary', 5, 2)).toEqual({ bad: 30, total: 300, value: null })
  expect(unknown.obstacle(5, 50)).toBeNull()
})

test('missing data stay missing, and a canary beside whom nothing was measured stays alone', () => {
  const gaps = thinned(feedOf(errorSeries([[30, 300], null], [])), () => 10, 1)
  expect(gaps.figures('errors', 'canary', 1, 2)).toBeNull()
  expect(gaps.figures('errors', 'baseline', 0, 2)).toBeNull()
})

test('what nobody saw is an obstacle: more traffic, or stable where it had none', () => {
  expect(feed.obstacle(5, 10)).toBeNull()
  expect(feed.obstacle(5, 2)).toBeNull()
  expect(feed.obstacle(5, 11)).toContain('measured at 10 %, the plan wants 11 %')
  expect(thinned(plain, () => 100, 1).obstacle(5, 50)).toContain('nobody knows how stable did beside it')
})
