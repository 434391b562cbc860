import { expect, test } from 'vitest'
import type { Stage } from '../../sim/runner.ts'
import type { Hand } from '../../sim/world/types.ts'
import {
  expectSound,
  givenPricing,
  HOUR,
  kinds,
  MINUTE,
  PRICING,
  plan,
  pricingManifest,
  untilFinished,
  version,
  weights,
} from '../support/story.ts'

const STABLE = 'pricing--v1'
const QUICK = { stages: plan([10, 0.5], [100, 0]) }

function edit(stage: Stage, change: (hand: Hand) => void): void {
  stage.world.edit(pricingManifest().target, change)
}

function slipwayWrites(stage: Stage): number {
  return stage.world.log.filter(({ actor }) => actor === 'slipway').length
}

test('traffic made to follow the latest revision is a foreign edit although no weight changes, and resume pins it', async () => {
  const stage = await givenPricing(QUICK)
  await stage.push(version(2))
  await stage.runUntil('the canary has ten percent', () => weights(stage)[STABLE] === 90, HOUR)
  await stage.run(MINUTE)
  const writes = slipwayWrites(stage)
  edit(stage, (hand) =>
    hand.traffic([
      { revisionName: STABLE, weight: 90 },
      { latestRevision: true, weight: 10 },
    ]),
  )
  await stage.run(20 * MINUTE)
  expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'paused', why: 'foreign-edit' })
  expect(slipwayWrites(stage)).toBe(writes)
  await stage.command(PRICING, 'resume')
  expect(await untilFinished(stage, 2 * HOUR)).toBe('promoted')
  expectSound(stage)
})

test('a person who gives all traffic back to the old revision after a promotion is not fought', async () => {
  const stage = await givenPricing(QUICK)
  await stage.push(version(2))
  expect(await untilFinished(stage, 2 * HOUR)).toBe('promoted')
  const writes = slipwayWrites(stage)
  edit(stage, (hand) => hand.traffic([{ revisionName: STABLE, weight: 100 }]))
  await stage.run(2 * HOUR)
  expect(weights(stage)).toEqual({ [STABLE]: 100 })
  expect(slipwayWrites(stage)).toBe(writes)
  expect(kinds(stage)).toContain('foreign-edit')
  expect(kinds(stage)).not.toContain('late-write-corrected')
  expectSound(stage)
})

test('a stable revision that somebody switched off is on again before a canary is made from it', async () => {
  const stage = await givenPricing(QUICK)
  edit(stage, (hand) => hand.deactivate(STABLE))
  await stage.push(version(2))
  expect(await untilFinished(stage, 2 * HOUR)).toBe('promoted')
  const deeds = stage.world.log.filter(({ actor }) => actor === 'slipway').map(({ kind }) => kind)
  expect(deeds.slice(0, 2)).toEqual(['activate', 'patch'])
  expectSound(stage)
})

test('a canary that dies before it gets any traffic is rolled back, whatever keeps the traffic from moving', async () => {
  const stage = await givenPricing(QUICK)
  const refusal = { status: 409, code: 'ContainerAppOperationInProgress', message: 'an operation runs' }
  await stage.push(version(2))
  await stage.runUntil(
    'its revision is there',
    () => stage.world.see(pricingManifest().target).revisions.length === 2,
    HOUR,
  )
  stage.world.inject({ on: 'patch', until: stage.clock.now() + HOUR, refusal })
  await stage.runUntil('step one begins', () => stage.rollout(PRICING).phase.kind === 'progressing', HOUR)
  stage.world.behave(version(2).digest, { never: 'crash' })
  await stage.runUntil('it ended', () => stage.rollout(PRICING).phase.kind === 'finished', HOUR)
  expect(stage.rollout(PRICING).phase).toMatchObject({ outcome: 'rolled-back' })
  expect(weights(stage)).toEqual({ [STABLE]: 100 })
})

test('nothing is switched off while somebody sends traffic to a revision that cannot serve it', async () => {
  const stage = await givenPricing(QUICK)
  await stage.push(version(2))
  expect(await untilFinished(stage, 2 * HOUR)).toBe('promoted')
  await stage.run(HOUR)
  await stage.push(version(3))
  await stage.runUntil('version 3 has ten percent', () => Object.values(weights(stage)).includes(10), HOUR)
  const writes = stage.world.log.filter(({ kind }) => kind === 'deactivate').length
  edit(stage, (hand) => hand.traffic([{ revisionName: STABLE, weight: 100 }]))
  await stage.run(2 * MINUTE)
  await stage.command(PRICING, 'abort')
  await stage.run(2 * HOUR)
  expect(stage.world.log.filter(({ kind }) => kind === 'deactivate').length).toBe(writes)
  expect(weights(stage)).toEqual({ [STABLE]: 100 })
})
