import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../lib/core/rollout.ts'
import type { Stage, StageOptions } from '../../sim/runner.ts'
import {
  expectSound,
  givenPricing,
  HOUR,
  MINUTE,
  PRICING,
  plan,
  timeline,
  untilFinished,
  version,
  weights,
} from '../support/story.ts'

/** A story that is told once without a death, and then once for every place where the worker can die. */
interface Scenario {
  readonly name: string
  readonly outcome: Outcome
  /** Canary weights over time: no step may be skipped or repeated, whenever the worker dies. */
  readonly steps: readonly number[]
  readonly serving: 'canary' | 'stable'
  readonly tell: (stage: Stage) => Promise<void>
}

const QUICK = { stages: plan([10, 0.1], [50, 0.1], [100, 0]) }

const SCENARIOS: readonly Scenario[] = [
  { name: 'a promotion', outcome: 'promoted', steps: [0, 10, 50, 100], serving: 'canary', tell: async () => {} },
  {
    name: 'a rollback after a breach',
    outcome: 'rolled-back',
    steps: [0, 10, 0],
    serving: 'stable',
    tell: async (stage) => stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 900, errorRate: 0.0002 }),
  },
  {
    name: 'an abort in the middle of step two',
    outcome: 'aborted',
    steps: [0, 10, 50, 0],
    serving: 'stable',
    tell: async (stage) => {
      await stage.runUntil(
        'half of the traffic is at the canary',
        () => Object.values(weights(stage)).includes(50),
        2 * HOUR,
      )
      await stage.run(2 * MINUTE)
      await stage.command(PRICING, 'abort')
    },
  },
  {
    name: 'an image that cannot be pulled',
    outcome: 'failed',
    steps: [0],
    serving: 'stable',
    tell: async (stage) => stage.world.behave(version(2).digest, { never: 'pull-fails' }),
  },
]

async function told(scenario: Scenario, options: StageOptions = {}): Promise<Stage> {
  const stage = await givenPricing(QUICK, options)
  const began = stage.clock.now()
  await stage.push(version(2))
  await scenario.tell(stage)
  const outcome = await untilFinished(stage, 3 * HOUR)
  await stage.run(HOUR)
  const { canary } = stage.rollout(PRICING)
  expect(outcome).toBe(scenario.outcome)
  expect(timeline(stage, canary, began).map(([, weight]) => weight)).toEqual(scenario.steps)
  expect(weights(stage)).toEqual({ [scenario.serving === 'canary' ? canary : 'pricing--v1']: 100 })
  expect(stage.store.peek(PRICING)?.service.rolloutNumber).toBe(1)
  expect(stage.rollout(PRICING).wakeAt).toBeNull()
  expectSound(stage)
  return stage
}

describe.each(SCENARIOS)('$name converges', (scenario) => {
  test('wherever the worker dies, before or after the call took effect', { timeout: 120_000 }, async () => {
    const { calls } = await told(scenario)
    expect(new Set(calls)).toContain('apps.perform')
    for (let call = 1; call <= calls.length; call++) {
      for (const moment of ['before', 'after'] as const) {
        await told(scenario, { crash: { call, moment } }).catch((error: unknown) => {
          throw new Error(`dying ${moment} call ${call} (${calls[call - 1]}): ${String(error)}`, { cause: error })
        })
      }
    }
  })
})
