import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Freeze } from '../../lib/core/freeze.ts'
import { nextWindow, openWindow, windowTrouble } from '../../lib/schema/window.ts'

const HOUR = 3_600_000

function recurring(cron: string, hours: number, timeZone = 'Europe/Berlin', createdAt = 0): Freeze {
  const time = { kind: 'recurring', cron, timeZone, durationMs: hours * HOUR } as const
  const who = { reason: 'r', by: 'ada', services: null, environment: 'production' }
  return { schema: 1, id: 'f', time, createdAt, ...who }
}

function told(window: { readonly from: number; readonly until: number | null } | null): string | null {
  if (window === null) return null
  const iso = (at: number) => new Date(at).toISOString().replace(':00.000Z', 'Z')
  return `${iso(window.from)} ${window.until === null ? 'for ever' : iso(window.until)}`
}

const WEEKEND = recurring('0 18 * * FRI', 62)
const THIS_WEEKEND = '2026-11-20T17:00Z 2026-11-23T07:00Z'

describe('the window of a freeze that recurs', () => {
  it.each([
    ['before it begins', '2026-11-20T16:59:59.999Z', null],
    ['at its very beginning', '2026-11-20T17:00:00Z', THIS_WEEKEND],
    ['in its midst', '2026-11-21T12:00:00Z', THIS_WEEKEND],
    ['at its last moment', '2026-11-23T06:59:59.999Z', THIS_WEEKEND],
    ['at its end, which is not in it', '2026-11-23T07:00:00Z', null],
  ])('is told %s', (_, at, window) => {
    expect(told(openWindow(WEEKEND, Date.parse(at)))).toBe(window)
  })

  it('is the open one or the next, where that is asked for', () => {
    expect(told(nextWindow(WEEKEND, Date.parse('2026-11-21T12:00:00Z')))).toBe(THIS_WEEKEND)
    expect(told(nextWindow(WEEKEND, Date.parse('2026-11-23T07:00:00Z')))).toBe('2026-11-27T17:00Z 2026-11-30T07:00Z')
  })

  it('keeps to the wall clock when clocks change: the same hour there, another in UTC', () => {
    expect(told(nextWindow(WEEKEND, Date.parse('2026-06-01T12:00:00Z')))).toBe('2026-06-05T16:00Z 2026-06-08T06:00Z')
    expect(told(nextWindow(WEEKEND, Date.parse('2026-12-01T12:00:00Z')))).toBe('2026-12-04T17:00Z 2026-12-07T07:00Z')
  })

  it('begins when the clock goes on, where its hour is left out in spring', () => {
    const night = recurring('30 2 * * *', 1)
    expect(told(openWindow(night, Date.parse('2026-03-29T01:30:00Z')))).toBe('2026-03-29T01:00Z 2026-03-29T02:00Z')
  })

  it('counts an hour that comes twice in autumn once, the first time', () => {
    const night = recurring('30 2 * * *', 1)
    expect(told(openWindow(night, Date.parse('2026-10-25T00:45:00Z')))).toBe('2026-10-25T00:30Z 2026-10-25T01:30Z')
    expect(openWindow(night, Date.parse('2026-10-25T01:45:00Z'))).toBeNull()
  })

  it('joins windows that overlap or touch', () => {
    const office = recurring('0 9-17 * * *', 2, 'UTC')
    expect(told(openWindow(office, Date.parse('2026-10-25T11:31:00Z')))).toBe('2026-10-25T09:00Z 2026-10-25T19:00Z')
    const touching = recurring('0 9-10 * * *', 1, 'UTC')
    expect(told(openWindow(touching, Date.parse('2026-10-25T10:00:00Z')))).toBe('2026-10-25T09:00Z 2026-10-25T11:00Z')
  })

  it('has no end in sight where windows last longer than their period', () => {
    expect(openWindow(recurring('0 * * * *', 2, 'UTC'), Date.parse('2026-10-25T11:31:00Z'))?.until).toBeNull()
  })

  it('does not begin before the freeze was made', () => {
    const made = recurring('0 18 * * FRI', 62, 'Europe/Berlin', Date.parse('2026-11-21T11:00:00Z'))
    expect(told(openWindow(made, Date.parse('2026-11-21T12:00:00Z')))).toBe('2026-11-21T11:00Z 2026-11-23T07:00Z')
  })

  it('is none where its time never comes', () => {
    expect(nextWindow(recurring('0 0 30 2 *', 1), Date.now())).toBeNull()
  })

  it('contains every moment for which it is told, and is the same window all through', () => {
    const zones = fc.constantFrom('Europe/Berlin', 'UTC', 'America/New_York', 'Australia/Lord_Howe')
    const crons = fc.constantFrom('0 18 * * FRI', '30 2 * * *', '15 */6 * * *', '0 0 1 * *', '0 3 * * 1-5')
    const moments = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) })
    fc.assert(
      fc.property(crons, zones, moments, fc.integer({ min: 1, max: 5 }), (cron, zone, at, hours) => {
        const freeze = recurring(cron, hours, zone)
        const window = nextWindow(freeze, at)
        if (window?.until === null || window === null) return false
        const last = window.until - 1
        const isOpen = window.from <= at
        expect(openWindow(freeze, at)).toEqual(isOpen ? window : null)
        expect(openWindow(freeze, window.from)).toEqual(window)
        expect(openWindow(freeze, last)).toEqual(window)
        expect(openWindow(freeze, window.until)).toBeNull()
        return window.until > at
      }),
    )
  })
})

describe('what is wrong with a pattern', () => {
  const trouble = (cron: string, hours = 1, zone = 'Europe/Berlin') => {
    const { time } = recurring(cron, hours, zone)
    return time.kind === 'recurring' ? windowTrouble(time, Date.UTC(2026, 10, 21)) : null
  }

  it.each([
    ['0 18 * * FRI', 62, 'Europe/Berlin', null],
    ['0 18 * * 5', 1, 'UTC', null],
    ['61 2 * * *', 1, 'UTC', ['cron', 'Invalid value for minute: 61']],
    ['0 18 * * FUNDAY', 1, 'UTC', ['cron', 'is no pattern of times']],
    ['30 0 18 * * FRI', 1, 'UTC', ['cron', 'must have five fields']],
    ['@daily', 1, 'UTC', ['cron', 'must have five fields']],
    ['0 0 30 2 *', 1, 'UTC', ['cron', 'never comes']],
    ['0 18 * * FRI', 1, 'Mars/Olympus', ['timeZone', 'is no IANA time zone']],
    ['0 * * * *', 2, 'UTC', ['duration', 'too many windows run into each other']],
  ] as const)('%s for %i hours in %s', (cron, hours, zone, expected) => {
    const found = trouble(cron, hours, zone)
    expect(found?.path ?? null).toBe(expected?.[0] ?? null)
    expect(found?.message ?? '').toContain(expected?.[1] ?? '')
  })
})
