import { expect, test } from 'vitest'
import { checkWeights } from '../../../sim/checks/s01-weights.ts'
import { checkFencing } from '../../../sim/checks/s02-fencing.ts'
import { checkDrained } from '../../../sim/checks/s06-drained.ts'
import { checkWayBack } from '../../../sim/checks/s07-way-back.ts'
import { checkDigest } from '../../../sim/checks/s08-digest.ts'
import {
  decision,
  end,
  fault,
  foundBy,
  MINUTE,
  REVISIONS,
  read,
  row,
  service,
  switchedOff,
  type Told,
  traffic,
  write,
} from './tell.ts'

const SECOND = 1_000
const ENTITY = 'production/shop'

/** A worker wakes, and this is the time that it believes in. */
function woken(at: number, clock: number): Told {
  return { at, kind: 'wake', worker: 3, path: 'timer', environment: 'production', clock }
}

test('a write rests on a look and on a decision after it, and a look follows it', () => {
  const weights = { old: 90, new: 10 }
  const looked = [service(), read(0), decision(0)]
  expect(foundBy(checkFencing(), ...looked, write(1, weights), read(2))).toEqual([])
  expect(foundBy(checkFencing(), service(), read(0), write(1, weights), read(2)).join()).toMatch(
    /^S2 worker 3 .* stored no decision/,
  )
  const unseen = [...looked, write(1, weights)]
  expect(foundBy(checkFencing(), ...unseen, end(2 * MINUTE)).join()).toMatch(/nobody looked/)
  expect(foundBy(checkFencing(), ...unseen, end(MINUTE))).toEqual([])
  const failed = read(2 * MINUTE, 'TooManyRequests')
  expect(foundBy(checkFencing(), ...unseen, failed)).toHaveLength(1)
  const gone = read(2 * MINUTE, 'not-found')
  expect(foundBy(checkFencing(), ...unseen, gone, end(4 * MINUTE))).toEqual([])
  const again = [{ ...decision(0), at: 2 * MINUTE } as Told, write(2 * MINUTE + 1, weights)]
  const repaired = [...unseen.slice(0, -1), gone, read(2 * MINUTE), ...again, end(4 * MINUTE)]
  expect(foundBy(checkFencing(), ...repaired).join()).toMatch(/nobody looked/)
})

test('what was written while a rollout was only prepared is looked at, but where its registry has fallen silent since', () => {
  const preparing = [service(), read(0), decision(0, { phase: 'preparing', canaryWeight: 0 }), write(1, { old: 100 })]
  const silent = fault(2, 'F12', 'begins', { variant: 'registry-down', entity: ENTITY })
  expect(foundBy(checkFencing(), ...preparing, end(2 * MINUTE)).join()).toMatch(/nobody looked/)
  expect(foundBy(checkFencing(), ...preparing, silent, end(2 * MINUTE))).toEqual([])
  const before = { ...silent, at: 0 } as Told
  expect(foundBy(checkFencing(), ...preparing.toSpliced(1, 0, before), end(2 * MINUTE)).join()).toMatch(/nobody looked/)
  const rising = [service(), read(0), decision(0, { phase: 'progressing' }), write(1, { old: 90, new: 10 })]
  expect(foundBy(checkFencing(), ...rising, silent, end(2 * MINUTE)).join()).toMatch(/nobody looked/)
})

test.each([
  ['its worker did not look', [service(), decision(0), write(1, null), read(2)], /and had not looked/],
  [
    'another worker looked',
    [service(), { ...read(0), worker: 4 } as Told, decision(0), write(1, null)],
    /had not looked/,
  ],
  ['the look is old', [service(), read(0), decision(1), write(30 * SECOND + 1, null)], /had looked 30.001 s before/],
  [
    'the decision is older than the look',
    [service(), decision(0), read(1), write(2, null)],
    /no decision since it looked/,
  ],
  [
    'the woken one only wakes it',
    [service(), { ...read(0), call: 'wake' } as Told, decision(0), write(1, null)],
    /had not looked/,
  ],
] as const)('a write of any kind breaks S2 where %s', (_, story, says) => {
  expect(foundBy(checkFencing(), ...story).join()).toMatch(says)
})

test('half a minute is in time, and who fell asleep inside the very call is not held to it, once', () => {
  const looked = [service(), read(0), decision(0)]
  expect(foundBy(checkFencing(), ...looked, write(30 * SECOND, null), read(MINUTE))).toEqual([])
  const asleep = (call: string): Told => ({ at: 1, kind: 'asleep', worker: 3, call })
  const late = write(7 * MINUTE, { new: 10 })
  expect(foundBy(checkFencing(), ...looked, asleep('apps.perform'), late, read(8 * MINUTE))).toEqual([])
  expect(foundBy(checkFencing(), ...looked, asleep('store.commit'), late, read(8 * MINUTE))).toHaveLength(1)
  expect(foundBy(checkFencing(), ...looked, asleep('apps.perform'), late, late, read(8 * MINUTE))).toHaveLength(1)
  const twice = [asleep('apps.perform'), asleep('apps.perform')]
  expect(foundBy(checkFencing(), ...looked, ...twice, late, late, read(8 * MINUTE))).toEqual([])
  expect(foundBy(checkFencing(), ...looked, ...twice, late, late, late, read(8 * MINUTE))).toHaveLength(1)
})

test('a write of an older wish comes no later than half a minute after its decision, and that of a rollback whenever it likes', () => {
  const [looked, begun] = [read(0), decision(0, { canaryWeight: 10 })]
  const other = [
    { ...looked, worker: 4 } as Told,
    decision(SECOND, { worker: 4, canaryWeight: 50 }),
    write(2 * SECOND, { new: 50 }, { worker: 4 }),
  ]
  const story = (writtenAt: number, first = begun) =>
    foundBy(
      checkFencing(),
      service(),
      looked,
      first,
      ...other,
      read(29 * SECOND),
      first,
      ...other.slice(1),
      write(writtenAt, { new: 10 }),
      read(MINUTE),
    )
  expect(story(30 * SECOND)).toEqual([])
  expect(story(30 * SECOND + 1).join()).toMatch(/by wish 3 after wish 4 was written/)
  expect(story(31 * SECOND, decision(0, { phase: 'rolling-back' }))).toEqual([])
})

test('a weight is confirmed by a look after the last write', () => {
  const begun = [service(), read(0), decision(0), write(1, { new: 10 })]
  const seen = row(2 * MINUTE, 'weights-confirmed')
  expect(foundBy(checkFencing(), ...begun, read(2), seen, read(3 * MINUTE))).toEqual([])
  expect(foundBy(checkFencing(), ...begun, seen, read(3 * MINUTE)).join()).toMatch(
    /rests on no look after the write of worker 3/,
  )
})

const left = [service(), traffic(0, { old: 50, new: 50 }), traffic(MINUTE, { old: 100 })]

test('a revision goes when it has drained', () => {
  expect(foundBy(checkDrained(), ...left, switchedOff(2 * MINUTE, 'new'))).toEqual([])
  expect(foundBy(checkDrained(), ...left, switchedOff(2 * MINUTE - 2 * SECOND, 'new')).join()).toMatch(
    /^S6 .* lost its traffic 58 s ago/,
  )
  expect(foundBy(checkDrained(), ...left.slice(0, 2), switchedOff(MINUTE, 'new')).join()).toMatch(/it has traffic/)
})

test('what a hand gave and took at once served nobody, and who slept inside its call switches off what it likes', () => {
  const atOnce = [
    service(),
    traffic(0, { old: 100 }),
    traffic(MINUTE, { old: 50, new: 50 }),
    traffic(MINUTE, { old: 100 }),
  ]
  expect(foundBy(checkDrained(), ...atOnce, switchedOff(MINUTE, 'new'))).toEqual([])
  const served = [...atOnce.slice(0, 2), traffic(MINUTE - 1, { old: 50, new: 50 }), ...atOnce.slice(2)]
  expect(foundBy(checkDrained(), ...served, switchedOff(MINUTE, 'new')).join()).toMatch(/lost its traffic 0 s ago/)
  const asleep: Told = { at: 1, kind: 'asleep', worker: 3, call: 'apps.perform' }
  expect(foundBy(checkDrained(), ...served, asleep, switchedOff(MINUTE, 'new'))).toEqual([])
})

test('traffic for a revision that is off breaks S1, unless nobody could know that a hand had switched it off', () => {
  const off = { revisions: REVISIONS.map((one) => ({ ...one, active: one.name !== 'new' })) }
  const begun = [service(), traffic(0, { old: 100 })]
  const late = write(8 * MINUTE, { old: 90, new: 10 }, off)
  const found = (...story: readonly Told[]) => foundBy(checkWeights(), ...begun, ...story).join()
  const asleep = (at: number): Told => ({ at, kind: 'asleep', worker: 3, call: 'apps.perform' })
  const stale = fault(1, 'F8', 'begins', { variant: 'reads-stale', entity: 'production/shop' })
  const hand = { at: 5, kind: 'edit', app: 's/g/shop', what: 'switched-off' } as unknown as Told
  expect(found(late)).toMatch(/^S1 .*new is to have 10 % and is switched off/)
  expect(found(hand, late)).toMatch(/switched off/)
  expect(found(asleep(1), late)).toMatch(/switched off/)
  expect(found(hand, asleep(6), late)).toMatch(/switched off/)
  expect(found(asleep(1), hand, late)).toBe('')
  expect(found(stale, hand, late)).toBe('')
  expect(found(stale, late)).toMatch(/switched off/)
  // A function lives for ten minutes: who sleeps for longer does not wake.
  expect(found(asleep(1), { ...late, at: 10 * MINUTE + 1 })).toBe('')
})

test('nothing goes while what has the traffic cannot serve, and clocks that are apart excuse what they are apart, and no more', () => {
  const ill = REVISIONS.map((one) => ({ ...one, ready: one.name !== 'old' }))
  expect(foundBy(checkDrained(), ...left, switchedOff(2 * MINUTE, 'new', ill)).join()).toMatch(/no other .* can serve/)
  const lied = [...left, woken(MINUTE, MINUTE + 20 * SECOND), woken(MINUTE, MINUTE - 10 * SECOND)]
  expect(foundBy(checkDrained(), ...lied, switchedOff(2 * MINUTE - 30 * SECOND, 'new'))).toEqual([])
  expect(foundBy(checkDrained(), ...lied, switchedOff(2 * MINUTE - 32 * SECOND, 'new'))).toHaveLength(1)
  expect(foundBy(checkDrained(), ...lied, switchedOff(2 * MINUTE, 'new', ill))).toHaveLength(1)
})

test('the way back stays on', () => {
  const running = decision(0, { phase: 'progressing' })
  const promoted = decision(MINUTE, { phase: 'finished', outcome: 'promoted' })
  const undone = decision(MINUTE, { phase: 'finished', outcome: 'aborted' })
  const off = (at: number, name: string) => switchedOff(at, name)
  expect(foundBy(checkWayBack(), service(), running, off(1, 'old')).join()).toMatch(/^S7 .* the one to fall back to/)
  expect(foundBy(checkWayBack(), service(), running, promoted, off(10.9 * MINUTE, 'old')).join()).toMatch(
    /is to be kept/,
  )
  expect(foundBy(checkWayBack(), service(), running, promoted, off(11 * MINUTE, 'old'))).toEqual([])
  const jumped = [service(), running, promoted, woken(2 * MINUTE, 3 * MINUTE)]
  expect(foundBy(checkWayBack(), ...jumped, off(10 * MINUTE, 'old'))).toEqual([])
  expect(foundBy(checkWayBack(), ...jumped, off(9.9 * MINUTE, 'old'))).toHaveLength(1)
  expect(foundBy(checkWayBack(), service(), running, promoted, off(11 * MINUTE, 'new'))).toHaveLength(1)
  expect(foundBy(checkWayBack(), service(), running, undone, off(2 * MINUTE, 'new'))).toEqual([])
  const alone = switchedOff(2 * MINUTE, 'new', [{ ...REVISIONS[0], active: false }, REVISIONS[1] ?? {}])
  expect(foundBy(checkWayBack(), service(), running, undone, alone).join()).toMatch(/nothing else can serve/)
})

test('the canary runs the digest that was pushed, whatever its tag says later', () => {
  const begun = [
    service(),
    row(0, 'rollout-started', { detail: { push: { digest: 'sha256:bb', eventId: 'e1' } } }),
    decision(0),
  ]
  const made = (revision: string, image: string) =>
    write(1, null, { asked: { weights: null, followsLatest: false, revision, image } })
  expect(foundBy(checkDigest(), ...begun, made('new', 'r/shop@sha256:bb'))).toEqual([])
  expect(foundBy(checkDigest(), ...begun, made('new', 'r/shop@sha256:cc')).join()).toMatch(/^S8 .* not sha256:bb/)
  expect(foundBy(checkDigest(), ...begun, made('new', 'r/shop:v2'))).toHaveLength(1)
  expect(foundBy(checkDigest(), ...begun, made('new', 'r/shop@sha256:aa'))).toHaveLength(1)
  expect(foundBy(checkDigest(), ...begun, made('fix', 'r/shop@sha256:aa'))).toEqual([])
  expect(foundBy(checkDigest(), ...begun, made('fix', 'r/shop@sha256:dd'))).toHaveLength(1)
})
