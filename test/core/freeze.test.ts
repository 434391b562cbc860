import { describe, expect, test } from 'vitest'
import {
  type Freeze,
  freezeDuration,
  freezeText,
  freezeTimeText,
  frozenBy,
  plainWindow,
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
