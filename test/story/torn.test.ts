import { describe, expect, test } from 'vitest'
import { Fault, type FaultKind } from '../../lib/errors.ts'
import { guarded } from '../../sim/crash.ts'
import type { Stage } from '../../sim/runner.ts'
import { isWrite } from '../../sim/schedule.ts'
import { outcomeOf, SCENES, type Scene, setScene, type Told, tellScene } from '../support/scenes.ts'
import { expectSound } from '../support/story.ts'

/** A generous ceiling: each scene is told some hundred times. */
const PATIENCE = { timeout: 240_000 }

/** One write that is answered with an error, whether it took effect or not. */
interface Torn {
  /** Which write of the story, from 1. */
  readonly write: number
  readonly isDone: boolean
  readonly kind: FaultKind
}

/** Tells a scene with one write torn; what was asked from outside is asked again, as a queue or a person would. */
async function told(scene: Scene, torn: Torn | null): Promise<{ stage: Stage; told: Told; writes: readonly string[] }> {
  const writes: string[] = []
  const plant: Parameters<typeof setScene>[2] = {
    plant: (wheel) =>
      guarded(wheel, async (call, effect) => {
        if (!isWrite(call)) return effect()
        writes.push(call)
        if (torn === null || writes.length !== torn.write) return effect()
        if (torn.isDone) await effect()
        throw new Fault(torn.kind, `${call} was answered with ${torn.kind}`)
      }),
  }
  const stage = patient(await setScene(scene, 1, plant))
  const since = stage.clock.now()
  await tellScene(scene, stage)
  // A look whose store gave no answer is broken, and the next one makes up for it.
  const ours = stage.broken.splice(0).filter(({ error }) => !(error instanceof Fault))
  expect(ours).toEqual([])
  expectSound(stage)
  return { stage, told: outcomeOf(stage, since), writes }
}

/** The stage, asked again where it was answered with a Fault: the same delivery, the same command id. */
function patient(stage: Stage): Stage {
  let commands = 0
  const again = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return work()
    }
  }
  return {
    ...stage,
    push: (push) => again(() => stage.push(push)),
    command: (key, verb, given = {}) => {
      commands += 1
      const id = given.id ?? `command-${commands}`
      return again(() => stage.command(key, verb, { ...given, id }))
    },
  }
}

const KINDS: readonly FaultKind[] = ['unavailable', 'throttled', 'conflict']

describe.each(SCENES)('$name comes to the same end', (scene) => {
  test.each([
    ['took effect', true],
    ['took none', false],
  ])('whichever write is answered with an error though it %s', PATIENCE, async (_, isDone) => {
    const whole = await told(scene, null)
    expect(new Set(whole.writes)).toContain('apps.perform')
    // The first write stores the manifest, before the story begins.
    const first = whole.writes.indexOf('bell.ring') + 1
    for (let write = first; write <= whole.writes.length; write += 1) {
      const kind = KINDS[write % 2] ?? 'unavailable'
      try {
        expect((await told(scene, { write, isDone, kind })).told).toEqual(whole.told)
      } catch (error) {
        const which = `write ${write} (${whole.writes[write - 1]}), ${kind}, ${isDone ? 'done' : 'not done'}`
        throw new Error(`${scene.name}, ${which}: ${String(error)}`, { cause: error })
      }
    }
  })
})
