import { expect, test } from 'vitest'
import { sift } from '../../lib/engine/quarantine.ts'
import { receiveAll } from '../../lib/engine/receive.ts'
import type { Delivery } from '../../lib/ports.ts'
import type { Stage } from '../../sim/runner.ts'
import { givenPricing, PRICING, version } from '../support/story.ts'

const BROKEN = { kind: 'push', marker: 'broken' } as unknown as Delivery

function pushOf(n: number, stage: Stage, changes = {}): Delivery {
  return { kind: 'push', push: version(n, changes), receivedAt: stage.clock.now() }
}

const outcomes = (stage: Stage) => stage.store.eventsRecorded().map(({ outcome }) => outcome)

test('deliveries that came together are each acted on, in their order', async () => {
  const stage = await givenPricing()
  const records = await receiveAll(stage.wheel, [pushOf(2, stage), pushOf(3, stage, { tag: 'nightly' })])
  expect(records.map(({ outcome }) => outcome)).toEqual(['rollout', 'ignored'])
  expect(stage.rollout(PRICING).push.tag).toBe('v2')
})

test('one that cannot be acted on stops no other, and brings the message back', async () => {
  const stage = await givenPricing()
  await expect(receiveAll(stage.wheel, [BROKEN, pushOf(2, stage)])).rejects.toThrow(
    '1 of 2 deliveries could not be acted on',
  )
  expect(stage.rollout(PRICING).push.tag).toBe('v2')
})

test('the trouble of a delivery that came alone is thrown as it is', async () => {
  const stage = await givenPricing()
  await expect(receiveAll(stage.wheel, [BROKEN])).rejects.toThrow(TypeError)
})

test('a message that failed for good is sifted: only what fails alone is quarantined, the rest is taken', async () => {
  const stage = await givenPricing()
  const lost = await sift(stage.wheel, 'intake', [pushOf(2, stage), BROKEN])
  expect(lost.map(({ outcome }) => outcome)).toEqual(['quarantined'])
  expect(outcomes(stage)).toEqual(['rollout', 'quarantined'])
  expect(lost[0]?.reason).toContain('broken')
})

test('a message of many reads once what a service takes, and records at once what became of all', async () => {
  const stage = await givenPricing()
  const counts = { servicesFor: 0, load: 0, record: 0 }
  const { catalogue, store, events } = stage.wheel
  const counted = {
    ...stage.wheel,
    catalogue: {
      ...catalogue,
      servicesFor: (...of: Parameters<typeof catalogue.servicesFor>) => {
        counts.servicesFor += 1
        return catalogue.servicesFor(...of)
      },
    },
    store: {
      ...store,
      load: (...of: Parameters<typeof store.load>) => {
        counts.load += 1
        return store.load(...of)
      },
    },
    events: {
      ...events,
      record: (...of: Parameters<typeof events.record>) => {
        counts.record += 1
        return events.record(...of)
      },
    },
  }
  const nightly = Array.from({ length: 31 }, (_, n) => pushOf(n + 2, stage, { tag: `nightly-${n}` }))
  const records = await receiveAll(counted, [...nightly, pushOf(40, stage)])
  expect(records.map(({ outcome }) => outcome)).toEqual([...nightly.map(() => 'ignored'), 'rollout'])
  // One look at the manifest for all, and one more for the push that a decision is made on.
  expect(counts).toEqual({ servicesFor: 1, load: 2, record: 1 })
})

test('what was read for a message is not kept where reading failed', async () => {
  const stage = await givenPricing()
  const { catalogue } = stage.wheel
  let tries = 0
  const servicesFor: typeof catalogue.servicesFor = (...of) => {
    tries += 1
    return tries === 1 ? Promise.reject(new Error('storage is away')) : catalogue.servicesFor(...of)
  }
  const shaky = { ...stage.wheel, catalogue: { ...catalogue, servicesFor } }
  await expect(receiveAll(shaky, [pushOf(2, stage), pushOf(3, stage)])).rejects.toThrow(
    '1 of 2 deliveries could not be acted on',
  )
  expect(outcomes(stage)).toEqual(['rollout'])
})
