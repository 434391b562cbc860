import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../sim/streams/random.ts'

const DRAWS = 40_000

function momentsOf(draw: () => number): { readonly mean: number; readonly variance: number } {
  const values = Array.from({ length: DRAWS }, draw)
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS }
}

/** Five standard errors of a mean: what chance keeps within, but for one run in a million. */
const within = (variance: number): number => 5 * Math.sqrt(variance / DRAWS)

describe('draws from a pair of seeds', () => {
  test('are the same for the same seeds and others for other seeds', () => {
    const take = (seed: number, stream: number) => {
      const { uniform } = createRandom(seed, stream)
      return Array.from({ length: 5 }, uniform)
    }
    expect(take(1, 2)).toEqual(take(1, 2))
    expect(take(1, 2)).not.toEqual(take(2, 1))
    expect(new Set([...take(0, 0), ...take(0, 1), ...take(1, 0)]).size).toBe(15)
  })

  test.each([
    ['a few events', 0.15],
    ['as many as are still counted out', 30],
    ['many', 2700],
  ])('of a Poisson count have its mean and variance: %s', (_, mean) => {
    const { poisson } = createRandom(7, 1)
    const moments = momentsOf(() => poisson(mean))
    expect(Math.abs(moments.mean - mean)).toBeLessThan(within(mean))
    expect(moments.variance / mean).toBeCloseTo(1, 1)
  })

  test.each([
    ['rare', 300, 0.0005],
    ['of a tiny minute', 6, 0.5],
    ['usual', 300, 0.05],
    ['half of many', 300, 0.5],
    ['nearly all', 300, 0.99],
  ])('of a binomial count have its mean and variance: %s', (_, trials, probability) => {
    const { binomial } = createRandom(7, 2)
    const [mean, variance] = [trials * probability, trials * probability * (1 - probability)]
    const moments = momentsOf(() => binomial(trials, probability))
    expect(Math.abs(moments.mean - mean)).toBeLessThan(within(variance))
    expect(moments.variance / variance).toBeGreaterThan(0.9)
    expect(moments.variance / variance).toBeLessThan(1.1)
  })

  test('of a small binomial count come as often as the formula says', () => {
    const { binomial } = createRandom(7, 3)
    const counts = [0, 0, 0, 0]
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const count = binomial(3, 0.2)
      counts[count] = (counts[count] ?? 0) + 1
    }
    ;[0.512, 0.384, 0.096, 0.008].forEach((share, count) => {
      expect(Math.abs((counts[count] ?? 0) / DRAWS - share)).toBeLessThan(within(share * (1 - share)))
    })
  })

  test('never leave the range: no fewer than none, no more than all, all when sure', () => {
    const { binomial, poisson } = createRandom(7, 4)
    for (let draw = 0; draw < 5000; draw += 1) {
      const count = binomial(40, 0.97)
      expect(count).toBeGreaterThanOrEqual(0)
      expect(count).toBeLessThanOrEqual(40)
    }
    expect([binomial(9, 0), binomial(9, 1), binomial(0, 0.5), poisson(0)]).toEqual([0, 9, 0, 0])
  })

  test('of a geometric size begin at 1 and have their mean', () => {
    const { geometric } = createRandom(7, 5)
    const sizes = Array.from({ length: DRAWS }, () => geometric(3))
    expect(Math.min(...sizes)).toBe(1)
    const moments = momentsOf(() => geometric(3))
    expect(Math.abs(moments.mean - 3)).toBeLessThan(within(6))
    expect(geometric(1)).toBe(1)
  })

  test('of a beta share have its mean and variance', () => {
    const { beta } = createRandom(7, 6)
    const moments = momentsOf(() => beta(285, 16))
    const variance = (285 * 16) / (301 ** 2 * 302)
    expect(Math.abs(moments.mean - 285 / 301)).toBeLessThan(within(variance))
    expect(moments.variance / variance).toBeCloseTo(1, 1)
  })
})
