import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { sweep } from '../../lib/engine/sweep.ts'
import { createTurnstile } from '../../lib/engine/turnstile.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Call } from '../../lib/ports.ts'
import { Crash } from '../../sim/crash.ts'
import type { Stage } from '../../sim/runner.ts'
import { createStage } from '../../sim/runner.ts'
import { HOUR, MINUTE, pricingManifest, version } from '../support/story.ts'

const keyOf = (name: string) => ({ environment: 'production', name })

/** Services `svc-1`, `svc-2`, …, each with a canary that bakes, all due at the next full minute. */
async function given(count: number): Promise<{ readonly stage: Stage; readonly names: readonly string[] }> {
  const stage = createStage()
  const names = Array.from({ length: count }, (_, n) => `svc-${n + 1}`)
  const { target, image, ...rest } = pricingManifest()
  for (const name of names) {
    const manifest = { ...rest, name, target: { ...target, app: name }, image: { ...image, repository: name } }
    stage.world.addApp({ target: manifest.target, image: 'registry.example.com/x:v1', suffix: 'v1' })
    await stage.declare(manifest)
    await stage.push(version(2, { repository: name, eventId: `${name}-2` }))
  }
  const bakes = (name: string) => {
    const { phase } = stage.rollout(keyOf(name))
    return phase.kind === 'progressing' && phase.steadyAt !== null
  }
  await stage.runUntil('all bake', () => names.every(bakes), HOUR)
  Object.assign(stage.wakes, { timer: false, bell: false })
  await stage.run(2 * MINUTE)
  stage.bell.take(Number.POSITIVE_INFINITY)
  return { stage, names }
}

/** A worker of its own on the stage, and what it did. */
function worker(stage: Stage, change: (wheel: Wheel) => Partial<Wheel> = () => ({})) {
  const seen: string[] = []
  const rung: Call[] = []
  const { wheel } = stage
  const plain: Wheel = {
    ...wheel,
    bell: { ring: async (calls) => void rung.push(...calls) },
    store: {
      ...wheel.store,
      load: async (environment, names) => {
        seen.push(...names)
        return wheel.store.load(environment, names)
      },
    },
  }
  return { wheel: { ...plain, ...change(plain) }, seen, rung }
}

describe('a turnstile', () => {
  test('lets work through one after the other, whatever becomes of what was before', async () => {
    const inTurn = createTurnstile()
    const seen: string[] = []
    const work = (name: string, ms: number) => async () => {
      seen.push(`${name} begins`)
      await sleep(ms)
      seen.push(`${name} ends`)
      if (name === 'two') throw new Error('two fails')
      return name
    }
    const came = [inTurn(work('one', 5)), inTurn(work('two', 1)), inTurn(work('three', 0))]
    expect(await Promise.allSettled(came)).toMatchObject([
      { value: 'one' },
      { reason: { message: 'two fails' } },
      { value: 'three' },
    ])
    expect(seen).toEqual(['one', 'two', 'three'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  test('lets as many through at a time as it is wide', async () => {
    const inTurn = createTurnstile(2)
    const ends: (() => void)[] = []
    const work = () => new Promise<void>((end) => ends.push(end))
    const came = [inTurn(work), inTurn(work), inTurn(work)]
    await sleep(0)
    expect(ends).toHaveLength(2)
    ends[0]?.()
    await came[0]
    await sleep(0)
    expect(ends).toHaveLength(3)
    for (const end of ends) end()
    await Promise.all(came)
    expect(await inTurn(async () => 'free again')).toBe('free again')
  })
})

describe('a sweep', () => {
  test('looks once at each that is due, slice by slice, and calls as many to help as there are slices left', async () => {
    const { stage, names } = await given(7)
    const { wheel, seen, rung } = worker(stage)
    const turned = await sweep(wheel, 'production', { slice: 2 })
    expect(turned.map(({ name, result }) => [name, result])).toEqual(names.map((name) => [name, 'saved']))
    expect(seen).toEqual(names)
    const help = { environment: 'production', at: stage.clock.now(), isHelp: true }
    expect(rung.slice(0, 3)).toEqual([help, help, help])
    expect(rung.slice(3).every(({ at, isHelp }) => isHelp === undefined && at > stage.clock.now())).toBe(true)
  })

  test('goes on behind a slice of which one row was not read, and then says so', async () => {
    const { stage, names } = await given(7)
    const refused = new Fault('unavailable', 'reading production/s!svc-3: no answer')
    const { wheel, seen } = worker(stage, ({ store }) => ({
      store: {
        ...store,
        load: async (environment, asked) => {
          const loaded = await store.load(environment, asked)
          if (asked.includes('svc-3')) throw refused
          return loaded
        },
      },
    }))
    const before = names.map((name) => stage.rollout(keyOf(name)).wakeAt)
    await expect(sweep(wheel, 'production', { slice: 2 })).rejects.toBe(refused)
    expect(new Set(seen)).toEqual(new Set(names))
    const moved = names.filter((name, n) => stage.rollout(keyOf(name)).wakeAt !== before[n])
    expect(moved).toEqual(names.filter((name) => name !== 'svc-3' && name !== 'svc-4'))
  })

  test('asks no more slices than five where storage gives no answer', async () => {
    const { stage } = await given(7)
    let asked = 0
    const { wheel } = worker(stage, ({ store }) => ({
      store: {
        ...store,
        load: async () => {
          asked += 1
          throw new Fault('unavailable', 'no answer')
        },
      },
    }))
    await expect(sweep(wheel, 'production', { slice: 1 })).rejects.toThrow(
      '5 slices of production could not be looked at: no answer',
    )
    expect(asked).toBe(5)
  })

  test('calls nobody where one slice is all, nor where it was called itself', async () => {
    const { stage } = await given(3)
    const helper = worker(stage)
    expect(await sweep(helper.wheel, 'production', { slice: 2, isHelp: true })).toHaveLength(3)
    expect(helper.rung.filter(({ isHelp }) => isHelp === true)).toEqual([])
    stage.clock.advance(MINUTE)
    const alone = worker(stage)
    expect(await sweep(alone.wheel, 'production', { slice: 3 })).toHaveLength(3)
    expect(alone.rung.filter(({ isHelp }) => isHelp === true)).toEqual([])
  })

  test('calls sixteen at most', async () => {
    const { stage } = await given(2)
    const claims = [
      { names: ['svc-1'], left: 9_000, othersUntil: null },
      { names: [], left: 0, othersUntil: null },
    ]
    const { wheel, rung } = worker(stage, ({ store }) => {
      return { store: { ...store, claim: async () => claims.shift() ?? { names: [], left: 0, othersUntil: null } } }
    })
    await sweep(wheel, 'production')
    expect(rung.filter(({ isHelp }) => isHelp === true)).toHaveLength(16)
  })

  test('is shared by workers who come at the same time: none looks at what another has in hand', async () => {
    const { stage, names } = await given(9)
    const workers = [worker(stage), worker(stage), worker(stage)]
    const turned = await Promise.all(workers.map(({ wheel }) => sweep(wheel, 'production', { slice: 2 })))
    expect(turned.flat().map(({ result }) => result)).toEqual(names.map(() => 'saved'))
    expect(workers.flatMap(({ seen }) => seen).sort()).toEqual(names)
    for (const { seen } of workers) expect(seen.length).toBeGreaterThan(1)
  })

  test('of a worker that died leaves its slice to whoever comes when its claim is over, and the bell calls then', async () => {
    const { stage, names } = await given(5)
    const dying = worker(stage, ({ apps }) => ({
      apps: { ...apps, observe: async () => Promise.reject(new Crash('it died')) },
    }))
    await expect(sweep(dying.wheel, 'production', { slice: 2 })).rejects.toThrow('it died')
    const next = worker(stage)
    const now = stage.clock.now()
    expect((await sweep(next.wheel, 'production', { slice: 2 })).map(({ name }) => name)).toEqual(names.slice(2))
    expect(next.rung).toContainEqual({ environment: 'production', at: now + 30_000 })
    stage.clock.advance(30_000)
    const later = worker(stage)
    expect((await sweep(later.wheel, 'production', { slice: 2 })).map(({ name }) => name)).toEqual(names.slice(0, 2))
  })

  test('looks at a rollback before all that has been due for longer', async () => {
    const { stage } = await given(5)
    const deaf = { bell: { ring: async () => Promise.reject(new Fault('unavailable', 'no bell')) } }
    await stage.command(keyOf('svc-4'), 'abort')
    expect(stage.rollout(keyOf('svc-4')).phase.kind).toBe('rolling-back')
    stage.clock.advance(20_000)
    const { wheel, seen } = worker(stage, () => deaf)
    await sweep(wheel, 'production', { slice: 2 })
    expect(seen[0]).toBe('svc-4')
    expect([...new Set(seen)].sort()).toEqual(['svc-1', 'svc-2', 'svc-3', 'svc-4', 'svc-5'])
  })
})
