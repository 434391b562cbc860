import { expect, test } from 'vitest'
import { intervalOf } from '../../../sim/azure/timespan.ts'

const NOON = Date.UTC(2026, 0, 15, 12)
const HOUR = 3_600_000

test.each([
  ['2026-01-15T11:00:00Z/2026-01-15T12:00:00Z', NOON - HOUR, NOON],
  ['2026-01-15T11:00:00Z/PT30M', NOON - HOUR, NOON - HOUR / 2],
  ['P1DT1H/2026-01-15T12:00:00Z', NOON - 25 * HOUR, NOON],
  ['PT1.5S', NOON - 1500, Number.POSITIVE_INFINITY],
  ['P1W', NOON - 7 * 24 * HOUR, Number.POSITIVE_INFINITY],
  ['', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
])('%j is an interval', (text, from, to) => {
  expect(intervalOf(text, NOON)).toEqual({ from, to })
})

test.each(['yesterday', 'P', 'PT', 'PT1H/PT1H', '2026-01-15T11:00:00Z', '2026-01-15T11:00:00Z/soon', 'a/b/c'])(
  '%j is none',
  (text) => {
    expect(intervalOf(text, NOON)).toBeNull()
  },
)
