import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kolmogorovSf, ksDistance, ksProbability, ksTest } from '../../../lib/core/stats/kolmogorov.ts'

const sample = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 })

describe('the distance of two samples', () => {
  test('is the greatest between their distribution functions', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const share = (values: readonly number[], at: number) => values.filter((v) => v <= at).length / values.length
        const furthest = Math.max(...[...x, ...y].map((at) => Math.abs(share(x, at) - share(y, at))))
        expect(ksDistance(x, y)).toBeCloseTo(furthest, 12)
        expect(ksDistance(y, x)).toBe(ksDistance(x, y))
      }),
    )
  })

  test.each([
    ['0 for the same values', [1, 2, 3], [3, 2, 1], 0],
    ['1 without overlap', [1, 2], [5, 6, 7], 1],
  ])('is %s', (_, x, y, expected) => {
    expect(ksDistance(x, y)).toBe(expected)
  })

  test('leaves out what is no number', () => {
    expect(ksTest([1, Number.NaN, 2], [3, 4, 5, Number.NaN])).toEqual(ksTest([1, 2], [3, 4, 5]))
  })

  test('is 0 with probability 1 where a side is empty', () => {
    expect(ksTest([], [1])).toEqual({ distance: 0, p: 1 })
    expect(ksTest([1], [])).toEqual({ distance: 0, p: 1 })
  })
})

describe('the probability of a distance', () => {
  test('is the share of all orders in which it is reached, for small samples', () => {
    for (const [m, n] of [
      [3, 4],
      [5, 5],
      [2, 7],
    ] as const) {
      const orders = choose(m + n, m)
      for (const distance of [0.3, 0.5, 0.75, 1]) {
        const reached = orders.filter((picked) => {
          const [x, y] = [picked, [...Array(m + n).keys()].filter((rank) => !picked.includes(rank))]
          return Math.round(ksDistance(x, y) * m * n) >= Math.round(distance * m * n)
        })
        expect(ksProbability(distance, m, n)).toBeCloseTo(reached.length / orders.length, 12)
      }
    }
  })

  test('stays exact where it is tiny', () => {
    expect(ksProbability(1, 50, 50)).toBeGreaterThan(0)
    expect(ksProbability(1, 50, 50) * 1.0089134454556e29).toBeCloseTo(2, 6)
  })

  test('is asymptotic for large samples and for effective sizes, and near the exact one', () => {
    expect(ksProbability(0.2, 100, 101)).toBe(kolmogorovSf(0.2 * Math.sqrt((100 * 101) / 201)))
    expect(ksProbability(0.2, 99.5, 80)).toBe(kolmogorovSf(0.2 * Math.sqrt((99.5 * 80) / 179.5)))
    expect(Math.abs(ksProbability(0.2, 100, 100) - ksProbability(0.2, 100.001, 100))).toBeLessThan(0.01)
  })

  test('never rises with the distance, and is 1 at none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (m, n) => {
        const told = [0, 0.1, 0.3, 0.5, 0.9, 1].map((distance) => ksProbability(distance, m, n))
        expect(told[0]).toBe(1)
        for (const [i, p] of told.entries()) expect(p).toBeLessThanOrEqual((told[i - 1] ?? 1) + 1e-12)
      }),
    )
  })
})

test.each([
  [0.5, 0.9639452436648751],
  [0.75, 0.6271670417],
  [1, 0.2699996716773546],
  [1.3581, 0.0499996304],
  [1.6276, 0.0100015373],
  [2, 0.0006709252557796953],
])('the survival function at %s is as tables have it', (lambda, expected) => {
  expect(kolmogorovSf(lambda)).toBeCloseTo(expected, 9)
})

test('the two series of the survival function meet, and it falls from 1 to 0', () => {
  expect(kolmogorovSf(1.18 - 1e-12)).toBeCloseTo(kolmogorovSf(1.18), 11)
  expect([kolmogorovSf(0), kolmogorovSf(-1), kolmogorovSf(0.1)]).toEqual([1, 1, 1])
  expect(kolmogorovSf(8)).toBeLessThan(1e-50)
})

function choose(n: number, k: number, from = 0): readonly (readonly number[])[] {
  if (k === 0) return [[]]
  return Array.from({ length: n - from - k + 1 }, (_, i) => from + i).flatMap((first) =>
    choose(n, k - 1, first + 1).map((rest) => [first, ...rest]),
  )
}
