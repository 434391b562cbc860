import { describe, expect, test } from 'vitest'
import {
  type Freeze,
  freezeDuration,
  freezeText,
  freezeTimeText,
  frozenBy,
  plainWindow,
  reasonIn,
  timeTrouble,
  type WindowOf,
} from '../../lib/core/freeze.ts'
import { HOUR, MINUTE, T0 } from '../support/builders.ts'

const openWindow: WindowOf = (freeze, at) => {
  const window = plainWindow(freeze, at)
  return window !== null && window.from <= at ? window : null
}

function aFreeze(id: string, overrides: Partial<Freeze> = {}): Freeze {
  const who = { reason: `because of ${id}`, by: 'kim', services: null, environment: 'production' }
  return { schema: 1, id, time: { kind: 'stop' }, createdAt: T0, ...who, ...overrides }
}

const once = (from: number, until: number) => ({ kind: 'once', from, until }) as const
const later = aFreeze('later', { time: once(T0 + HOUR, T0 + 2 * HOUR) })

describe('the window of a freeze', () => {
  test.each([
    ['a stop begins when it was made and has no end', aFreeze('a'), T0, { from: T0, until: null }],
    ['one that comes', later, T0, { from: T0 + HOUR, until: T0 + 2 * HOUR }],
    ['one at its last moment', later, T0 + 2 * HOUR - 1, { from: T0 + HOUR, until: T0 + 2 * HOUR }],
    ['one that is over', later, T0 + 2 * HOUR, null],
    [
      'one made in its midst',
      { ...later, createdAt: T0 + HOUR + 5 },
      T0 + 2 * HOUR - 1,
      { from: T0 + HOUR + 5, until: T0 + 2 * HOUR },
    ],
    ['one made after its end', { ...later, createdAt: T0 + 3 * HOUR }, T0, null],
    [
      'one that recurs, which needs a calendar',
      aFreeze('r', { time: { kind: 'recurring', cron: '* * * * *', timeZone: 'UTC', durationMs: 1 } }),
      T0,
      null,
    ],
  ])('%s', (_, freeze, at, window) => {
    expect(plainWindow(freeze, at)).toEqual(window)
  })
})

describe('the freeze that holds for a service', () => {
  const short = aFreeze('short', { time: once(T0, T0 + HOUR) })
  const long = aFreeze('long', { time: once(T0, T0 + 5 * HOUR) })
  const stop = aFreeze('stop')
  const others = aFreeze('others', { services: ['basket'] })

  test.each([
    ['none of none', [], null],
    ['the only one', [short], 'short'],
    ['the one that ends last', [short, long], 'long'],
    ['the one that ends last, in any order', [long, short], 'long'],
    ['the one without an end', [short, stop, long], 'stop'],
    ['none of another service', [others], null],
    ['none that only comes', [aFreeze('f', { time: once(T0 + HOUR, T0 + 2 * HOUR) })], null],
  ])('is %s', (_, freezes, id) => {
    expect(frozenBy(freezes, 'pricing', T0 + MINUTE, openWindow)?.id ?? null).toBe(id)
  })

  test('is told with reason, maker, beginning and end', () => {
    expect(frozenBy([short], 'pricing', T0, openWindow)).toEqual({
      id: 'short',
      reason: 'because of short',
      by: 'kim',
      since: T0,
      until: T0 + HOUR,
    })
    expect(frozenBy([others], 'basket', T0, openWindow)?.id).toBe('others')
  })
})

describe('in words', () => {
  test('a freeze says what, why, by whom and until when', () => {
    const frozen = { id: 'f', reason: 'the sale', by: 'kim', since: T0, until: null }
    expect(freezeText(frozen)).toBe('freeze f (the sale, by kim) until it is lifted')
    expect(freezeText({ ...frozen, until: T0 })).toBe('freeze f (the sale, by kim) until 2026-11-21 12:00Z')
    expect(freezeText({ ...frozen, until: T0 + 5000 })).toBe('freeze f (the sale, by kim) until 2026-11-21 12:00:05Z')
  })

  test('freezes that cannot be read have no name, no maker, and nobody who could lift them', () => {
    const frozen = {
      id: 'unreadable',
      reason: 'no answer',
      by: 'slipway',
      since: T0,
      until: null,
      unreadable: true,
    } as const
    expect(freezeText(frozen)).toBe('freezes that cannot be read (no answer) until they can')
  })

  test('its time is told in the words of its kind', () => {
    expect(freezeTimeText({ kind: 'stop' })).toBe('stops the line until it is lifted')
    expect(freezeTimeText(once(T0, T0 + HOUR))).toBe('holds from 2026-11-21 12:00Z until 2026-11-21 13:00Z')
    const weekend = {
      kind: 'recurring',
      cron: '0 18 * * FRI',
      timeZone: 'Europe/Berlin',
      durationMs: 62 * HOUR,
    } as const
    expect(freezeTimeText(weekend)).toBe('holds for 62h from each “0 18 * * FRI” in Europe/Berlin')
  })

  test.each([
    [62 * HOUR, '62h'],
    [90 * MINUTE, '1h30m'],
    [24 * HOUR, '24h'],
    [72 * HOUR, '3d'],
  ])('%i ms last %s', (ms, text) => {
    expect(freezeDuration(ms)).toBe(text)
  })
})

describe('a time that was read from a store', () => {
  const PATTERN = 'its pattern, zone or duration is missing'
  const ENDS = 'its beginning or end is missing'
  const recurring = { kind: 'recurring', cron: '0 18 * * FRI', timeZone: 'UTC', durationMs: HOUR }
  test.each<[string, unknown, string | null]>([
    ['a stop', { kind: 'stop' }, null],
    ['a window', once(T0, T0 + HOUR), null],
    ['a window without a beginning', { kind: 'once', until: T0 }, ENDS],
    ['a window without an end', { kind: 'once', from: T0 }, ENDS],
    ['a pattern', recurring, null],
    ['a pattern without its cron', { ...recurring, cron: undefined }, PATTERN],
    ['a pattern without its zone', { ...recurring, timeZone: 7 }, PATTERN],
    ['a pattern without its duration', { ...recurring, durationMs: 'long' }, PATTERN],
    ['another kind', { kind: 'moon' }, 'it has no time of a known kind'],
    ['nothing', undefined, 'it has no time of a known kind'],
  ])('that is %s', (_, time, trouble) => {
    expect(timeTrouble(time as Freeze['time'])).toBe(trouble)
    const window = plainWindow({ time: time as Freeze['time'], createdAt: T0 }, T0)
    if (trouble !== null) expect(window).toEqual({ from: T0, until: null, unreadable: trouble })
  })

  test('that recurs has no plain window', () => {
    expect(plainWindow({ time: recurring as Freeze['time'], createdAt: T0 }, T0)).toBeNull()
  })

  test('that cannot be told is told beside the reason', () => {
    expect(reasonIn('no hands', undefined)).toBe('no hands')
    expect(reasonIn('no hands', 'its end is missing')).toBe(
      'no hands; when it holds cannot be read (its end is missing)',
    )
  })
})

describe('of several freezes that hold', () => {
  const until = (id: string, end: number | null) =>
    aFreeze(id, end === null ? {} : { time: once(T0, end), createdAt: T0 })
  const held = (...freezes: readonly Freeze[]) => frozenBy(freezes, 'pricing', T0, openWindow)

  test('the one that ends last is told, with the others beside it', () => {
    const [short, long, endless] = [until('short', T0 + HOUR), until('long', T0 + 2 * HOUR), until('endless', null)]
    expect(held(short)).toEqual({ id: 'short', reason: 'because of short', by: 'kim', since: T0, until: T0 + HOUR })
    expect(held(short, long)).toMatchObject({ id: 'long', besides: [{ id: 'short' }] })
    expect(held(long, short)).toMatchObject({ id: 'long', besides: [{ id: 'short' }] })
    expect(held(endless, long)).toMatchObject({ id: 'endless', besides: [{ id: 'long' }] })
    expect(held(short, endless, long)).toMatchObject({ id: 'endless', besides: [{ id: 'short' }, { id: 'long' }] })
  })

  test('of two that end together the first is told', () => {
    expect(held(until('one', T0 + HOUR), until('other', T0 + HOUR))).toMatchObject({
      id: 'one',
      besides: [{ id: 'other' }],
    })
  })

  test('none holds what none reaches', () => {
    expect(held()).toBeNull()
    expect(held(aFreeze('other', { services: ['safety'] }))).toBeNull()
    expect(held(aFreeze('mine', { services: ['safety', 'pricing'] }))?.id).toBe('mine')
  })
})

test('seconds are told only where there are some', () => {
  const at = (until: number) => freezeText({ id: 'f', reason: 'r', by: 'kim', since: T0, until })
  expect(at(T0)).toBe('freeze f (r, by kim) until 2026-11-21 12:00Z')
  expect(at(T0 + 7_250)).toBe('freeze f (r, by kim) until 2026-11-21 12:00:07Z')
})
