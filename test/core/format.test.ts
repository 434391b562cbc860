import { describe, expect, test } from 'vitest'
import { duration, percent, weightsText } from '../../lib/core/format.ts'

describe('duration', () => {
  const table: readonly [number, string][] = [
    [0, '0s'],
    [-5000, '0s'],
    [499, '0s'],
    [500, '1s'],
    [12_000, '12s'],
    [59_600, '1m'],
    [250_000, '4m 10s'],
    [3_600_000, '1h'],
    [3_605_000, '1h'],
    [172_800_000, '2d'],
    [183_600_000, '2d 3h'],
    [86_400_000 * 400, '400d'],
  ]
  for (const [ms, text] of table) test(`${ms} ms are said as ${text}`, () => expect(duration(ms)).toBe(text))
})

describe('percent', () => {
  const table: readonly [number, string][] = [
    [0, '0 %'],
    [0.001, '0.1 %'],
    [0.00333, '0.33 %'],
    [0.01, '1 %'],
    [0.1234, '12.3 %'],
    [1, '100 %'],
    [1.2e-8, '0.0000012 %'],
    [1.4e-28, '0 %'],
  ]
  for (const [ratio, text] of table) test(`${ratio} is said as ${text}`, () => expect(percent(ratio)).toBe(text))
})

describe('weightsText', () => {
  test('the largest share comes first', () => expect(weightsText({ b: 10, a: 90 })).toBe('a 90 %, b 10 %'))
  test('nothing is no traffic', () => expect(weightsText({})).toBe('no traffic'))
})
