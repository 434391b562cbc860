import { describe, expect, test } from 'vitest'
import type { FreezeTime } from '../../lib/core/freeze.ts'
import { addFreeze } from '../../lib/engine/freeze.ts'
import { metersOf } from '../../lib/engine/meters.ts'
import { planFor } from '../../lib/engine/plan.ts'
import { auditPage, eventPage, locate, placeOf, seesSomeOf } from '../../lib/engine/query.ts'
import type { EventRecord, RolloutStore } from '../../lib/ports.ts'
import { nextWindow, openWindow } from '../../lib/schema/window.ts'
import type { Stage } from '../../sim/runner.ts'
import { aCaller, NOBODY } from '../support/callers.ts'
import { givenPricing, HOUR, MINUTE, PRICING, plan, pricingManifest, version } from '../support/story.ts'

async function freeze(stage: Stage, id: string, time: FreezeTime, services: readonly string[] | null = null) {
  const wish = { id, environment: 'production', services, time, reason: `because of ${id}` }
  expect((await addFreeze(stage.wheel, wish, 'kim')).kind).toBe('added')
}

describe('a plan meets freezes', () => {
  const document = () => ({})

  test('of its service that lie on its way, and no others', async () => {
    const stage = await givenPricing()
    await stage.declare(pricingManifest({ name: 'safety' }))
    const now = stage.clock.now()
    await freeze(stage, 'soon', { kind: 'once', from: now + HOUR, until: now + 3 * HOUR })
    await freeze(stage, 'far', { kind: 'once', from: now + 9_000 * HOUR, until: now + 9_001 * HOUR })
    await freeze(stage, 'other', { kind: 'once', from: now + HOUR, until: now + 3 * HOUR }, ['safety'])
    const stages = plan([10, 2], [100, 0])
    const { freezes } = await planFor(stage.wheel, pricingManifest({ stages }), document)
    expect(freezes).toEqual([
      {
        id: 'soon',
        reason: 'because of soon',
        from: new Date(now + HOUR).toISOString(),
        until: new Date(now + 3 * HOUR).toISOString(),
      },
    ])
  })

  test('that come again each night, and a stop whose end nobody knows', async () => {
    const stage = await givenPricing({}, { windows: { openWindow, nextWindow } })
    await freeze(stage, 'night', { kind: 'recurring', cron: '0 22 * * *', timeZone: 'Etc/UTC', durationMs: 8 * HOUR })
    const stages = plan([1, 6], [2, 6], [3, 6], [4, 6], [5, 6], [6, 6], [100, 0])
    const nights = await planFor(stage.wheel, pricingManifest({ stages }), document)
    expect(nights.freezes.length).toBeGreaterThanOrEqual(1)
    expect(nights.freezes.every(({ id, until }) => id === 'night' && until !== null)).toBe(true)
    await freeze(stage, 'line', { kind: 'stop' })
    const stopped = await planFor(stage.wheel, pricingManifest({ stages }), document)
    expect(stopped.freezes.find(({ id }) => id === 'line')).toMatchObject({ until: null })
  })
})

test('the meters count what waits, what is frozen and what was never rolled out', async () => {
  const stage = await givenPricing({ onNewRevision: 'queue' })
  await stage.declare(pricingManifest({ name: 'safety' }))
  await stage.push(version(2))
  await stage.push(version(3))
  await freeze(stage, 'line', { kind: 'stop' }, ['pricing'])
  await freeze(stage, 'later', { kind: 'once', from: stage.clock.now() + HOUR, until: stage.clock.now() + 2 * HOUR })
  const families = await metersOf(stage.wheel, ['production'])
  const value = (name: string) => families.find((family) => family.name === `slipway_${name}`)?.samples[0]?.value
  expect(value('services')).toBe(2)
  expect(value('pending_pushes')).toBe(2)
  expect(value('freezes_active')).toBe(1)
  expect(value('services_frozen')).toBe(1)
  expect(value('gates_waiting')).toBe(0)
  expect(await metersOf(stage.wheel, ['nowhere'])).toContainEqual(
    expect.objectContaining({ name: 'slipway_services', samples: [{ labels: { environment: 'nowhere' }, value: 0 }] }),
  )
})

test('the meters load only what wants another look, and count the rest as finished', async () => {
  const stage = await givenPricing()
  const { image } = pricingManifest()
  await stage.declare(pricingManifest({ name: 'safety', image: { ...image, repository: 'safety' } }))
  await stage.push(version(2))
  await stage.run(10 * MINUTE)
  const counted = async () => {
    const loaded: string[] = []
    const store: RolloutStore = {
      ...stage.wheel.store,
      load: async (environment, names) => {
        loaded.push(...names)
        return stage.wheel.store.load(environment, names)
      },
    }
    const families = await metersOf({ ...stage.wheel, store }, ['production'])
    const { samples = [] } = families.find(({ name }) => name === 'slipway_rollouts') ?? {}
    return {
      loaded,
      phases: samples.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.phase, value]),
    }
  }
  expect(await counted()).toEqual({ loaded: ['pricing'], phases: [['progressing', 1]] })
  await stage.command(PRICING, 'abort')
  await stage.runUntil('nobody looks any more', () => stage.rollout(PRICING).wakeAt === null, 24 * HOUR)
  expect(await counted()).toEqual({ loaded: [], phases: [['finished', 1]] })
})

describe('what a caller may see', () => {
  test('a name in two environments means neither, unless one alone may be seen', async () => {
    const stage = await givenPricing({}, { environments: ['production', 'staging'] })
    await stage.declare(pricingManifest({ environment: 'staging' }))
    const both = ['production', 'staging']
    expect(await locate(stage.wheel, both, 'pricing', aCaller())).toEqual({ kind: 'ambiguous', environments: both })
    const there = aCaller('viewer', { environments: ['staging'] })
    expect(await locate(stage.wheel, both, 'pricing', there)).toMatchObject({ key: { environment: 'staging' } })
    expect(await locate(stage.wheel, both, 'pricing', NOBODY)).toEqual({ kind: 'unknown' })
  })

  test('rows and events of other services are left out, and events about none', async () => {
    const stage = await givenPricing()
    const query = { environment: 'production', limit: 10, from: null }
    const own = aCaller('viewer', { services: ['safety'] })
    expect((await auditPage(stage.store, query, aCaller())).items.length).toBeGreaterThan(0)
    const none = await auditPage(stage.store, query, own)
    expect([none.items, none.csv().trim().split('\r\n').length]).toEqual([[], 1])
    const about = (entityId: string | null) => ({ id: String(entityId), entityId }) as EventRecord
    const events = {
      record: async () => {},
      page: async () => ({ items: [about('production/safety'), about('production/pricing'), about(null)], next: 'x' }),
    }
    const seen = await eventPage(events, 10, null, own)
    expect([seen.items.map(({ id }) => id), seen.next]).toEqual([['production/safety'], 'x'])
    expect((await eventPage(events, 10, null, aCaller())).items).toHaveLength(3)
  })

  test('an environment is seen in part by whoever holds any role there', () => {
    expect(placeOf('production')).toEqual({ environment: 'production', name: null })
    expect(placeOf('production/pricing')).toEqual({ environment: 'production', name: 'pricing' })
    expect(seesSomeOf(aCaller('viewer', { environments: ['staging'] }), 'production')).toBe(false)
    expect(seesSomeOf(aCaller('viewer', { services: ['pricing'] }), 'production')).toBe(true)
  })
})
