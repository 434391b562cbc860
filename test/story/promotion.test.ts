import { expect, test } from 'vitest'
import {
  expectSound,
  givenPricing,
  HOUR,
  kinds,
  MINUTE,
  PRICING,
  timeline,
  untilFinished,
  version,
  weights,
} from '../support/story.ts'

test('a healthy version ramps 10 → 50 → 100 over three days and is promoted', async () => {
  const stage = await givenPricing()
  const began = stage.clock.now()
  await stage.push(version(2))
  expect(await untilFinished(stage, 80 * HOUR)).toBe('promoted')
  const { canary } = stage.rollout(PRICING)

  expect(timeline(stage, canary, began).map(([, weight]) => weight)).toEqual([0, 10, 50, 100])
  const [, ten = [0, 0], fifty = [0, 0], hundred = [0, 0]] = timeline(stage, canary, began)
  expect(fifty[0] - ten[0]).toBeGreaterThanOrEqual(48 * 60)
  expect(hundred[0] - fifty[0]).toBeGreaterThanOrEqual(24 * 60)
  expect(weights(stage)).toEqual({ [canary]: 100 })
  await stage.run(HOUR)
  expect(kinds(stage).at(-1)).toBe('watch-ended')
  expect(stage.rollout(PRICING).wakeAt).toBeNull()
  expectSound(stage)
})

test('a breach at hour 30 is rolled back within minutes and the canary is switched off', async () => {
  const stage = await givenPricing()
  const began = stage.clock.now()
  stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 120, errorRate: 0.0002 })
  stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 480, errorRate: 0.0002, from: began + 30 * HOUR })
  await stage.push(version(2))
  expect(await untilFinished(stage, 40 * HOUR)).toBe('rolled-back')

  expect(stage.clock.now() - began - 30 * HOUR).toBeLessThanOrEqual(6 * MINUTE)
  expect(weights(stage)).toEqual({ 'pricing--v1': 100 })
  await stage.run(HOUR)
  expect(kinds(stage)).toContain('revision-deactivated')
  expectSound(stage)
})
