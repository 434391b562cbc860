import { beforeEach, describe, expect, test } from 'vitest'
import { sweep } from '../../lib/engine/sweep.ts'
import { turn } from '../../lib/engine/turn.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { Call } from '../../lib/ports.ts'
import type { Stage } from '../../sim/runner.ts'
import { createStage } from '../../sim/runner.ts'
import { HOUR, MINUTE, pricingManifest, version } from '../support/story.ts'

const SECOND = 1000
const keyOf = (name: string) => ({ environment: 'production', name })
const names = Array.from({ length: 120 }, (_, n) => `svc-${100 + n}`)
const [LAST, RESTARTS] = ['svc-219', 'svc-218']

/** 120 services whose canaries bake, all due now; the last has one of which every second request fails, that before it one that Azure Monitor measures. */
async function given(): Promise<Stage> {
  const stage = createStage({ crash: 'never' })
  const { target, image, ...rest } = pricingManifest()
  const bad = `sha256:${'b'.repeat(64)}`
  const { analysis } = rest
  const kpis = analysis.kpis.map((kpi) => ({ ...kpi, source: { kind: 'azure-metrics' } as const }))
  for (const name of names) {
    const measured = name === RESTARTS ? { analysis: { ...analysis, kpis } } : {}
    const manifest = {
      ...rest,
      ...measured,
      name,
      target: { ...target, app: name },
      image: { ...image, repository: name },
    }
    stage.world.addApp({ target: manifest.target, image: 'registry.example.com/x:v1', suffix: 'v1' })
    await stage.declare(manifest)
    const push = version(2, { repository: name, eventId: `${name}-2` })
    await stage.push(name === LAST ? { ...push, digest: bad } : push)
  }
  const bakes = (name: string) => {
    const { phase } = stage.rollout(keyOf(name))
    return phase.kind === 'progressing' && phase.steadyAt !== null
  }
  await stage.runUntil('all bake', () => names.every(bakes), HOUR)
  stage.metrics.profile(bad, { rps: 50, p95Ms: 120, errorRate: 0.5 })
  Object.assign(stage.wakes, { timer: false, bell: false })
  await stage.run(2 * MINUTE)
  return stage
}

/** A wheel on which the looks at each portion are told of, and take as long as `lookMs` says. */
function watched(stage: Stage, lookMs: (targets: number) => number = () => 0) {
  const told: string[] = []
  const rung: Call[] = []
  const { wheel } = stage
  const changed: Wheel = {
    ...wheel,
    bell: {
      ring: async (calls) => {
        told.push(`rings ${calls.length}`)
        rung.push(...calls)
      },
    },
    apps: {
      observe: async (targets, ...given) => {
        told.push(`looks at ${targets.length}`)
        stage.clock.advance(lookMs(targets.length))
        return wheel.apps.observe(targets, ...given)
      },
      perform: async (target, action, ...given) => {
        told.push(`${action.kind} of ${target.app}`)
        return wheel.apps.perform(target, action, ...given)
      },
    },
  }
  return { wheel: changed, told, rung }
}

let stage: Stage
beforeEach(async () => {
  stage = await given()
})

describe('a slice of several portions', () => {
  test('brings back what is known to fail beside the others, whatever they take', async () => {
    const { wheel, told } = watched(stage)
    let isBack = () => {}
    const back = new Promise<void>((done) => {
      isBack = done
    })
    const apps: Wheel['apps'] = {
      // No neighbour is seen before the way back is begun.
      observe: async (targets, ...given) => {
        if (targets.length > 1) await back
        return wheel.apps.observe(targets, ...given)
      },
      perform: async (...given) => {
        isBack()
        return wheel.apps.perform(...given)
      },
    }
    const turned = await turn({ ...wheel, apps }, 'production', names)
    expect(told[0]).toBe('looks at 1')
    expect(told.find((words) => words.endsWith(LAST))).toBe(`set-traffic of ${LAST}`)
    expect(stage.rollout(keyOf(LAST)).phase.kind).toBe('rolling-back')
    expect(turned.map(({ name, result }) => [name, result]).toSorted()).toEqual(names.map((name) => [name, 'saved']))
  })

  test('comes to what may be bad before all that is well', async () => {
    const { wheel } = watched(stage)
    const seen: string[] = []
    const observe: Wheel['apps']['observe'] = async (targets, ...given) => {
      seen.push(...targets.map(({ app }) => app))
      return wheel.apps.observe(targets, ...given)
    }
    const restarts: Wheel['restarts'] = { count: async (asks) => asks.map(() => 1) }
    await turn({ ...wheel, restarts, apps: { ...wheel.apps, observe } }, 'production', names)
    expect(seen.slice(0, 3)).toEqual([LAST, RESTARTS, names[0]])
  })

  test('rings for the next looks of a portion before the portion behind it is stored', async () => {
    const { wheel, told, rung } = watched(stage)
    const store: Wheel['store'] = {
      ...wheel.store,
      commit: async (change) => {
        told.push(`stores ${change.key.name}`)
        return wheel.store.commit(change)
      },
    }
    await turn({ ...wheel, store }, 'production', names)
    const places = [told.indexOf(`stores ${names[99]}`), told.indexOf(`stores ${names[118]}`)]
    expect(told.slice(...places).some((words) => words.startsWith('rings'))).toBe(true)
    expect(new Set(rung.map(({ at }) => at)).size).toBe(rung.length)
  })

  test('leaves what it cannot come to while its claim counts, and the sweep calls for the end of the claim', async () => {
    const begun = stage.clock.now()
    const { wheel, rung } = watched(stage, (targets) => (targets > 50 ? 14 * SECOND : 0))
    const before = names.map((name) => stage.rollout(keyOf(name)).wakeAt)
    const turned = await sweep(wheel, 'production')
    expect(turned.map(({ result }) => result)).toEqual(Array.from({ length: 101 }, () => 'saved'))
    const still = names.filter((name, n) => stage.rollout(keyOf(name)).wakeAt === before[n])
    expect(still).toEqual(names.slice(100, 119))
    expect(rung).toContainEqual({ environment: 'production', at: begun + 30 * SECOND })
    stage.clock.advance(16 * SECOND)
    const later = await sweep(stage.wheel, 'production')
    const theirs = later.filter(({ name }) => still.includes(name))
    expect(theirs.map(({ name, result }) => [name, result])).toEqual(still.map((name) => [name, 'saved']))
  })
})
