import { describe, expect, test } from 'vitest'
import { backOffMs, byNeed, isDueAgain, quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { T0 } from '../support/state.ts'

const MINUTE = 60_000
const SUSPECT: Suspect = {
  kind: 'row',
  what: 'service',
  place: 'SlipwayState/production/s!pricing',
  environment: 'production',
  service: 'pricing',
  field: null,
  why: 'schema 2, known is 1',
  holds: true,
  content: null,
}
const item = (at: number, of: Partial<Suspect> = {}) => quarantinedAs('ab'.repeat(8), { ...SUSPECT, ...of }, null, at)

describe('when a row in quarantine is read again', () => {
  test.each([
    ['not before its time', 0, false],
    ['not shortly before its time', MINUTE - 1, false],
    ['at its time', MINUTE, true],
    ['while the clock went back by less than the longest wait', -14 * MINUTE, false],
    ['at once where the clock that set its time was a day ahead', -24 * 60 * MINUTE, true],
  ])('%s', (_, later, isDue) => {
    expect(isDueAgain(item(T0), T0 + later)).toBe(isDue)
  })

  test.each([
    ['a message', item(T0, { kind: 'message', content: '{}' })],
    ['what was dismissed', { ...item(T0), state: 'dismissed', nextTryAt: null } as const],
    ['what waits for nobody', { ...item(T0), nextTryAt: null }],
  ])('never: %s', (_, one) => {
    expect(isDueAgain(one, T0 + 60 * MINUTE)).toBe(false)
  })

  test.each([
    ['a service that rested goes on with longer pauses', { nextTryAt: T0 + 15 * MINUTE }, 15],
    ['one whose rest somebody has ended rests for the shortest time next', { nextTryAt: null }, 1],
    ['one that somebody has dismissed goes on with longer pauses', { state: 'dismissed' } as const, 15],
  ])('%s', (_, stored, minutes) => {
    const sick = { ...SUSPECT, kind: 'service', what: 'turn', holds: false } as const
    const known = { ...item(T0, sick), tries: 9, ...stored }
    const again = quarantinedAs(known.id, sick, known, T0 + 20 * MINUTE)
    expect([again.tries, (again.nextTryAt ?? 0) - again.triedAt]).toEqual([10, minutes * MINUTE])
  })

  test('those that hold a service come first, then those that have waited longest', () => {
    const [late, early, loose] = [item(T0 + 1), item(T0), item(T0 - MINUTE, { holds: false })]
    expect([loose, late, early].toSorted(byNeed)).toEqual([early, late, loose])
  })

  test('the order is the same whichever of two is asked first, and what waits for nobody is first', () => {
    const [late, early, never] = [item(T0 + 1), item(T0), { ...item(T0), nextTryAt: null }]
    expect([byNeed(late, early), byNeed(early, late)]).toEqual([1, -1])
    expect([Math.sign(byNeed(never, early)), Math.sign(byNeed(early, never))]).toEqual([-1, 1])
  })

  test('the pause doubles up to a quarter of an hour', () => {
    expect([0, 1, 2, 3, 4, 5, 11, 1e9].map((tries) => backOffMs(tries) / MINUTE)).toEqual([1, 1, 2, 4, 8, 15, 15, 15])
  })
})
