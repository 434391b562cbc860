import { describe, expect, test } from 'vitest'
import type { Caller } from '../../lib/core/caller.ts'
import type { Freeze } from '../../lib/core/freeze.ts'
import { addFreeze, type FreezeWish, findFreeze, freezeViews, liftFreeze } from '../../lib/engine/freeze.ts'
import { freezesNow } from '../../lib/engine/frozen.ts'
import { sweep } from '../../lib/engine/sweep.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Freezes } from '../../lib/ports.ts'
import { givenPricing, HOUR, MINUTE, PRICING, plan, version, weights } from '../support/story.ts'

const STOP: FreezeWish = {
  id: 'stop',
  environment: 'production',
  services: null,
  time: { kind: 'stop' },
  reason: 'the database is down',
}

/** The stage's wheel with other freezes. */
function withFreezes(wheel: Wheel, freezes: Partial<Freezes>): Wheel {
  const { freezes: usual } = wheel
  return {
    ...wheel,
    freezes: {
      freezesOf: (environment) => usual.freezesOf(environment),
      commitFreezes: (change) => usual.commitFreezes(change),
      ...freezes,
    },
  }
}

function caller(services: readonly string[] | null, environments: readonly string[] | null = ['production']): Caller {
  const grants = [{ role: 'viewer', environments, services }] as const
  return { id: 'i', name: 'ada', kind: 'person', grants, method: 'token' }
}

describe('adding a freeze', () => {
  test('again with the same id changes nothing, and another under the same id is refused', async () => {
    const { wheel } = await givenPricing()
    expect((await addFreeze(wheel, STOP, 'kim')).kind).toBe('added')
    expect((await addFreeze(wheel, STOP, 'kim')).kind).toBe('known')
    expect(await addFreeze(wheel, { ...STOP, reason: 'another' }, 'kim')).toMatchObject({ kind: 'reused' })
    expect((await wheel.freezes.freezesOf('production')).freezes).toHaveLength(1)
  })

  test('from now on, asked for again later, is the same freeze', async () => {
    const stage = await givenPricing()
    const until = stage.clock.now() + HOUR
    const from = (at: number) => ({ ...STOP, time: { kind: 'once', from: at, until } as const })
    expect((await addFreeze(stage.wheel, from(stage.clock.now()), 'kim')).kind).toBe('added')
    expect((await addFreeze(stage.wheel, from(stage.clock.now() + 5), 'kim')).kind).toBe('known')
    expect((await addFreeze(stage.wheel, { ...from(7), reason: 'x' }, 'kim')).kind).toBe('reused')
  })

  test('for a service that is not there is told so', async () => {
    const { wheel } = await givenPricing()
    const wish = { ...STOP, services: ['pricing', 'prizing'] }
    expect(await addFreeze(wheel, wish, 'kim')).toEqual({ kind: 'unknown-services', names: ['prizing'] })
  })

  test('forgets those that are over, and stops at a hundred', async () => {
    const stage = await givenPricing()
    const now = stage.clock.now()
    for (let n = 0; n < 100; n++) {
      const time = { kind: 'once', from: now, until: now + HOUR } as const
      expect((await addFreeze(stage.wheel, { ...STOP, id: `f${n}`, time }, 'kim')).kind).toBe('added')
    }
    expect(await addFreeze(stage.wheel, STOP, 'kim')).toMatchObject({ kind: 'full' })
    stage.clock.advance(2 * HOUR)
    expect((await addFreeze(stage.wheel, STOP, 'kim')).kind).toBe('added')
    expect((await stage.wheel.freezes.freezesOf('production')).freezes.map(({ id }) => id)).toEqual(['stop'])
  })

  test('tries again where somebody was faster, and gives up in the end', async () => {
    const { wheel } = await givenPricing()
    let losses = 3
    const commitFreezes: Freezes['commitFreezes'] = async (change) =>
      losses-- > 0 ? 'conflict' : wheel.freezes.commitFreezes(change)
    expect((await addFreeze(withFreezes(wheel, { commitFreezes }), STOP, 'kim')).kind).toBe('added')
    losses = 100
    const lost = addFreeze(withFreezes(wheel, { commitFreezes }), { ...STOP, id: 'other' }, 'kim')
    await expect(lost).rejects.toThrow('changed 8 times meanwhile')
  })
})

describe('lifting a freeze', () => {
  test('takes it away with its row, and a second time there is none', async () => {
    const { wheel, store } = await givenPricing()
    await addFreeze(wheel, { ...STOP, services: ['pricing'] }, 'kim')
    expect((await findFreeze(wheel, 'production', 'stop'))?.id).toBe('stop')
    expect(await liftFreeze(wheel, 'production', 'stop', { by: 'lou', reason: 'it is back' })).toBe(true)
    expect(await liftFreeze(wheel, 'production', 'stop', { by: 'lou', reason: '' })).toBe(false)
    expect(await findFreeze(wheel, 'production', 'stop')).toBeNull()
    const notes = store.environmentAudit('production').map((row) => `${row.actor}: ${row.notes}`)
    expect(notes).toEqual([
      'kim: freeze stop of pricing stops the line until it is lifted: the database is down',
      'lou: freeze stop of pricing (the database is down) is lifted: it is back',
    ])
  })

  test('tries again where somebody was faster', async () => {
    const { wheel } = await givenPricing()
    await addFreeze(wheel, STOP, 'kim')
    let losses = 1
    const commitFreezes: Freezes['commitFreezes'] = async (change) =>
      losses-- > 0 ? 'conflict' : wheel.freezes.commitFreezes(change)
    expect(
      await liftFreeze(withFreezes(wheel, { commitFreezes }), 'production', 'stop', { by: 'lou', reason: '' }),
    ).toBe(true)
  })
})

describe('freezes in a list', () => {
  test('are those that hold or come, and that the caller may see anything of', async () => {
    const { wheel, clock } = await givenPricing()
    const now = clock.now()
    await addFreeze(wheel, { ...STOP, id: 'past', time: { kind: 'once', from: now, until: now + 1 } }, 'kim')
    clock.advance(MINUTE)
    await addFreeze(wheel, { ...STOP, id: 'mine', services: ['pricing'] }, 'kim')
    await addFreeze(
      wheel,
      { ...STOP, id: 'comes', time: { kind: 'once', from: now + HOUR, until: now + 2 * HOUR } },
      'kim',
    )
    const seen = async (who: Caller) =>
      (await freezeViews(wheel, ['production'], who)).map(({ id, active }) => `${id} ${active}`)
    expect(await seen(caller(null))).toEqual(['mine true', 'comes false'])
    expect(await seen(caller(['basket']))).toEqual(['comes false'])
    expect(await seen(caller(null, ['staging']))).toEqual([])
    expect(await seen(caller(null, null))).toEqual(['mine true', 'comes false'])
  })
})

describe('a record of freezes that cannot be read', () => {
  const unreadable = async (): Promise<never> => {
    throw new Fault('malformed', 'the freezes of production cannot be read')
  }

  test('holds everything, and says why', async () => {
    const { wheel } = await givenPricing()
    const at = await freezesNow(withFreezes(wheel, { freezesOf: unreadable }), 'production')
    expect(at('pricing', 7)).toMatchObject({
      id: 'unreadable',
      reason: expect.stringContaining('cannot be read'),
      until: null,
    })
  })

  test('lets a bad canary be rolled back, and nothing go on', async () => {
    const stage = await givenPricing({ stages: plan([10, 1], [100, 0]) })
    await stage.push(version(2))
    await stage.runUntil('it has ten percent', () => Object.values(weights(stage)).includes(10), HOUR)
    const wheel = withFreezes(stage.wheel, { freezesOf: unreadable })
    const look = async (minutes: number) => {
      for (let n = 0; n < minutes; n++) {
        stage.clock.advance(MINUTE)
        await sweep(wheel, 'production')
      }
    }
    await look(240)
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'progressing', stage: 0 })
    stage.metrics.profile(version(2).digest, { rps: 50, p95Ms: 900, errorRate: 0.0002 })
    await look(60)
    expect(stage.rollout(PRICING).phase).toMatchObject({ kind: 'finished', outcome: 'rolled-back' })
  })

  test('where the store gives no answer at all, the look fails, and stopping does not ask', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const silent = withFreezes(stage.wheel, {
      freezesOf: async () => {
        throw new Fault('unavailable', 'no answer')
      },
    })
    stage.clock.advance(MINUTE)
    await expect(sweep(silent, 'production')).rejects.toThrow('no answer')
    expect(stage.rollout(PRICING).phase.kind).toBe('preparing')
  })
})

test('a freeze of one service holds no other, whichever of them is looked at first', async () => {
  const { wheel, clock } = await givenPricing()
  await addFreeze(wheel, { ...STOP, services: ['pricing'] }, 'kim')
  const at = await freezesNow(wheel, 'production')
  expect(at('pricing', clock.now())?.id).toBe('stop')
  expect(at('basket', clock.now())).toBeNull()
  const none: readonly Freeze[] = (await wheel.freezes.freezesOf('staging')).freezes
  expect(none).toEqual([])
})
