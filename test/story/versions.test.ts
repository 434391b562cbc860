import { describe, expect, test } from 'vitest'
import { chance } from '../../sim/chance.ts'
import type { Stage } from '../../sim/runner.ts'
import { BUILD_AFTER, BUILD_BEFORE, type Build, MARK, manned, THIS_BUILD } from '../support/old-build.ts'
import { outcomeOf, SCENES, type Scene, setScene, type Told, tellScene } from '../support/scenes.ts'
import { expectSound, HOUR, MINUTE, PRICING, version, weights } from '../support/story.ts'

/** Approvals, freezes and undo are what the build before does not know: it cannot be asked to keep them. */
const KNOWN_BEFORE = SCENES.filter(({ name }) => !/approvals|freeze|undo/.test(name))

async function told(scene: Scene, build: (stage: () => Stage) => Build): Promise<{ stage: Stage; told: Told }> {
  const box: { stage?: Stage } = {}
  const current = () => {
    if (box.stage === undefined) throw new Error('the stage is not set')
    return box.stage
  }
  const chosen = () => (box.stage === undefined ? THIS_BUILD : build(current))
  const stage = await setScene(scene, 1, { plant: (wheel) => manned(wheel, chosen) })
  box.stage = stage
  const since = stage.clock.now()
  await tellScene(scene, stage)
  expectSound(stage)
  return { stage, told: outcomeOf(stage, since) }
}

/** Whether the rollout has come to the middle of its canary. */
function isUnderWay(stage: Stage): boolean {
  const { rollout } = stage.store.peek(PRICING) ?? {}
  return rollout !== null && rollout !== undefined && !['preparing', 'provisioning'].includes(rollout.phase.kind)
}

test('the build before knows at least eight of the stories', () => {
  expect(KNOWN_BEFORE.length).toBeGreaterThanOrEqual(8)
})

describe.each(KNOWN_BEFORE)('$name comes to the same end', (scene) => {
  test.each<[string, (stage: () => Stage) => Build]>([
    ['told by the build before alone', () => BUILD_BEFORE],
    ['with an upgrade in the middle of the canary', (stage) => (isUnderWay(stage()) ? THIS_BUILD : BUILD_BEFORE)],
    [
      'with the way back to the build before in the middle',
      (stage) => (isUnderWay(stage()) ? BUILD_BEFORE : THIS_BUILD),
    ],
  ])('%s', async (_, build) => {
    const whole = await told(scene, () => THIS_BUILD)
    expect((await told(scene, build)).told).toEqual(whole.told)
  })

  test('with workers of both builds by turns, in any order', async () => {
    const whole = await told(scene, () => THIS_BUILD)
    for (let seed = 1; seed <= 15; seed += 1) {
      let looks = 0
      const flapping = () => {
        looks += 1
        return chance(seed, looks) < 0.5 ? BUILD_BEFORE : THIS_BUILD
      }
      expect((await told(scene, flapping)).told, `seed ${seed}`).toEqual(whole.told)
    }
  })
})

test.each(SCENES)(
  '$name comes to the same end with a later build by turns, whose fields this one carries on',
  async (scene) => {
    const whole = await told(scene, () => THIS_BUILD)
    let looks = 0
    const turns = () => {
      looks += 1
      return looks % 2 === 0 ? BUILD_AFTER : THIS_BUILD
    }
    const { told: mixed, stage } = await told(scene, turns)
    expect(mixed).toEqual(whole.told)
    expect(stage.store.peek(PRICING)).toMatchObject({ service: { later: MARK } })
  },
)

test('a field of a later build is still there after this build has worked on the rollout to its end', async () => {
  let looks = 0
  const { stage } = await told(SCENES[0] as Scene, (of) => {
    looks += isUnderWay(of()) ? 1 : 0
    return looks > 0 && looks < 5 ? BUILD_AFTER : THIS_BUILD
  })
  expect(looks).toBeGreaterThan(8)
  expect(stage.rollout(PRICING)).toMatchObject({ later: MARK, phase: { kind: 'finished' } })
})

test('while rows are of a future version nothing is written, and the rollout goes on once they can be read', async () => {
  const scene = SCENES[0] as Scene
  const future = { is: false }
  const stage = await setScene(scene, 1, {
    plant: (wheel) => {
      // As the table store answers for a row that it cannot read: it is left out.
      const load: typeof wheel.store.load = (...given) => (future.is ? Promise.resolve([]) : wheel.store.load(...given))
      return { ...wheel, store: { ...wheel.store, load } }
    },
  })
  await stage.push(version(2))
  await stage.runUntil('the canary has traffic', () => weights(stage)[stage.rollout(PRICING).canary] === 10, HOUR)
  const [writes, met, rollout] = [stage.world.log.length, weights(stage), stage.rollout(PRICING)]
  future.is = true
  await stage.run(30 * MINUTE)
  expect(stage.world.log).toHaveLength(writes)
  expect(weights(stage)).toEqual(met)
  expect(stage.rollout(PRICING)).toBe(rollout)
  future.is = false
  await stage.runUntil('it is promoted', () => stage.rollout(PRICING).phase.kind === 'finished', HOUR)
  expect(stage.rollout(PRICING).phase).toMatchObject({ outcome: 'promoted' })
  expectSound(stage)
})
