import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bucket, countAbove, inOrder, isSaturated, quantile } from '../../../lib/adapters/metrics/histogram.ts'

const INF = Number.POSITIVE_INFINITY

function histogram(bounds: readonly number[], counts: readonly number[]): readonly Bucket[] {
  return inOrder(bounds.map((le, place) => ({ le, cumulative: counts[place] ?? 0 })))
}

const anyHistogram = fc
  .record({
    bounds: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 8 }),
    counts: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 9, maxLength: 9 }),
  })
  .map(({ bounds, counts }) => {
    let sum = 0
    const rising = counts.map((count) => (sum += count))
    return histogram([...bounds.toSorted((a, b) => a - b), INF], rising)
  })

describe('the quantile of a histogram', () => {
  test.each([
    ['inside a bucket', [50, 100, 200, 400, INF], [500, 800, 940, 995, 1000], 0.95, 236.3636],
    ['inside a lower bucket', [50, 100, 200, 400, INF], [500, 800, 960, 995, 1000], 0.95, 193.75],
    ['above all finite bounds: the highest of them', [50, 100, 200, 400, INF], [0, 0, 0, 0, 1000], 0.95, 400],
    ['in the first bucket: from zero', [50, INF], [100, 100], 0.5, 25],
    ['in a first bucket that ends below zero: its bound', [-5, 50, INF], [100, 100, 100], 0.5, -5],
    [
      'on the bound where the share is reached, not after empty buckets',
      [50, 100, 200, INF],
      [10, 10, 20, 20],
      0.5,
      50,
    ],
    ['with empty buckets on the way', [50, 100, 200, INF], [0, 0, 10, 10], 0.5, 150],
  ])('lies %s', (_, bounds, counts, q, expected) => {
    expect(quantile(q, histogram(bounds, counts))).toBeCloseTo(expected, 4)
  })

  test.each([
    ['no events', [50, INF], [0, 0]],
    ['no finite bound', [INF], [10]],
    ['no +Inf bucket', [50, 100], [5, 10]],
    ['no buckets', [], []],
  ])('is NaN with %s', (_, bounds, counts) => {
    expect(quantile(0.95, histogram(bounds, counts))).toBeNaN()
  })

  test('is saturated only where it lies above every finite bound', () => {
    expect(isSaturated(0.95, histogram([50, 400, INF], [0, 0, 10]))).toBe(true)
    expect(isSaturated(0.95, histogram([50, 400, INF], [0, 95, 100]))).toBe(false)
    expect(isSaturated(0.96, histogram([50, 400, INF], [0, 95, 100]))).toBe(true)
    expect(isSaturated(0.95, histogram([50, INF], [0, 0]))).toBe(false)
  })

  test('never leaves the finite bounds and never falls as q rises', () => {
    fc.assert(
      fc.property(anyHistogram, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (buckets, q) => {
        fc.pre((buckets.at(-1)?.cumulative ?? 0) > 0)
        const value = quantile(q, buckets)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(buckets.at(-2)?.le ?? 0)
        expect(quantile(q / 2, buckets)).toBeLessThanOrEqual(value)
      }),
    )
  })
})

describe('events above a limit', () => {
  const buckets = histogram([0.05, 0.1, 0.2, 0.4, INF], [500, 800, 940, 995, 1000])

  test('are exact where a bound sits on the limit', () => {
    expect(countAbove(0.2, buckets)).toEqual({ above: 60, exact: true })
    expect(countAbove(0.1 + 0.1, buckets)).toEqual({ above: 60, exact: true })
    expect(countAbove(0.30000000000000004, histogram([0.3, INF], [7, 9]))).toEqual({ above: 2, exact: true })
  })

  test('are counted at the next bound above where none sits on it', () => {
    expect(countAbove(0.15, buckets)).toEqual({ above: 60, exact: false })
  })

  test('are unknown where the limit is above every finite bound', () => {
    expect(countAbove(0.5, buckets)).toBeNull()
    expect(countAbove(0.1, [])).toBeNull()
  })

  test('are never more than the events there are, nor more than at a lower limit', () => {
    fc.assert(
      fc.property(anyHistogram, fc.integer({ min: 1, max: 1000 }), (all, limit) => {
        const counted = countAbove(limit, all)
        fc.pre(counted !== null)
        expect(counted?.above).toBeGreaterThanOrEqual(0)
        expect(counted?.above).toBeLessThanOrEqual(all.at(-1)?.cumulative ?? 0)
        expect(counted?.above).toBeLessThanOrEqual(countAbove(limit / 2, all)?.above ?? INF)
      }),
    )
  })
})

test('buckets come by rising bound, and a count below its neighbour is lifted to it', () => {
  const mixed = [
    { le: INF, cumulative: 9 },
    { le: 1, cumulative: 5 },
    { le: 2, cumulative: 4 },
  ]
  expect(inOrder(mixed)).toEqual([
    { le: 1, cumulative: 5 },
    { le: 2, cumulative: 5 },
    { le: INF, cumulative: 9 },
  ])
})
