import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lgamma, logBeta } from '../../../lib/core/stats/lgamma.ts'

test.each([
  ['a half', 0.5, Math.log(Math.PI) / 2],
  ['one', 1, 0],
  ['two', 2, 0],
  ['eleven, which is ten factorial', 11, Math.log(3_628_800)],
  ['seven and a half', 7.5, Math.log((135_135 * Math.sqrt(Math.PI)) / 128)],
])('the logarithm of gamma at %s', (_, x, expected) => {
  expect(lgamma(x)).toBeCloseTo(expected, 13)
})

test('is infinite at and below zero, and stays NaN', () => {
  expect([lgamma(0), lgamma(-1), lgamma(Number.NaN)]).toEqual([Infinity, Infinity, Number.NaN])
})

test('always grows by the logarithm of its argument', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e6, noNaN: true }), (x) => {
      const scale = Math.max(1, Math.abs(lgamma(x)))
      expect(Math.abs(lgamma(x + 1) - lgamma(x) - Math.log(x)) / scale).toBeLessThan(1e-13)
    }),
  )
})

test('the logarithm of beta is that of its fraction of factorials', () => {
  expect(logBeta(3, 5)).toBeCloseTo(Math.log((2 * 24) / 5040), 13)
})
