import { describe, expect, test } from 'vitest'
import type { Stage } from '../../sim/runner.ts'
import type { Lie } from '../../sim/world/types.ts'
import {
  expectSound,
  givenPricing,
  HOUR,
  kinds,
  MINUTE,
  PRICING,
  plan,
  pricingManifest,
  sentences,
  untilFinished,
  version,
} from '../support/story.ts'

const STABLE = 'pricing--v1'
const { target } = pricingManifest()
/** What ARM does wrong, for so long. */
const LASTS_MS = 30 * MINUTE

/** What users meet, whatever reads say. */
const met = (stage: Stage) => stage.world.ingress(target).weights
const canaryWeight = (stage: Stage) => met(stage)[stage.rollout(PRICING).canary] ?? 0
const writes = (stage: Stage) => stage.world.log.filter(({ actor }) => actor === 'slipway').length

/** A canary at ten percent that bakes; then ARM begins to misbehave. */
async function givenCanary(): Promise<Stage> {
  const stage = await givenPricing({ stages: plan([10, 1], [50, 1], [100, 0]) })
  await stage.push(version(2))
  await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
  await stage.run(5 * MINUTE)
  return stage
}

/** How high the canary stood between two moments. */
function highest(stage: Stage, from: number): number {
  const { canary } = stage.rollout(PRICING)
  const segments = stage.world.segments(target, from, stage.clock.now())
  return Math.max(0, ...segments.map(({ weights }) => weights[canary] ?? 0))
}

const LIES: readonly Lie[] = [
  { kind: 'unapplied' },
  { kind: 'failed' },
  { kind: 'canceled' },
  { kind: 'endless' },
  { kind: 'slow', ms: 10 * MINUTE },
  { kind: 'late', ms: 10 * MINUTE },
  { kind: 'stale', ms: 2 * MINUTE },
]
const NEVER_DONE = LIES.filter(({ kind }) => ['unapplied', 'failed', 'canceled', 'endless'].includes(kind))

describe.each(LIES)('operations of ARM that are $kind', (lie) => {
  test('from the first write on for half an hour let no step be skipped or shortened, and it goes through or ends', async () => {
    const stage = await givenPricing({ stages: plan([10, 1], [50, 1], [100, 0]) })
    const began = stage.clock.now()
    stage.world.lie(target, lie)
    await stage.push(version(2))
    await stage.run(LASTS_MS)
    stage.world.lie(target, null)
    expect(highest(stage, began)).toBeLessThanOrEqual(10)
    await stage.runUntil(
      'it ended or waits for a person',
      () => ['finished', 'paused'].includes(stage.rollout(PRICING).phase.kind),
      8 * HOUR,
    )
    if (stage.rollout(PRICING).phase.kind === 'paused') await stage.command(PRICING, 'resume')
    const outcome = await untilFinished(stage, 8 * HOUR)
    expect(['promoted', 'failed']).toContain(outcome)
    await stage.run(HOUR)
    expect(met(stage)).toEqual(outcome === 'promoted' ? { [stage.rollout(PRICING).canary]: 100 } : { [STABLE]: 100 })
    expectSound(stage)
    await stage.push(version(3))
    await stage.runUntil('the next version has ten percent', () => canaryWeight(stage) === 10, HOUR)
  })

  test('keep a rollback no longer than they last, and that is told in time', async () => {
    const stage = await givenCanary()
    stage.world.lie(target, lie)
    const [before, began] = [writes(stage), stage.clock.now()]
    await stage.command(PRICING, 'abort')
    await stage.run(LASTS_MS)
    expect(highest(stage, began)).toBe(10)
    if (NEVER_DONE.includes(lie)) {
      const alarm = stage.store.auditOf(PRICING).find(({ kind }) => kind === 'deadline-passed')
      expect(alarm?.notes).toContain('still has traffic')
      expect((alarm?.happenedAt ?? 0) - began).toBeLessThanOrEqual(11 * MINUTE)
    }
    stage.world.lie(target, null)
    await stage.runUntil('all users are at stable', () => met(stage)[STABLE] === 100, 11 * MINUTE)
    if (NEVER_DONE.includes(lie)) expect(stage.clock.now() - began).toBeLessThanOrEqual(LASTS_MS + 2 * MINUTE)
    await stage.run(2 * HOUR)
    expect(met(stage)).toEqual({ [STABLE]: 100 })
    expect(stage.rollout(PRICING)).toMatchObject({ phase: { kind: 'finished', outcome: 'aborted' }, wakeAt: null })
    expect(writes(stage) - before).toBeLessThanOrEqual(100)
    expectSound(stage)
  })
})

test('what was written before an abort and comes true ten minutes after it is put right within a look', async () => {
  const stage = await givenCanary()
  await stage.run(50 * MINUTE)
  stage.world.lie(target, { kind: 'late', ms: 10 * MINUTE })
  await stage.runUntil('fifty percent is written', () => stage.world.log.at(-1)?.traffic?.[STABLE] === 50, HOUR)
  stage.world.lie(target, null)
  await stage.command(PRICING, 'abort')
  await stage.runUntil('all users are at stable', () => met(stage)[STABLE] === 100, MINUTE)
  const back = stage.clock.now()
  await stage.runUntil('it comes true', () => met(stage)[STABLE] !== 100, 15 * MINUTE)
  const late = stage.clock.now()
  expect(late - back).toBeGreaterThan(5 * MINUTE)
  await stage.runUntil('it is put right', () => met(stage)[STABLE] === 100, 2 * MINUTE)
  expect(kinds(stage)).toContain('late-write-corrected')
})

test('nobody asks for the state of an operation, so that one whose address has expired is no trouble', async () => {
  const stage = await givenPricing({ stages: plan([10, 1], [100, 0]) })
  const refusal = { status: 404, code: 'ResourceNotFound', message: 'the operation has expired' }
  stage.world.inject({ on: 'operation', until: stage.clock.now() + 8 * HOUR, refusal })
  await stage.push(version(2))
  expect(await untilFinished(stage, 8 * HOUR)).toBe('promoted')
  expect(stage.world.reads.operation).toBe(0)
})

test('a role that is taken away in the middle is told of, and the rollback goes through once it is given back', async () => {
  const stage = await givenCanary()
  const refusal = { status: 403, code: 'AuthorizationFailed', message: 'the role was taken away' }
  const until = stage.clock.now() + LASTS_MS
  stage.world.inject({ on: 'any', until, refusal })
  stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 900, errorRate: 0.5 })
  await stage.runUntil('it is to be rolled back', () => stage.rollout(PRICING).phase.kind === 'rolling-back', LASTS_MS)
  expect(sentences(stage).some((said) => said.includes('the role was taken away'))).toBe(true)
  await stage.runUntil('all users are at stable', () => met(stage)[STABLE] === 100, HOUR)
  expect(stage.clock.now() - until).toBeLessThanOrEqual(MINUTE)
  expect(kinds(stage)).toContain('deadline-passed')
})

test('an operation of others that blocks every write for half an hour keeps a rollback for no longer than that', async () => {
  const stage = await givenCanary()
  const refusal = { status: 409, code: 'ContainerAppOperationInProgress', message: 'an operation runs' }
  const began = stage.clock.now()
  stage.world.inject({ on: 'write', until: began + LASTS_MS, refusal })
  await stage.command(PRICING, 'abort')
  await stage.run(LASTS_MS)
  expect(canaryWeight(stage)).toBe(10)
  const alarm = stage.store.auditOf(PRICING).find(({ kind }) => kind === 'deadline-passed')
  expect((alarm?.happenedAt ?? 0) - began).toBeLessThanOrEqual(11 * MINUTE)
  await stage.runUntil('all users are at stable', () => met(stage)[STABLE] === 100, MINUTE)
})

describe('an app that is deleted in the middle of a canary', () => {
  test('is told of, waited for a day, and ends with the abort', async () => {
    const stage = await givenCanary()
    stage.world.removeApp(target)
    await stage.run(10 * MINUTE)
    expect(kinds(stage)).toContain('trouble')
    expect(stage.rollout(PRICING).phase.kind).toBe('progressing')
    await stage.command(PRICING, 'abort')
    await stage.run(HOUR)
    expect(kinds(stage)).toContain('deadline-passed')
    expect(await untilFinished(stage, 24 * HOUR)).toBe('aborted')
    expect(sentences(stage).join(' ')).toContain('the app itself is gone')
  })

  test('and made anew without its revisions is rolled back, and takes the next version', async () => {
    const stage = await givenCanary()
    stage.world.removeApp(target)
    await stage.run(10 * MINUTE)
    stage.world.addApp({ target, image: 'registry.example.com/pricing@sha256:new', suffix: 'anew' })
    await stage.run(HOUR)
    const { phase } = stage.rollout(PRICING)
    if (phase.kind === 'paused') await stage.command(PRICING, 'abort')
    expect(['rolled-back', 'aborted']).toContain(await untilFinished(stage, HOUR))
    expect(met(stage)).toEqual({ 'pricing--anew': 100 })
    await stage.push(version(3))
    await stage.runUntil('the next version has ten percent', () => canaryWeight(stage) === 10, HOUR)
  })
})

test('a failed template that Azure keeps is repaired also where the first repairs fail themselves for half an hour', async () => {
  const stage = await givenCanary()
  stage.world.behave('registry.example.com/pricing:by-hand', { never: 'pull-fails' })
  stage.world.edit(target, (hand) => hand.deploy('registry.example.com/pricing:by-hand', 'by-hand'))
  await stage.run(30_000)
  stage.world.lie(target, { kind: 'failed' })
  await stage.command(PRICING, 'abort')
  await stage.run(LASTS_MS)
  stage.world.lie(target, null)
  await stage.runUntil('all users are at stable', () => met(stage)[STABLE] === 100, 6 * MINUTE)
})

test('repairs that failed while the canary rose leave enough of them to bring users back, though each other write would hang', async () => {
  const stage = await givenCanary()
  const brokenDeploy = (tag: string, never: 'pull-fails' | 'stuck') => {
    stage.world.behave(`registry.example.com/pricing:${tag}`, { never })
    stage.world.edit(target, (hand) => hand.deploy(`registry.example.com/pricing:${tag}`, tag))
  }
  stage.world.lie(target, { kind: 'failed' })
  brokenDeploy('by-hand', 'pull-fails')
  await stage.command(PRICING, 'resume')
  await stage.command(PRICING, 'promote')
  await stage.run(HOUR)
  expect(stage.rollout(PRICING).repairs).toBeGreaterThan(10)
  stage.world.lie(target, null)
  await stage.run(20 * MINUTE)
  brokenDeploy('stuck', 'stuck')
  await stage.run(20 * MINUTE)
  await stage.command(PRICING, 'abort')
  await stage.runUntil('all users are at stable', () => met(stage)[STABLE] === 100, MINUTE)
})

test.each([1, 4, 12, 20])(
  'after %i minutes in which Azure failed all that was to bring users back, they are back within two, though each other write would hang',
  async (minutes) => {
    const stage = await givenCanary()
    stage.world.behave('registry.example.com/pricing:stuck', { never: 'stuck' })
    stage.world.edit(target, (hand) => hand.deploy('registry.example.com/pricing:stuck'))
    await stage.run(20 * MINUTE)
    stage.world.lie(target, { kind: 'failed' })
    await stage.command(PRICING, 'abort')
    await stage.run(minutes * MINUTE)
    stage.world.lie(target, null)
    await stage.runUntil('all users are at stable', () => met(stage)[STABLE] === 100, 2 * MINUTE)
  },
)
