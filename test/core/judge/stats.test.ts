import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chernoffTail } from '../../../lib/core/judge/stats.ts'

/** The exact chance of `bad` or more among `total`, summed in logarithms. */
function binomialTail(bad: number, total: number, p: number): number {
  let sum = 0
  for (let k = bad; k <= total; k++) {
    let log = k * Math.log(p) + (total - k) * Math.log(1 - p)
    for (let i = 1; i <= k; i++) log += Math.log((total - k + i) / i)
    sum += Math.exp(log)
  }
  return sum
}

describe('chernoffTail', () => {
  test('nothing seen proves nothing', () => expect(chernoffTail(0, 0, 0.05)).toBe(1))
  test('a share at the limit proves nothing', () => expect(chernoffTail(5, 100, 0.05)).toBe(1))
  test('a share below the limit proves nothing', () => expect(chernoffTail(1, 100, 0.05)).toBe(1))
  test('all bad has the chance p to the power of n', () => expect(chernoffTail(10, 10, 0.5)).toBeCloseTo(2 ** -10, 12))
  test('a worked example agrees with the formula', () => {
    // 10 of 100 at p = 0.05: KL(0.1 ‖ 0.05) = 0.1·ln 2 + 0.9·ln(0.9/0.95)
    const kl = 0.1 * Math.log(2) + 0.9 * Math.log(0.9 / 0.95)
    expect(chernoffTail(10, 100, 0.05)).toBeCloseTo(Math.exp(-100 * kl), 12)
  })
  test('one bad event where none is allowed cannot be luck', () => expect(chernoffTail(1, 100, 0)).toBe(0))

  test('it is always at least the exact chance, so luck is never taken for a breach', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.nat(60),
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        (total, n, p) => {
          const bad = Math.min(n, total)
          expect(chernoffTail(bad, total, p)).toBeGreaterThanOrEqual(binomialTail(bad, total, p) * (1 - 1e-9))
        },
      ),
    )
  })
})
