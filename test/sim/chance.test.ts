import { describe, expect, it } from 'vitest'
import { binomial, chance, hashOf, normalQuantile, normalShare, poisson } from '../../sim/chance.ts'

const draws = Array.from({ length: 20_000 }, (_, index) => chance(7, index))
const mean = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length

describe('Chance', () => {
  it('lies strictly between 0 and 1, evenly, and belongs to its keys', () => {
    expect(Math.min(...draws)).toBeGreaterThan(0)
    expect(Math.max(...draws)).toBeLessThan(1)
    expect(mean(draws)).toBeCloseTo(0.5, 1)
    expect(chance(7, 3, 4)).toBe(chance(7, 3, 4))
    expect(chance(7, 3, 4)).not.toBe(chance(7, 4, 3))
    expect(chance(8, 3, 4)).not.toBe(chance(7, 3, 4))
    expect(hashOf('a')).not.toBe(hashOf('b'))
  })

  it.each([0.5, 4, 200])('draws Poisson counts whose mean is %d', (expected) => {
    const counts = draws.map((u) => poisson(expected, u))
    expect(mean(counts) / expected).toBeCloseTo(1, 1)
    expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true)
  })

  it.each([
    [100, 0.02],
    [10_000, 0.3],
    [50, 1],
    [50, 0],
    [0, 0.5],
  ])('draws binomial counts of %d trials at %d', (trials, probability) => {
    const counts = draws.map((u) => binomial(trials, probability, u))
    expect(Math.abs(mean(counts) - trials * probability)).toBeLessThanOrEqual(0.02 * trials * probability)
    expect(Math.max(...counts)).toBeLessThanOrEqual(trials)
  })

  it.each([
    [0.5, 0],
    [0.95, 1.6448536],
    [0.001, -3.0902323],
    [0.999, 3.0902323],
  ])('knows the normal quantile of %d, and back', (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 6)
    expect(normalShare(z)).toBeCloseTo(p, 6)
  })
})
