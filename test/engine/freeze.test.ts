import { describe, expect, test } from 'vitest'
import type { Caller } from '../../lib/core/caller.ts'
import type { Freeze } from '../../lib/core/freeze.ts'
import { addFreeze, type FreezeWish, findFreeze, freezeViews, liftFreeze } from '../../lib/engine/freeze.ts'
import { freezesNow } from '../../lib/engine/frozen.ts'
import { sweep } from '../../lib/engine/sweep.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import type { Freezes } from '../../lib/ports.ts'
import { nextWindow, openWindow } from '../../lib/schema/window.ts'
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
    await expect(lost).rejects.toThrow('changed 40 times meanwhile')
  })
})

test('a dozen people who stop the line at once are all heard', async () => {
  const { wheel } = await givenPricing()
  const all = await Promise.all(Array.from({ length: 12 }, (_, n) => addFreeze(wheel, { ...STOP, id: `f${n}` }, 'kim')))
  expect(all.map(({ kind }) => kind)).toEqual(Array(12).fill('added'))
  expect((await wheel.freezes.freezesOf('production')).freezes).toHaveLength(12)
})

test('the id of a freeze that was lifted adds nothing for a week: the request may have come twice', async () => {
  const stage = await givenPricing()
  await addFreeze(stage.wheel, STOP, 'kim')
  await liftFreeze(stage.wheel, 'production', 'stop', { by: 'lou', reason: '' })
  expect(await addFreeze(stage.wheel, STOP, 'kim')).toEqual({
    kind: 'reused',
    because: 'the freeze stop was lifted; take a fresh id for another',
  })
  expect((await addFreeze(stage.wheel, { ...STOP, id: 'other' }, 'kim')).kind).toBe('added')
  expect(await addFreeze(stage.wheel, STOP, 'kim')).toMatchObject({ kind: 'reused' })
  stage.clock.advance(8 * 24 * HOUR)
  expect((await addFreeze(stage.wheel, STOP, 'kim')).kind).toBe('added')
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

test('a freeze names to a caller only the services that they may see', async () => {
  const stage = await givenPricing()
  const { manifest } = stage.store.peek(PRICING)?.service ?? {}
  if (manifest === undefined) throw new Error('unreachable')
  await stage.declare({ ...manifest, name: 'secret', target: { ...manifest.target, app: 'secret' } })
  await addFreeze(stage.wheel, { ...STOP, services: ['pricing', 'secret'] }, 'kim')
  const services = async (who: Caller) => (await freezeViews(stage.wheel, ['production'], who))[0]?.services
  expect(await services(caller(['pricing']))).toEqual(['pricing'])
  expect(await services(caller(null))).toEqual(['pricing', 'secret'])
})

describe('a freeze whose times cannot be told', () => {
  const UNKNOWN = { kind: 'recurring', cron: '0 1 * * *', timeZone: 'Mars/Olympus', durationMs: HOUR } as const
  const CASES: readonly (readonly [string, unknown, string])[] = [
    ['an unknown zone', UNKNOWN, 'Mars/Olympus'],
    ['no time', undefined, 'no time of a known kind'],
    ['half a time', { kind: 'once', from: 1 }, 'beginning or end is missing'],
    ['half a pattern', { kind: 'recurring', cron: '0 1 * * *' }, 'pattern, zone or duration is missing'],
  ]
  const kept = async (time: unknown) => {
    const stage = await givenPricing({ stages: plan([10, 1], [100, 0]) }, { windows: { openWindow, nextWindow } })
    const loaded = await stage.store.freezesOf('production')
    const freeze = { ...STOP, schema: 1, time, by: 'kim', createdAt: stage.clock.now() } as Freeze
    await stage.store.commitFreezes({ ...loaded, environment: 'production', freezes: [freeze], audit: [] })
    return stage
  }

  test.each(CASES)('%s: it holds, says why, is listed, and can be lifted', async (_, time, why) => {
    const { wheel, clock } = await kept(time)
    const at = await freezesNow(wheel, 'production')
    expect(at('pricing', clock.now())).toMatchObject({ id: 'stop', until: null, reason: expect.stringContaining(why) })
    const [view] = await freezeViews(wheel, ['production'], caller(null))
    expect(view).toMatchObject({ id: 'stop', active: true, reason: expect.stringContaining('cannot be read') })
    expect((await addFreeze(wheel, { ...STOP, id: 'other' }, 'kim')).kind).toBe('added')
    expect(await addFreeze(wheel, STOP, 'kim')).toMatchObject({ kind: 'reused' })
    expect(await liftFreeze(wheel, 'production', 'stop', { by: 'lou', reason: '' })).toBe(true)
    await liftFreeze(wheel, 'production', 'other', { by: 'lou', reason: '' })
    expect((await freezesNow(wheel, 'production'))('pricing', clock.now())).toBeNull()
  })

  test.each(CASES)('%s: nothing begins, and an undo does', async (_, time) => {
    const stage = await kept(time)
    await stage.push(version(2))
    await stage.run(HOUR)
    expect(stage.rollout(PRICING).phase.kind).toBe('preparing')
    expect(stage.store.auditOf(PRICING).filter(({ kind }) => kind === 'freeze-held')).toHaveLength(1)
    expect(await stage.command(PRICING, 'abort')).toMatchObject({ kind: 'done' })
    expect(stage.broken).toEqual([])
  })
})

describe('a freeze that is added while a look is under way', () => {
  const given = async () => {
    const stage = await givenPricing({ stages: plan([10, 1], [50, 1], [100, 0]) })
    await stage.push(version(2))
    await stage.runUntil('it has ten percent', () => Object.values(weights(stage)).includes(10), HOUR)
    return stage
  }
  const atStep = (stage: Awaited<ReturnType<typeof given>>) => {
    const { phase } = stage.rollout(PRICING)
    return 'stage' in phase ? phase.stage : null
  }

  test('holds the step where the sources still answer', async () => {
    const stage = await given()
    const { apps } = stage.wheel
    let added = false
    const observe: Wheel['apps']['observe'] = async (targets) => {
      if (!added && stage.clock.now() > Date.UTC(2026, 0, 5, 12, 30))
        added = !!(await addFreeze(stage.wheel, STOP, 'kim'))
      return apps.observe(targets)
    }
    const wheel = { ...stage.wheel, apps: { ...apps, observe, perform: apps.perform.bind(apps) } }
    for (let n = 0; n < 120; n++) {
      stage.clock.advance(MINUTE)
      await sweep(wheel, 'production')
    }
    expect([added, atStep(stage)]).toEqual([true, 0])
  })

  test('holds its weight where the step was stored already, and the weight rises once it is lifted', async () => {
    const stage = await given()
    let reads = 0
    let step = -1
    const freezesOf: Freezes['freezesOf'] = async (environment) => {
      reads += 1
      if (step < 0 && atStep(stage) === 1) {
        step = reads
        await addFreeze(stage.wheel, STOP, 'kim')
      }
      return stage.wheel.freezes.freezesOf(environment)
    }
    const wheel = withFreezes(stage.wheel, { freezesOf })
    for (let n = 0; n < 120; n++) {
      stage.clock.advance(MINUTE)
      await sweep(wheel, 'production')
    }
    expect(step).toBeGreaterThan(0)
    expect([atStep(stage), Object.values(weights(stage)).sort()]).toEqual([1, [10, 90]])
    await liftFreeze(stage.wheel, 'production', 'stop', { by: 'lou', reason: '' })
    await stage.runUntil('it has fifty percent', () => Object.values(weights(stage)).includes(50), HOUR)
  })
})

test('the times of a freeze are worked out once for all services, and anew when they have ended', async () => {
  const { wheel, clock } = await givenPricing()
  const now = clock.now()
  await addFreeze(wheel, { ...STOP, time: { kind: 'once', from: now, until: now + HOUR } }, 'kim')
  let asked = 0
  const counting: Wheel['nextWindow'] = (freeze, at) => {
    asked += 1
    return wheel.nextWindow(freeze, at)
  }
  const at = await freezesNow({ ...wheel, nextWindow: counting }, 'production')
  for (let n = 0; n < 100; n++) expect(at(`service-${n}`, now + n)?.id).toBe('stop')
  expect(asked).toBe(1)
  expect(at('pricing', now + HOUR)).toBeNull()
  expect(at('pricing', now)?.id).toBe('stop')
  expect(asked).toBe(3)
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

  test('where the store gives no answer at all, nothing begins, and goes on with the next answer', async () => {
    const stage = await givenPricing()
    await stage.push(version(2))
    const silent = withFreezes(stage.wheel, {
      freezesOf: async () => {
        throw new Fault('unavailable', 'no answer')
      },
    })
    stage.clock.advance(MINUTE)
    await sweep(silent, 'production')
    expect(stage.rollout(PRICING).phase.kind).toBe('preparing')
    expect(stage.rollout(PRICING).frozen).toMatchObject({ id: 'unreadable', reason: 'no answer' })
    await stage.runUntil('it goes on', () => stage.rollout(PRICING).phase.kind === 'progressing', HOUR)
  })

  test('an error of our own is told as such', async () => {
    const { wheel } = await givenPricing()
    const broken = withFreezes(wheel, { freezesOf: () => Promise.reject(new TypeError('a mistake')) })
    await expect(freezesNow(broken, 'production')).rejects.toThrow('a mistake')
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
