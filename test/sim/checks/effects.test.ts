import { expect, test } from 'vitest'
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
  traffic,
  write,
} from './tell.ts'

const SECOND = 1_000

test('a write rests on a stored decision, and a look follows it', () => {
  const weights = { old: 90, new: 10 }
  expect(foundBy(checkFencing(), service(), decision(0), write(1, weights), read(2))).toEqual([])
  expect(foundBy(checkFencing(), service(), write(1, weights), read(2)).join()).toMatch(
    /^S2 worker 3 .* stored no decision/,
  )
  const unseen = [service(), decision(0), write(1, weights)]
  expect(foundBy(checkFencing(), ...unseen, end(2 * MINUTE)).join()).toMatch(/nobody looked/)
  expect(foundBy(checkFencing(), ...unseen, end(MINUTE))).toEqual([])
  const failed = read(2 * MINUTE, 'TooManyRequests')
  expect(foundBy(checkFencing(), ...unseen, failed)).toHaveLength(1)
})

test('a write of an older wish comes no later than a minute after its decision, and that of a rollback whenever it likes', () => {
  const story = (writtenAt: number, changes = {}) =>
    foundBy(
      checkFencing(),
      service(),
      decision(0, { canaryWeight: 10, ...changes }),
      decision(SECOND, { worker: 4, canaryWeight: 50 }),
      write(2 * SECOND, { new: 50 }, { worker: 4 }),
      write(writtenAt, { new: 10 }),
      read(writtenAt),
    )
  expect(story(60 * SECOND)).toEqual([])
  expect(story(60 * SECOND + 1).join()).toMatch(/by wish 1 after wish 2 was written/)
  expect(story(90 * SECOND, { phase: 'rolling-back' })).toEqual([])
})

test('a weight is confirmed by a look after the last write', () => {
  const story = (lookedAt: number) =>
    foundBy(
      checkFencing(),
      service(),
      decision(0),
      write(1, { new: 10 }),
      read(lookedAt),
      row(2 * MINUTE, 'weights-confirmed'),
      read(3 * MINUTE),
    )
  expect(story(2)).toEqual([])
  const blind = foundBy(
    checkFencing(),
    service(),
    decision(0),
    write(1, { new: 10 }),
    row(2 * MINUTE, 'weights-confirmed'),
    read(3 * MINUTE),
  )
  expect(blind.join()).toMatch(/rests on no look after the write of worker 3/)
})

const left = [service(), traffic(0, { old: 50, new: 50 }), traffic(MINUTE, { old: 100 })]

test('a revision goes when it has drained', () => {
  expect(foundBy(checkDrained(), ...left, switchedOff(2 * MINUTE, 'new'))).toEqual([])
  expect(foundBy(checkDrained(), ...left, switchedOff(2 * MINUTE - 2 * SECOND, 'new')).join()).toMatch(
    /^S6 .* lost its traffic 58 s ago/,
  )
  expect(foundBy(checkDrained(), ...left.slice(0, 2), switchedOff(MINUTE, 'new')).join()).toMatch(/it has traffic/)
})

test('nothing goes while what has the traffic cannot serve, and clocks that lied are no excuse for that', () => {
  const ill = REVISIONS.map((one) => ({ ...one, ready: one.name !== 'old' }))
  expect(foundBy(checkDrained(), ...left, switchedOff(2 * MINUTE, 'new', ill)).join()).toMatch(/no other .* can serve/)
  const lied = [...left, fault(MINUTE, 'F10', 'strikes')]
  expect(foundBy(checkDrained(), ...lied, switchedOff(MINUTE + 1, 'new'))).toEqual([])
  expect(foundBy(checkDrained(), ...lied, switchedOff(MINUTE + 1, 'new', ill))).toHaveLength(1)
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
