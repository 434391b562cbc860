import { expect, test } from 'vitest'
import { followsLatest } from '../../lib/core/traffic.ts'
import { givenPricing, HOUR, kinds, MINUTE, PRICING, pricingManifest, version, weights } from '../support/story.ts'

const STABLE = 'pricing--v1'

test('where a hand lets traffic follow a latest revision that crashes, users are on the one that was ready, and the next push goes on from there', async () => {
  const stage = await givenPricing()
  const { target } = pricingManifest()
  stage.world.behave(version(2).digest, { never: 'crash' })
  await stage.push(version(2))
  await stage.runUntil('the canary has failed', () => stage.rollout(PRICING).phase.kind === 'finished', HOUR)
  const failed = stage.rollout(PRICING).canary
  await stage.run(2 * HOUR)
  stage.world.edit(target, (hand) => hand.traffic([{ latestRevision: true, weight: 100 }]))
  expect(stage.world.see(target)).toMatchObject({ latestRevision: failed, latestReady: STABLE })
  expect(weights(stage)).toEqual({ [STABLE]: 100 })
  await stage.push(version(3))
  await stage.run(20 * MINUTE)
  const { stable, canary } = stage.rollout(PRICING)
  expect(stable).toBe(STABLE)
  expect(kinds(stage)).toContain('traffic-pinned')
  expect(followsLatest(stage.world.see(target))).toBe(false)
  expect(weights(stage)).toEqual({ [STABLE]: 90, [canary]: 10 })
  const served = stage.world.segments(target, 0, stage.clock.now())
  expect(served.every((segment) => (segment.weights[failed] ?? 0) === 0)).toBe(true)
})
