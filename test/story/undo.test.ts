import { describe, expect, test } from 'vitest'
import { addFreeze } from '../../lib/engine/freeze.ts'
import type { Stage } from '../../sim/runner.ts'
import {
  expectSound,
  givenPricing,
  HOUR,
  kinds,
  MINUTE,
  PRICING,
  plan,
  untilFinished,
  version,
  weights,
} from '../support/story.ts'

const WHY = 'the fix for the outage cannot wait'
const QUICK = { stages: plan([10, 1], [50, 1], [100, 0]) }

function canaryWeight(stage: Stage): number {
  return weights(stage)[stage.rollout(PRICING).canary] ?? 0
}

describe('an undo', () => {
  /** Version 2, and after it version 3, with all traffic. */
  async function givenTwoReleases(): Promise<Stage> {
    const stage = await givenPricing(QUICK)
    for (const n of [2, 3]) {
      await stage.push(version(n, { pushedAt: stage.clock.now() }))
      expect(await untilFinished(stage, 8 * HOUR)).toBe('promoted')
      await stage.run(HOUR)
    }
    return stage
  }

  test('brings the release of before back to all traffic at once, also while the line is stopped', async () => {
    const stage = await givenTwoReleases()
    await addFreeze(
      stage.wheel,
      { id: 'stop', environment: 'production', services: null, time: { kind: 'stop' }, reason: 'version 3 is bad' },
      'kim',
    )
    const asked = stage.clock.now()
    expect(await stage.command(PRICING, 'undo', { reason: 'it is bad' })).toMatchObject({
      kind: 'done',
      rollout: 'pricing-3',
      because: 'rollout pricing-3 brings v2 back',
    })
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
    expect(stage.clock.now() - asked).toBeLessThan(5 * MINUTE)
    expect(stage.rollout(PRICING)).toMatchObject({ cause: 'undo', push: { digest: version(2).digest } })
    expect(weights(stage)).toEqual({ [stage.rollout(PRICING).canary]: 100 })
    expect(kinds(stage)).toContain('undo-requested')
    expect(kinds(stage)).not.toContain('freeze-held')
    expectSound(stage)
  })

  test('lets the undone digest be pushed again as any other', async () => {
    const stage = await givenTwoReleases()
    await stage.command(PRICING, 'undo')
    await untilFinished(stage, HOUR)
    const [record] = await stage.push(version(3, { pushedAt: stage.clock.now() + 1, eventId: 'again' }))
    expect(record).toMatchObject({ outcome: 'rollout' })
    expect(await untilFinished(stage, 8 * HOUR)).toBe('promoted')
    expect(stage.rollout(PRICING)).toMatchObject({ cause: 'push', push: { tag: 'v3' } })
  })

  test('goes back to the revision that served before the first rollout, by its image', async () => {
    const stage = await givenPricing(QUICK)
    await stage.push(version(2))
    await untilFinished(stage, 8 * HOUR)
    expect(await stage.command(PRICING, 'undo')).toMatchObject({ because: 'rollout pricing-2 brings pricing--v1 back' })
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
    expect(stage.rollout(PRICING).push.digest).toBe(version(1).digest)
  })

  test('takes a running canary away first, and begins before a push that waits', async () => {
    const stage = await givenTwoReleases()
    await stage.push(version(4, { pushedAt: stage.clock.now() }))
    await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
    expect(await stage.command(PRICING, 'undo')).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('abort'),
    })
    const canary = stage.rollout(PRICING).canary
    expect(await stage.command(PRICING, 'undo', { to: 'v2' })).toMatchObject({
      because: 'pricing-3 is rolled back first; then v2 is brought back',
    })
    const [record] = await stage.push(version(5, { pushedAt: stage.clock.now() }))
    expect(record).toMatchObject({ outcome: 'queued' })
    await stage.runUntil(
      'the undo has ended',
      () => stage.rollout(PRICING).number >= 4 && stage.rollout(PRICING).phase.kind === 'finished',
      HOUR,
    )
    expect(stage.rollout(PRICING)).toMatchObject({ number: 4, cause: 'undo', push: { tag: 'v2' } })
    expect(weights(stage)[canary]).toBeUndefined()
    await stage.runUntil('version 5 runs', () => stage.rollout(PRICING).push.tag === 'v5', HOUR)
    expectSound(stage)
  })

  test.each([
    [
      { to: 'v9' },
      'v9 is no rollout, revision or tag that ever served all traffic; it can be undone to pricing-1 (v2), pricing--v1',
    ],
  ])('%j is refused, and the words tell what can be done', async (asked, words) => {
    const stage = await givenTwoReleases()
    const answer = await stage.command(PRICING, 'undo', asked)
    expect(answer.kind).toBe('refused')
    expect('because' in answer && answer.because).toContain(words)
  })

  test('again goes further back, and never to the release that was left', async () => {
    const stage = await givenTwoReleases()
    await stage.command(PRICING, 'undo')
    await untilFinished(stage, HOUR)
    expect(await stage.command(PRICING, 'undo')).toMatchObject({ because: 'rollout pricing-4 brings pricing--v1 back' })
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
    expect(await stage.command(PRICING, 'undo')).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('nothing served before pricing-4 (pricing--v1)'),
    })
    expect(await stage.command(PRICING, 'undo', { to: 'v3' })).toMatchObject({ kind: 'done' })
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
    expect(stage.rollout(PRICING).push.tag).toBe('v3')
    expectSound(stage)
  })

  test('to what serves, or to what one brings already, is done and changes nothing', async () => {
    const stage = await givenTwoReleases()
    const ask = (to: string) => stage.command(PRICING, 'undo', { to, override: true, reason: WHY })
    expect(await ask('v3')).toMatchObject({ kind: 'done', because: 'v3 is what serves now; there is nothing to do' })
    expect(stage.rollout(PRICING).number).toBe(2)
    expect(await ask('v2')).toMatchObject({ kind: 'done', rollout: 'pricing-3' })
    expect(await ask('v2')).toMatchObject({ because: expect.stringContaining('pricing-3 brings v2 back already') })
    expect(await untilFinished(stage, HOUR)).toBe('promoted')
    expect(stage.rollout(PRICING).number).toBe(3)
    expectSound(stage)
  })

  test('that waits is asked for twice in vain, holds a retry back, and outlives an abort', async () => {
    const stage = await givenTwoReleases()
    await stage.push(version(4, { pushedAt: stage.clock.now() }))
    await stage.runUntil('the canary has ten percent', () => canaryWeight(stage) === 10, HOUR)
    stage.wakes.timer = false
    stage.wakes.bell = false
    await stage.command(PRICING, 'undo', { to: 'v2' })
    expect(await stage.command(PRICING, 'undo', { to: 'v2' })).toMatchObject({
      because: expect.stringContaining('v2 is to be brought back already'),
    })
    expect(await stage.command(PRICING, 'abort')).toMatchObject({ kind: 'done' })
    stage.clock.advance(MINUTE)
    await stage.tick()
    stage.clock.advance(MINUTE)
    if (stage.rollout(PRICING).phase.kind !== 'finished') await stage.tick()
    expect(stage.rollout(PRICING).phase.kind).toBe('finished')
    expect(await stage.command(PRICING, 'retry')).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('the undo to v2 waits'),
    })
    stage.wakes.timer = true
    expect(stage.store.peek(PRICING)?.service.undo?.push.tag).toBe('v2')
    await stage.runUntil('v2 is back', () => stage.rollout(PRICING).cause === 'undo', HOUR)
  })

  test('that failed is tried again as an undo', async () => {
    const stage = await givenTwoReleases()
    stage.world.behave(version(2).digest, { never: 'pull-fails' })
    await stage.command(PRICING, 'undo')
    expect(await untilFinished(stage, HOUR)).toBe('failed')
    stage.world.behave(version(2).digest, {})
    await stage.command(PRICING, 'retry')
    expect(stage.rollout(PRICING)).toMatchObject({ cause: 'undo', manifest: { stages: [{ weight: 100, bakeMs: 0 }] } })
    expectSound(stage)
  })

  test('of a service whose rollouts never ended well is refused', async () => {
    const stage = await givenPricing(QUICK)
    await stage.push(version(2))
    await stage.run(5 * MINUTE)
    await stage.command(PRICING, 'abort')
    await untilFinished(stage, HOUR)
    expect(await stage.command(PRICING, 'undo')).toMatchObject({
      because: expect.stringContaining('nothing was promoted yet'),
    })
  })
})
