import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSchedule } from '../../../sim/host/ncrontab.ts'

function at(iso: string): number {
  return Date.parse(iso)
}

function next(text: string, after: string): string | null {
  const due = parseSchedule(text).next(at(after))
  return due === null ? null : new Date(due).toISOString()
}

describe('when a schedule is due next', () => {
  test.each([
    ['* * * * * *', '2026-03-01T00:00:00.000Z', '2026-03-01T00:00:01.000Z'],
    ['0 * * * * *', '2026-03-01T00:00:59.999Z', '2026-03-01T00:01:00.000Z'],
    ['*/5 * * * *', '2026-03-01T00:03:00.000Z', '2026-03-01T00:05:00.000Z'],
    ['0 */5 * * * *', '2026-03-01T00:55:00.000Z', '2026-03-01T01:00:00.000Z'],
    ['30 5/20 * * * *', '2026-03-01T00:05:30.000Z', '2026-03-01T00:25:30.000Z'],
    ['0 0 9-17/4 * * *', '2026-03-01T13:00:00.000Z', '2026-03-01T17:00:00.000Z'],
    ['0 15,45 * * * *', '2026-03-01T00:15:00.000Z', '2026-03-01T00:45:00.000Z'],
    ['0 30 9 * * mon-fri', '2026-11-20T09:30:00.000Z', '2026-11-23T09:30:00.000Z'],
    ['0 0 0 1 jan *', '2026-03-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['0 0 0 * January,FEB *', '2026-03-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['0 0 0 29 2 *', '2026-03-01T00:00:00.000Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 0 31 * *', '2026-03-31T00:00:00.000Z', '2026-05-31T00:00:00.000Z'],
    ['59 59 23 31 12 *', '2026-12-31T23:59:58.500Z', '2026-12-31T23:59:59.000Z'],
  ])('%s after %s is %s', (text, after, due) => {
    expect(next(text, after)).toBe(due)
  })

  test('day and weekday must both match: Friday the 13th', () => {
    expect(next('0 0 0 13 * 5', '2026-03-14T00:00:00.000Z')).toBe('2026-11-13T00:00:00.000Z')
  })

  test('a date that never comes is never', () => {
    expect(next('0 0 0 31 2 *', '2026-03-01T00:00:00.000Z')).toBeNull()
  })

  test('the next time is always later, on a whole second, and nothing due lies between', () => {
    const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 4 })
    const moment = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') })
    fc.assert(
      fc.property(minutes, fc.integer({ min: 0, max: 59 }), moment, (list, second, after) => {
        const schedule = parseSchedule(`${second} ${list.join(',')} * * * *`)
        const due = schedule.next(after) ?? 0
        expect(due).toBeGreaterThan(after)
        expect(due % 1000).toBe(0)
        let first = Math.floor(after / 1000) * 1000 + 1000
        while (new Date(first).getUTCSeconds() !== second || !list.includes(new Date(first).getUTCMinutes()))
          first += 1000
        expect(due).toBe(first)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a schedule is refused', () => {
  test.each([
    ['00:05:00', 'fields'],
    ['* * * *', 'fields'],
    ['60 * * * * *', '"60" is no second'],
    ['0 0 0 0 * *', '"0" is no day'],
    ['0 0 0 * 13 *', '"13" is no month'],
    ['0 0 0 * * 7', '"7" is no weekday'],
    ['0 0 0 * * fri-mon', '"fri-mon" is no weekday'],
    ['0 */0 * * * *', '"*/0" is no minute'],
    ['0 1/2/3 * * * *', '"1/2/3" is no minute'],
    ['0 1-2-3 * * * *', '"1-2-3" is no minute'],
    ['0 , * * * *', '"" is no minute'],
    ['0 0 0 ? * *', '"?" is no day'],
    ['0 0 0 * ma *', '"ma" is no month'],
    ['-1 * * * * *', 'is no second'],
  ])('%s: %s', (text, why) => {
    expect(() => parseSchedule(text)).toThrow(why)
  })
})
