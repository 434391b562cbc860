import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sampleRatioOdds } from '../../../lib/core/stats/sample-ratio.ts'

const anyCounts = fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 5000 }))
const anyShare = fc.double({ min: 0.01, max: 0.99, noNaN: true })

describe('the odds of a wrong split', () => {
  test('are even before the first request', () => {
    expect(sampleRatioOdds([0, 0], [0.1, 0.9])).toBeCloseTo(1, 12)
  })

  test.each([
    ['the right split speaks for itself', [1000, 9000], 0.1],
    ['a split that is a little off is not told yet', [95, 905], 0.1],
    ['five percent of the traffic that should be ten', [500, 9500], 1e6],
    ['no traffic at all where half should be', [0, 200], 1e6],
  ])('%s', (what, counts, bound) => {
    const shares = what.includes('half') ? [0.5, 0.5] : [0.1, 0.9]
    if (bound > 1) expect(sampleRatioOdds(counts, shares)).toBeGreaterThan(bound)
    else expect(sampleRatioOdds(counts, shares)).toBeLessThan(1)
  })

  test('never depend on the order of the arms, and are always a finite number', () => {
    fc.assert(
      fc.property(anyCounts, anyShare, ([a, b], share) => {
        const odds = sampleRatioOdds([a, b], [share, 1 - share])
        const turned = sampleRatioOdds([b, a], [1 - share, share])
        expect(Math.abs(Math.log(odds) - Math.log(turned))).toBeLessThan(1e-6)
        expect(Number.isFinite(odds)).toBe(true)
      }),
    )
  })

  test('are fair: weighted by the right split, those of all outcomes sum to one', () => {
    const n = 30
    let sum = 0
    let ways = 1
    for (let a = 0; a <= n; a++) {
      sum += ways * 0.3 ** a * 0.7 ** (n - a) * sampleRatioOdds([a, n - a], [0.3, 0.7])
      ways = (ways * (n - a)) / (a + 1)
    }
    expect(sum).toBeCloseTo(1, 10)
  })
})
