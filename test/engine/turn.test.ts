import { describe, expect, test } from 'vitest'
import { sweep } from '../../lib/engine/sweep.ts'
import { turn } from '../../lib/engine/turn.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Stage } from '../../sim/runner.ts'
import { aCommand } from '../support/builders.ts'
import {
  expectSound,
  givenPricing,
  HOUR,
  kinds,
  MINUTE,
  PRICING,
  pricingManifest,
  version,
  weights,
} from '../support/story.ts'

const STABLE = 'pricing--v1'

async function givenCanary(): Promise<Stage> {
  const stage = await givenPricing()
  await stage.push(version(2))
  await stage.runUntil('the canary has ten percent', () => Object.values(weights(stage)).includes(10), HOUR)
  await stage.run(2 * MINUTE)
  return stage
}

/** The wheel with some of its sockets' methods replaced. */
function wheelWith(stage: Stage, changes: Partial<Wheel>): Wheel {
  return { ...stage.wheel, ...changes }
}

describe('a turn', () => {
  test('of two workers at the same due rollout lets one win, and the other does nothing', async () => {
    const stage = await givenCanary()
    stage.clock.advance(MINUTE)
    const both = await Promise.all([
      turn(stage.wheel, 'production', ['pricing']),
      turn(stage.wheel, 'production', ['pricing']),
    ])
    expect(
      both
        .flat()
        .map(({ result }) => result)
        .sort(),
    ).toEqual(['lost', 'saved'])
    expectSound(stage)
  })

  test('goes on for the neighbours when one service breaks it', async () => {
    const stage = await givenCanary()
    const other = {
      ...pricingManifest(),
      name: 'safety',
      target: { ...pricingManifest().target, app: 'safety' },
      image: { ...pricingManifest().image, repository: 'safety' },
    }
    stage.world.addApp({ target: other.target, image: 'registry.example.com/safety:v1', suffix: 'v1' })
    await stage.declare(other)
    await stage.push(version(2, { repository: 'safety', eventId: 'safety-2' }))
    const wheel = wheelWith(stage, {
      apps: {
        ...stage.wheel.apps,
        observe: async (targets) => {
          const seen = await stage.wheel.apps.observe(targets)
          return seen.map((one, index) =>
            targets[index]?.app === 'pricing' ? ({ kind: 'seen', app: null } as never) : one,
          )
        },
      },
    })
    stage.clock.advance(MINUTE)
    const turned = await sweep(wheel, 'production')
    expect(turned.map(({ name, result }) => [name, result])).toContainEqual(['pricing', 'broken'])
    expect(turned.map(({ name, result }) => [name, result])).toContainEqual(['safety', 'saved'])
  })

  test('leaves a deed undone when it slept between looking and doing, and a later turn does it', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const sleepy = wheelWith(stage, {
      store: {
        due: (...given) => stage.wheel.store.due(...given),
        claim: (...given) => stage.wheel.store.claim(...given),
        load: (...given) => stage.wheel.store.load(...given),
        answered: (...given) => stage.wheel.store.answered(...given),
        commit: async (change) => {
          const saved = await stage.wheel.store.commit(change)
          stage.clock.advance(5 * MINUTE)
          return saved
        },
      },
    })
    await turn(sleepy, 'production', ['pricing'])
    expect(stage.world.log).toEqual([])
    await stage.runUntil('the revision is asked for', () => stage.world.log.length > 0, 5 * MINUTE)
  })

  test.each(['the KPIs', 'a neighbour in Azure'])(
    'moves traffic although %s kept it waiting for 45 seconds',
    async (slow) => {
      const stage = await givenCanary()
      await stage.run(5 * MINUTE)
      const late = async <T>(answer: Promise<T>): Promise<T> => {
        stage.clock.advance(45_000)
        return answer
      }
      const { apps, metrics } = stage.wheel
      const waiting =
        slow === 'the KPIs'
          ? { metrics: { read: (queries) => late(metrics.read(queries)) } satisfies Wheel['metrics'] }
          : { apps: { ...apps, observe: (targets) => late(apps.observe(targets)) } satisfies Wheel['apps'] }
      const promote = aCommand('promote', { id: 'promote-1', actor: 'olga' })
      await turn(wheelWith(stage, waiting), 'production', ['pricing'], promote)
      stage.clock.advance(2_000)
      expect(weights(stage)[STABLE]).toBe(50)
    },
  )

  test('of an abort asks for no measurements, which may take long and could not change it', async () => {
    const stage = await givenCanary()
    await stage.run(5 * MINUTE)
    const { asked } = stage.metrics
    await stage.command(PRICING, 'abort')
    expect(stage.metrics.asked).toBe(asked)
    stage.clock.advance(2_000)
    expect(weights(stage)).toEqual({ [STABLE]: 100 })
  })

  test('counts a weight from when it was surely there, however long the look took', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    await stage.runUntil('the weight is wished for', () => stage.rollout(PRICING).phase.kind === 'progressing', HOUR)
    const apps: Wheel['apps'] = {
      ...stage.wheel.apps,
      observe: async (targets) => {
        stage.clock.advance(20_000)
        return stage.wheel.apps.observe(targets)
      },
    }
    const asked = stage.clock.now()
    await turn(wheelWith(stage, { apps }), 'production', ['pricing'])
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'progressing', steadyAt: asked + 20_000 })
  })

  test('leaves a deed undone when somebody has aborted between its storing and its doing', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    await stage.runUntil('the canary is ready', () => stage.rollout(PRICING).phase.kind === 'progressing', HOUR)
    await stage.runUntil('it has its weight', () => Object.values(weights(stage)).includes(10), HOUR)
    await stage.run(2 * MINUTE)
    const { commit } = stage.wheel.store
    let aborted = false
    const overtaken = wheelWith(stage, {
      store: {
        ...stage.wheel.store,
        commit: async (change) => {
          const saved = await commit(change)
          if (!aborted) {
            aborted = true
            await stage.command(PRICING, 'abort')
          }
          return saved
        },
      },
    })
    const before = stage.world.log.length
    const promote = aCommand('promote', { id: 'p', actor: 'otto' })
    await turn(overtaken, 'production', ['pricing'], promote)
    expect(stage.world.log.slice(before).map(({ traffic }) => traffic)).toEqual([{ [STABLE]: 100 }])
    await stage.run(5 * MINUTE)
    expect(weights(stage)).toEqual({ [STABLE]: 100 })
    expectSound(stage)
  })

  test('is not undone by a bell that is out of order', async () => {
    const stage = await givenPricing()
    const deaf = wheelWith(stage, { bell: { ring: async () => Promise.reject(new Fault('unavailable', 'no queue')) } })
    await stage.push(version(2))
    const [turned] = await turn(deaf, 'production', ['pricing'])
    expect(turned?.result).toBe('saved')
    const broken = wheelWith(stage, { bell: { ring: async () => Promise.reject(new TypeError('our own bug')) } })
    stage.clock.advance(MINUTE)
    await expect(turn(broken, 'production', ['pricing'])).rejects.toThrow('our own bug')
  })

  test('takes a socket that answers nothing about an app as not seen, and leaves traffic alone', async () => {
    const stage = await givenCanary()
    stage.clock.advance(MINUTE)
    const blind = wheelWith(stage, { apps: { ...stage.wheel.apps, observe: async () => [] } })
    await turn(blind, 'production', ['pricing'])
    expect(stage.rollout(PRICING).trouble).toMatchObject({
      kind: 'unavailable',
      during: 'look',
      message: 'no answer about pricing',
    })
    expect(weights(stage)[STABLE]).toBe(90)
  })

  test('throws when the store is down, so that the queue brings the call back', async () => {
    const stage = await givenCanary()
    stage.store.interfere((call, moment) => {
      if (call === 'load' && moment === 'before') throw new Fault('unavailable', 'storage is down')
    })
    stage.clock.advance(MINUTE)
    await expect(sweep(stage.wheel, 'production')).rejects.toThrow('storage is down')
    stage.store.interfere(null)
    await stage.run(2 * MINUTE)
    expect(stage.rollout(PRICING).phase.kind).toBe('progressing')
  })
})

describe('a deed that Azure refuses', () => {
  const DENIED = { status: 403, code: 'AuthorizationFailed', message: 'The client does not have authorization.' }

  test('for good parks the rollout with traffic as it is, and resume tries again', async () => {
    const stage = await givenPricing()
    stage.world.inject({ on: 'patch', times: 1, refusal: DENIED })
    await stage.push(version(2))
    await stage.run(10 * MINUTE)
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'paused', why: 'fault', from: 'provisioning' })
    expect(stage.calls.filter((call) => call === 'apps.perform')).toHaveLength(1)
    expect(weights(stage)).toEqual({ [STABLE]: 100 })
    await stage.command(PRICING, 'resume')
    await stage.runUntil('the canary has ten percent', () => Object.values(weights(stage)).includes(10), HOUR)
    expectSound(stage)
  })

  test('during a rollback is tried again and again, and the alarm is written down', async () => {
    const stage = await givenCanary()
    stage.world.inject({ on: 'patch', until: stage.clock.now() + 15 * MINUTE, refusal: DENIED })
    await stage.command(PRICING, 'abort')
    await stage.run(12 * MINUTE)
    expect(stage.rollout(PRICING).phase.kind).toBe('rolling-back')
    expect(kinds(stage)).toContain('deadline-passed')
    await stage.runUntil('the canary is out', () => weights(stage)[STABLE] === 100, 10 * MINUTE)
    expectSound(stage)
  })

  test('is not stored when somebody else has moved the rollout on meanwhile', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const wheel = wheelWith(stage, {
      apps: {
        ...stage.wheel.apps,
        observe: (targets) => stage.wheel.apps.observe(targets),
        perform: async () => {
          await stage.command(PRICING, 'abort', { id: 'meanwhile' })
          throw new Fault('conflict', 'an operation is in progress')
        },
      },
    })
    await turn(wheel, 'production', ['pricing'])
    expect(stage.rollout(PRICING).phase.kind).toBe('rolling-back')
    expect(stage.rollout(PRICING).trouble).toBeNull()
  })

  test('by an error that is no Fault is our own bug, and shows as such', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const apps = { observe: stage.wheel.apps.observe, perform: async () => Promise.reject(new TypeError('a bug')) }
    const [turned] = await turn(wheelWith(stage, { apps }), 'production', ['pricing'])
    expect(turned).toMatchObject({ result: 'broken' })
    expect(String(turned?.error)).toContain('a bug')
  })
})
