import { expect, test } from 'vitest'
import { addFreeze, liftFreeze } from '../../lib/engine/freeze.ts'
import type { Stage, StageOptions } from '../../sim/runner.ts'
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

/** A generous ceiling: a story is told once for every place where the worker can die. */
const PATIENCE = { timeout: 240_000 }

/** Two approvals under a freeze, then the release is undone: told with a worker that dies at one call. */
async function tell(options: StageOptions): Promise<Stage> {
  const approvals = { required: 2, from: null, notAuthor: false, validForMs: null }
  const stage = await givenPricing({ stages: plan([10, 0.1, true], [100, 0]), approvals }, options)
  await stage.push(version(2))
  await stage.runUntil('the gate waits', () => stage.rollout(PRICING).phase.kind === 'paused', 2 * HOUR)
  // A worker that died is followed by another at the next look; then it is asked again.
  const until = <T>(work: () => Promise<T>): Promise<T> => work().catch(() => stage.tick().then(work))
  const stop = {
    id: 'stop',
    environment: 'production',
    services: null,
    time: { kind: 'stop' },
    reason: 'wait',
  } as const
  await until(() => addFreeze(stage.wheel, stop, 'kim'))
  const yes = { step: 1, digest: version(2).digest }
  await stage.command(PRICING, 'approve', { ...yes, actor: 'ada', actorId: 'ada', id: 'yes-ada' })
  await stage.command(PRICING, 'approve', { ...yes, actor: 'bo', actorId: 'bo', id: 'yes-bo' })
  await stage.run(30 * MINUTE)
  expect(weights(stage)[stage.rollout(PRICING).canary]).toBe(10)
  await until(() => liftFreeze(stage.wheel, 'production', 'stop', { by: 'kim', reason: '' }))
  expect(await untilFinished(stage, 2 * HOUR)).toBe('promoted')
  await stage.command(PRICING, 'undo', { id: 'back' })
  expect(await untilFinished(stage, 2 * HOUR)).toBe('promoted')
  return stage
}

function expectTold(stage: Stage): void {
  const rollout = stage.rollout(PRICING)
  expect(rollout).toMatchObject({ number: 2, cause: 'undo', push: { digest: version(1).digest } })
  expect(weights(stage)).toEqual({ [rollout.canary]: 100 })
  const count = (kind: string) => kinds(stage).filter((one) => one === kind).length
  const told = ['approved', 'freeze-held', 'freeze-over', 'undo-requested', 'rollout-started'].map(count)
  expect(told).toEqual([2, 1, 1, 1, 2])
  expect(stage.store.environmentAudit('production').map(({ kind }) => kind)).toEqual(['freeze-added', 'freeze-lifted'])
  expectSound(stage)
}

test('approvals, a freeze and an undo converge wherever the worker dies', PATIENCE, async () => {
  const whole = await tell({})
  expectTold(whole)
  const calls = whole.calls.length
  expect(calls).toBeGreaterThan(100)
  for (let call = 1; call <= calls; call += 1) {
    const moment = call % 2 === 0 ? 'before' : 'after'
    try {
      expectTold(await tell({ crash: { call, moment } }))
    } catch (error) {
      throw new Error(`died ${moment} call ${call}, ${whole.calls[call - 1]}: ${String(error)}`, { cause: error })
    }
  }
})
