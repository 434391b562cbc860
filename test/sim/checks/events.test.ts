import { expect, test } from 'vitest'
import type { EventRecord } from '../../../lib/ports.ts'
import { checkOnce } from '../../../sim/checks/s10-once.ts'
import { checkNothingLost } from '../../../sim/checks/s11-nothing-lost.ts'
import { decision, foundBy, row, service, type Told } from './tell.ts'

function recorded(outcome: EventRecord['outcome'], changes: Partial<EventRecord> = {}): Told {
  const about = { id: 'e1@production/shop', receivedAt: 0, source: 'acr', reason: 'so', image: null, digest: null }
  const record = { ...about, outcome, entityId: 'production/shop', rollout: null, ...changes }
  return { at: 1, kind: 'event-recorded', record }
}

const push = { detail: { push: { eventId: 'e1', digest: 'sha256:bb' }, cause: 'push' } }

test('an event begins one rollout', () => {
  const first = row(0, 'rollout-started', push)
  const again = row(9, 'rollout-started', { ...push, rollout: 'shop-2' })
  const retried = row(9, 'rollout-started', { detail: { ...push.detail, cause: 'retry' }, rollout: 'shop-2' })
  expect(foundBy(checkOnce(), service(), first, again).join()).toMatch(
    /^S10 shop-2 .* by the event that shop-1 began by/,
  )
  expect(foundBy(checkOnce(), service(), first, retried)).toEqual([])
  expect(
    foundBy(checkOnce(), recorded('rollout', { rollout: 'shop-1' }), recorded('rollout', { rollout: 'shop-1' })),
  ).toEqual([])
  expect(
    foundBy(checkOnce(), recorded('rollout', { rollout: 'shop-1' }), recorded('rollout', { rollout: 'shop-2' })),
  ).toHaveLength(1)
})

test('a rollout has one revision of its own', () => {
  expect(foundBy(checkOnce(), decision(0), decision(1), decision(2, { rollout: 'shop-2', canary: 'newer' }))).toEqual(
    [],
  )
  expect(foundBy(checkOnce(), decision(0), decision(1, { canary: 'other' })).join()).toMatch(
    /the revisions new and other/,
  )
  expect(foundBy(checkOnce(), decision(0), decision(1, { rollout: 'shop-2' })).join()).toMatch(
    /made by shop-1 and shop-2/,
  )
})

test('a notice that is sent twice says the same', () => {
  const notice = (about: string): Told => ({
    at: 0,
    kind: 'notice',
    id: 'production/shop#4',
    sink: 'mail',
    about,
    worker: 0,
    outcome: 'unanswered',
  })
  expect(foundBy(checkOnce(), notice('paused'), notice('paused'))).toEqual([])
  expect(foundBy(checkOnce(), notice('paused'), notice('finished'))).toHaveLength(1)
})

const accepted: Told = { at: 0, kind: 'push-accepted', id: 'e1', entity: null, tag: 'v1', digest: 'sha256:bb' }

test('what was accepted is not lost', () => {
  expect(foundBy(checkNothingLost(), accepted, recorded('ignored'))).toEqual([])
  const taken: Told = { ...accepted, entity: 'production/shop' } as Told
  const nobody = recorded('ignored', { id: 'e1', entityId: null })
  expect(foundBy(checkNothingLost(), taken, nobody).join()).toMatch(
    /ignored as if nobody took it, and production\/shop does/,
  )
  expect(foundBy(checkNothingLost(), accepted, nobody)).toEqual([])
  expect(foundBy(checkNothingLost(), accepted).join()).toMatch(/^S11 delivery e1 \(v1\) .* became nothing$/)
  expect(foundBy(checkNothingLost(), accepted, recorded('ignored', { id: 'e2@production/shop' }))).toHaveLength(1)
  expect(foundBy(checkNothingLost(), accepted, recorded('quarantined', { id: 'e1', entityId: null }))).toEqual([])
})

test('what was said of a delivery is true', () => {
  const begun = row(0, 'rollout-started', push)
  const other = row(0, 'rollout-started', { detail: { ...push.detail, push: { eventId: 'e0', digest: 'sha256:cc' } } })
  const found = (...told: readonly Told[]) => foundBy(checkNothingLost(), accepted, ...told).join()
  const said = recorded('rollout', { rollout: 'shop-1', digest: 'sha256:bb' })
  expect(found(begun, recorded('duplicate'))).toBe('')
  expect(found(recorded('duplicate'), recorded('ignored'))).toBe('')
  expect(found(other, recorded('duplicate'))).toBe('S11 delivery e1 is a duplicate of nothing')
  expect(found(said, begun)).toBe('')
  const unsaid = (outcome: string) =>
    `S11 delivery e1@production/shop is ${outcome} (so), and no row of the audit says so`
  expect(found(said, other)).toBe(unsaid('rollout'))
  for (const outcome of ['queued', 'rejected'] as const) {
    const of = recorded(outcome, { digest: 'sha256:bb' })
    expect(found(of, begun)).toBe(unsaid(outcome))
    expect(found(of, row(0, `push-${outcome}`, push))).toBe('')
  }
})

test('what was said of a delivery is not taken back', () => {
  const waits = [row(0, 'push-queued', push), recorded('queued', { digest: 'sha256:bb' })]
  expect(foundBy(checkNothingLost(), ...waits, recorded('superseded'), recorded('duplicate'))).toEqual([])
  expect(foundBy(checkNothingLost(), recorded('rollout'), recorded('superseded')).join()).toMatch(
    /was rollout and is now superseded/,
  )
  expect(foundBy(checkNothingLost(), recorded('ignored', { reason: '' })).join()).toMatch(/nobody said why/)
})
