import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSplit } from '../../../sim/azure/split.ts'

function deal(weights: Record<string, number>, requests: number, split = createSplit(0.3)): Record<string, number> {
  const dealt: Record<string, number> = {}
  for (let index = 0; index < requests; index++) {
    const revision = split(weights) ?? 'nobody'
    dealt[revision] = (dealt[revision] ?? 0) + 1
  }
  return dealt
}

test('shares are right to within a few requests over any number of requests, whatever the seed', () => {
  const cases = fc.record({ seed: fc.double({ min: 0, max: 1, noNaN: true }), weight: fc.integer({ min: 1, max: 99 }) })
  fc.assert(
    fc.property(cases, fc.integer({ min: 20, max: 2000 }), ({ seed, weight }, requests) => {
      const { canary = 0 } = deal({ stable: 100 - weight, canary: weight }, requests, createSplit(seed))
      expect(Math.abs(canary - (requests * weight) / 100)).toBeLessThan(5)
    }),
  )
})

test('nobody without weight is ever picked, and nobody at all where nobody has weight', () => {
  expect(deal({ old: 0, stable: 100, canary: 0 }, 500)).toEqual({ stable: 500 })
  expect(deal({}, 3)).toEqual({ nobody: 3 })
  expect(deal({ stable: 0 }, 3)).toEqual({ nobody: 3 })
})

test('weights need not total 100', () => {
  const { a = 0, b = 0 } = deal({ a: 1, b: 3 }, 400)
  expect(a + b).toBe(400)
  expect(Math.abs(a - 100)).toBeLessThan(5)
})
