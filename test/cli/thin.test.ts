import { describe, expect, test } from 'vitest'
import { drawnBad } from '../../cli/draw.ts'
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

describe('two KPIs that count the same requests', () => {
  const errors = errorSeries(times(BUCKETS, [30, 300]), times(BUCKETS, [27, 2700])).get('errors')
  const slow = errorSeries(times(BUCKETS, [15, 300]), times(BUCKETS, [135, 2700])).get('errors')
  const probes = errorSeries(times(BUCKETS, [0, 60]), times(BUCKETS, [0, 60])).get('errors')
  if (errors === undefined || slow === undefined || probes === undefined) throw new Error('there is no series')
  const both = thinned(feedOf(new Map(Object.entries({ errors, slow, probes }))), () => 10, 1)
  const buckets = times(BUCKETS, 0).map((_, bucket) => bucket)
  const figures = (kpi: string, key: 'bad' | 'total', arm: 'canary' | 'baseline' = 'canary') =>
    buckets.map((bucket) => both.figures(kpi, arm, bucket, 2)?.[key] ?? -1)

  test('keep equally many of them in every bucket, on both arms', () => {
    expect(figures('slow', 'total')).toEqual(figures('errors', 'total'))
    expect(figures('slow', 'total', 'baseline')).toEqual(figures('errors', 'total', 'baseline'))
    expect(new Set(figures('errors', 'total')).size).toBeGreaterThan(20)
  })

  test('have bad ones of their own, and a fifth of them each', () => {
    const sum = (kpi: string) => figures(kpi, 'bad').reduce((all, bad) => all + bad, 0)
    expect(sum('errors') / (BUCKETS * 30)).toBeCloseTo(0.2, 1)
    expect(sum('slow') / (BUCKETS * 15)).toBeCloseTo(0.2, 1)
    expect(figures('slow', 'bad')).not.toEqual(figures('errors', 'bad').map((bad) => Math.round(bad / 2)))
  })

  test('are told apart from one that counts something else', () => {
    expect(figures('probes', 'total').every((total) => total >= 0 && total <= 60)).toBe(true)
    expect(figures('probes', 'total')).not.toEqual(figures('errors', 'total').map((total) => Math.round(total / 5)))
  })
})

describe('bad events among those that are drawn', () => {
  const EVEN = 2000
  const shares = (bad: number, total: number, drawn: number) => {
    const counts = new Map<number, number>()
    for (let step = 0; step < EVEN; step += 1) {
      const found = drawnBad({ bad, total }, drawn, (step + 0.5) / EVEN)
      counts.set(found, (counts.get(found) ?? 0) + 1 / EVEN)
    }
    return counts
  }

  test('come as often as the hypergeometric distribution says', () => {
    // 3 of 10 are bad, 4 are drawn: 35, 105, 63 and 7 of 210 ways.
    const seen = shares(3, 10, 4)
    for (const [bad, ways] of [35, 105, 63, 7].entries()) expect(seen.get(bad)).toBeCloseTo(ways / 210, 2)
  })

  test('are all of them, none of them, or as many as must be, at the ends', () => {
    expect([...shares(5, 20, 20).keys()]).toEqual([5])
    expect([...shares(5, 20, 0).keys()]).toEqual([0])
    expect([...shares(0, 20, 7).keys()]).toEqual([0])
    expect([...shares(20, 20, 7).keys()]).toEqual([7])
    expect(Math.min(...shares(18, 20, 7).keys())).toBe(5)
  })

  test('keep their mean where counts are as large as they may be', () => {
    const seen = [0.001, 0.25, 0.5, 0.75, 0.999].map((u) => drawnBad({ bad: 1e9, total: 1e12 }, 2e11, u) / 2e8)
    for (const share of seen) expect(share).toBeCloseTo(1, 3)
    expect(new Set(seen).size).toBe(5)
  })
})

test('what is in the way is told in buckets where they are no minutes', () => {
  expect(thinned(plain, () => 10, 1, 'bucket').obstacle(5, 11)).toContain('bucket 5 was measured at 10 %')
})
