import { expect, test } from 'vitest'
import type { Stage } from '../../sim/runner.ts'
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
const { analysis, target } = pricingManifest()
/** Looked at every two hours, in buckets of a minute: two days are ten looks' worth of them. */
const RARELY = { stages: plan([10, 3], [50, 3], [100, 0]), analysis: { ...analysis, intervalMs: 2 * HOUR } }

/** A canary with ten percent, whose traffic somebody took away for two days; then Slipway goes on. */
async function givenTwoDaysOff(): Promise<Stage> {
  const stage = await givenPricing(RARELY)
  await stage.push(version(2))
  await stage.runUntil('the canary has ten percent', () => weights(stage)[STABLE] === 90, HOUR)
  await stage.run(30 * MINUTE)
  stage.world.edit(target, (hand) => hand.traffic([{ revisionName: STABLE, weight: 100 }]))
  await stage.runUntil('Slipway keeps its hands off', () => stage.rollout(PRICING).phase.kind === 'paused', 3 * HOUR)
  await stage.run(48 * HOUR)
  return stage
}

test('after two days without measurements nothing passes before the newest figures are in, and no measurements are told as lost', async () => {
  const stage = await givenTwoDaysOff()
  const rows = kinds(stage).length
  await stage.command(PRICING, 'resume')
  await stage.run(5 * MINUTE)
  expect(stage.rollout(PRICING).verdict?.evidence.map(({ missing }) => missing)).toEqual([
    expect.stringMatching(/^the step bakes for /),
    expect.stringMatching(/^the step bakes for /),
  ])
  expect(await untilFinished(stage, 12 * HOUR)).toBe('promoted')
  expect(kinds(stage).slice(rows)).not.toContain('measurements-lost')
  const steps = stage.store
    .auditOf(PRICING)
    .filter(({ kind, evidence }) => kind === 'step-started' && evidence.length > 0)
  expect(steps).toHaveLength(2)
  for (const { happenedAt, evidence } of steps)
    for (const { to } of evidence) expect(happenedAt - to).toBeLessThanOrEqual(10 * MINUTE)
  expectSound(stage)
})

test('after two days without measurements a failing canary goes back within minutes of its first failing buckets', async () => {
  const stage = await givenTwoDaysOff()
  stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 600, errorRate: 0.0002 })
  await stage.command(PRICING, 'resume')
  await stage.runUntil('the canary has ten percent again', () => weights(stage)[STABLE] === 90, 5 * MINUTE)
  const since = stage.clock.now()
  await stage.runUntil('it is on its way back', () => stage.rollout(PRICING).phase.kind === 'rolling-back', 12 * HOUR)
  expect(stage.clock.now() - since).toBeLessThanOrEqual(5 * MINUTE)
  expectSound(stage)
})
