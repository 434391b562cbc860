import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bernoulliCs } from '../../../lib/core/stats/bernoulli-cs.ts'

const counts = fc
  .tuple(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([trials, share]) => ({ trials, successes: Math.round(trials * share) }))

test('without trials nothing is known', () => {
  expect(bernoulliCs(0, 0, 0.05, 100)).toEqual([0, 1])
})

test('the share that was seen never lies outside, nor the bounds outside 0 and 1', () => {
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 10_000 }), ({ successes, trials }, best) => {
      const [low, high] = bernoulliCs(successes, trials, 0.05, best)
      expect(low).toBeGreaterThanOrEqual(0)
      expect(low).toBeLessThanOrEqual(successes / trials)
      expect(high).toBeGreaterThanOrEqual(successes / trials)
      expect(high).toBeLessThanOrEqual(1)
    }),
  )
})

test('failures always have the mirrored bounds of successes', () => {
  fc.assert(
    fc.property(counts, ({ successes, trials }) => {
      const [low, high] = bernoulliCs(successes, trials, 0.05, 300)
      const [mirroredLow, mirroredHigh] = bernoulliCs(trials - successes, trials, 0.05, 300)
      expect(mirroredLow).toBeCloseTo(1 - high, 9)
      expect(mirroredHigh).toBeCloseTo(1 - low, 9)
    }),
  )
})

test('a stricter level always widens the bounds', () => {
  fc.assert(
    fc.property(counts, ({ successes, trials }) => {
      const [low, high] = bernoulliCs(successes, trials, 0.05, 300)
      const [wideLow, wideHigh] = bernoulliCs(successes, trials, 0.01, 300)
      expect(wideLow).toBeLessThanOrEqual(low)
      expect(wideHigh).toBeGreaterThanOrEqual(high)
    }),
  )
})

test('read after every twentieth trial, the bounds lose the truth in at most their share of histories', () => {
  const next = seeded(7)
  const histories = 150
  let lost = 0
  for (let history = 0; history < histories; history++) {
    let successes = 0
    let isLost = false
    for (let trial = 1; trial <= 800; trial++) {
      successes += next() < 0.02 ? 1 : 0
      if (trial % 20 !== 0 || isLost) continue
      const [low, high] = bernoulliCs(successes, trial, 0.2, 400)
      isLost = low > 0.02 || high < 0.02
    }
    lost += isLost ? 1 : 0
  }
  expect(lost / histories).toBeLessThanOrEqual(0.2)
  expect(lost).toBeGreaterThan(0)
})

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
