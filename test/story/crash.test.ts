import { describe, expect, test } from 'vitest'
import { chance } from '../../sim/chance.ts'
import type { CrashPlan } from '../../sim/crash.ts'
import type { Stage } from '../../sim/runner.ts'
import { outcomeOf, SCENES, type Scene, setScene, type Told, tellScene } from '../support/scenes.ts'
import { expectSound } from '../support/story.ts'

/** Generous ceilings: each scene is told some hundred times. */
const PATIENCE = { timeout: 240_000 }

type Plan = CrashPlan | readonly CrashPlan[]

/** Tells a scene whose worker may die, and what came of it. */
async function told(scene: Scene, seed: number, crash?: Plan): Promise<{ stage: Stage; told: Told }> {
  const stage = await setScene(scene, seed, crash === undefined ? {} : { crash })
  const since = stage.clock.now()
  await tellScene(scene, stage)
  expectSound(stage)
  return { stage, told: outcomeOf(stage, since) }
}

/** Tells it once for each plan; whatever came out otherwise is told with the plan that reproduces it. */
async function expectSame(scene: Scene, seed: number, whole: Told, plans: readonly Plan[]): Promise<void> {
  for (const plan of plans) {
    try {
      expect((await told(scene, seed, plan)).told).toEqual(whole)
    } catch (error) {
      throw new Error(`${scene.name}, seed ${seed}, dying at ${JSON.stringify(plan)}: ${String(error)}`, {
        cause: error,
      })
    }
  }
}

/** 1 = before every call as well: by night. */
const EVERY = Number(process.env.SLIPWAY_CRASH_EVERY ?? 9)

/**
 * Every place to die at, the storing of the manifest and every command included: after each call, and before the first. Who dies before a
 * later one leaves what the one before left, save where several are under way at once: of these every ninth, and by night each.
 */
function places(calls: number): readonly CrashPlan[] {
  return Array.from({ length: calls }, (_, index) => index + 1).flatMap((call) => [
    ...(call === 1 || call % EVERY === 0 ? [{ call, moment: 'before' as const }] : []),
    { call, moment: 'after' as const },
  ])
}

describe.each(SCENES.map((scene, index) => ({ ...scene, index })))('$name comes to the same end', (scene) => {
  test('as its own story says', async () => {
    const { told: whole, stage } = await told(scene, 1)
    expect(whole).toMatchObject({ outcome: scene.outcome, rollouts: scene.rollouts })
    const [serving, weight] = Object.entries(whole.weights)[0] ?? []
    expect(weight).toBe(100)
    expect(serving).toMatch(scene.serving === 1 ? /--v1$|-01010101$/ : new RegExp(`-(0${scene.serving}){4}$`))
    expect(new Set(stage.calls)).toContain('apps.perform')
  })

  test('wherever the worker dies, after every call, and before it', PATIENCE, async () => {
    const whole = await told(scene, 1)
    await expectSame(scene, 1, whole.told, places(whole.stage.calls.length))
  })

  test.each([2, 3])('wherever the worker dies, with other luck and other times (seed %i)', PATIENCE, async (seed) => {
    const whole = await told(scene, seed)
    const drawn = places(whole.stage.calls.length).filter((_, index) => chance(seed, scene.index, index) < 0.06)
    await expectSame(scene, seed, whole.told, drawn)
  })

  test('when the worker that makes up for a dead one dies as well', PATIENCE, async () => {
    const whole = await told(scene, 1)
    const plans = Array.from({ length: 40 }, (_, index) => {
      const draw = (key: number, below: number) => Math.floor(chance(99, scene.index, index, key) * below)
      const moment = (key: number) => (draw(key, 2) === 0 ? ('before' as const) : ('after' as const))
      const call = 1 + draw(1, whole.stage.calls.length)
      // Within the look that comes next.
      return [
        { call, moment: moment(2) },
        { call: call + 1 + draw(3, 8), moment: moment(4) },
      ]
    })
    await expectSame(scene, 1, whole.told, plans)
  })
})
