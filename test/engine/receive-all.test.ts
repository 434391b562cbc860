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
