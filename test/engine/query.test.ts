import { describe, expect, test } from 'vitest'
import type { AuditRow } from '../../lib/core/audit.ts'
import { auditPage, eventPage, locate, placeOf, seesSomeOf, statusFor } from '../../lib/engine/query.ts'
import { standings, viewTag } from '../../lib/engine/view.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import type { EventRecord, Loaded } from '../../lib/ports.ts'
import { createStage } from '../../sim/runner.ts'
import { aCaller } from '../support/callers.ts'
import { auditRows } from '../support/state.ts'
import { givenPricing, PRICING, pricingManifest } from '../support/story.ts'

const THREE = ['development', 'production', 'staging']

/** Services of one name wherever `there` says, unreadable wherever `held` says; and where they were asked for. */
function catalogueOf(there: readonly string[], held: readonly string[] = []) {
  const asked: string[] = []
  const load: Wheel['store']['load'] = async (environment, [name = '']) => {
    asked.push(`${environment}/${name}`)
    const service = { key: { environment, name } }
    return there.includes(environment) ? [{ service } as Loaded] : []
  }
  const heldBy: Wheel['heldBy'] = ({ environment, name }) =>
    held.includes(environment) && name === 'pricing' ? `${environment} is in quarantine` : null
  return { wheel: { store: { load }, heldBy } as unknown as Wheel, asked }
}

describe('a name', () => {
  test.each([
    [['production'], [], 'production'],
    [['staging'], [], 'staging'],
    [[], [], 'unknown'],
    [THREE, [], THREE],
    [['production', 'staging'], [], ['production', 'staging']],
    [['production'], ['staging'], ['production', 'staging']],
    [['staging'], ['production'], ['production', 'staging']],
    [['development', 'staging'], ['production'], THREE],
    // Held and readable at once: somebody put it right since.
    [['production'], ['production'], 'production'],
  ] as const)('that is read in %j and in quarantine in %j means %j', async (there, held, means) => {
    const { wheel } = catalogueOf(there, held)
    const found = await locate(wheel, THREE, 'pricing', aCaller())
    if (found.kind === 'found') expect(found.item.service.key).toEqual(found.key)
    expect(found.kind === 'found' ? found.key.environment : found).toEqual(
      typeof means === 'string'
        ? means === 'unknown'
          ? { kind: 'unknown' }
          : means
        : { kind: 'ambiguous', environments: means },
    )
  })

  test('that is in quarantine alone is refused with the reason, not taken for nobody', async () => {
    const { wheel } = catalogueOf([], ['staging'])
    await expect(locate(wheel, THREE, 'pricing', aCaller())).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('traffic stays where it is until it can be'),
    })
    expect(await locate(wheel, ['production'], 'pricing', aCaller())).toEqual({ kind: 'unknown' })
  })

  test('is not even looked for where the caller may not see it', async () => {
    const { wheel, asked } = catalogueOf(THREE, [])
    const there = aCaller('viewer', { environments: ['staging'], services: ['pricing'] })
    expect(await locate(wheel, THREE, 'pricing', there)).toMatchObject({
      kind: 'found',
      key: { environment: 'staging' },
    })
    expect(await locate(wheel, THREE, 'routing', there)).toEqual({ kind: 'unknown' })
    expect(asked).toEqual(['staging/pricing'])
  })
})

test('a status is told with the freezes that are given, and with those that hold where none are', async () => {
  const stage = await givenPricing()
  const [item] = await stage.wheel.store.load('production', ['pricing'])
  if (item === undefined) throw new Error('the service was expected')
  const asked: unknown[] = []
  const wheel: Wheel = {
    ...stage.wheel,
    freezes: {
      ...stage.wheel.freezes,
      freezesOf: async (environment) => {
        asked.push(environment)
        return stage.wheel.freezes.freezesOf(environment)
      },
    },
  }
  const plain = await statusFor(wheel, item)
  expect(asked).toEqual(['production'])
  const told: unknown[] = []
  const given = await statusFor(wheel, item, (name, now) => {
    told.push([name, now])
    return null
  })
  expect(given).toEqual(plain)
  expect([asked.length, told]).toEqual([1, [['pricing', stage.clock.now()]]])
})

describe('pages', () => {
  const rows = [
    ...auditRows(PRICING, 1, 1),
    ...auditRows({ environment: 'production', name: 'routing' }, 1, 1),
    ...auditRows(PRICING, 1, 1).map((row): AuditRow => ({ ...row, entityId: 'production' })),
  ]
  const log = { page: async () => ({ items: rows, next: 'more' }) }
  const query = { environment: 'production', limit: 9, from: null }
  const environmentOnly = aCaller('viewer', { environments: ['production'] })

  test('of the audit hold the rows of what the caller may see, as rows and as text', async () => {
    const seen = async (caller: ReturnType<typeof aCaller>) => {
      const { items, csv, next } = await auditPage(log, query, caller)
      expect(csv().trim().split('\r\n')).toHaveLength(items.length + 1)
      return [items.length, next]
    }
    expect(await seen(aCaller())).toEqual([3, 'more'])
    expect(await seen(environmentOnly)).toEqual([3, 'more'])
    expect(await seen(aCaller('viewer', { services: ['routing'] }))).toEqual([1, 'more'])
    expect(await seen(aCaller('viewer', { environments: ['staging'] }))).toEqual([0, 'more'])
  })

  test('of events hold those about what the caller may see, and those about nothing for who may see everything', async () => {
    const about = (entityId: string | null) => ({ id: String(entityId), entityId }) as EventRecord
    const asked: unknown[] = []
    const events = {
      record: async () => {},
      page: async (limit: number, from: string | null) => {
        asked.push([limit, from])
        return { items: [about('production/routing'), about('production/pricing'), about(null)], next: 'x' }
      },
    }
    const seen = async (caller: ReturnType<typeof aCaller>) => {
      const { items, next } = await eventPage(events, 7, 'here', caller)
      return [...items.map(({ id }) => id), next]
    }
    expect(await seen(aCaller())).toEqual(['production/routing', 'production/pricing', 'null', 'x'])
    expect(await seen(environmentOnly)).toEqual(['production/routing', 'production/pricing', 'x'])
    expect(await seen(aCaller('viewer', { services: ['routing'] }))).toEqual(['production/routing', 'x'])
    expect(asked[0]).toEqual([7, 'here'])
  })
})

test('an entity is a service in its environment, or an environment', () => {
  expect(placeOf('production/pricing')).toEqual({ environment: 'production', name: 'pricing' })
  expect(placeOf('production')).toEqual({ environment: 'production', name: null })
})

test('something of an environment is seen by whoever has any right there', () => {
  expect(seesSomeOf(aCaller(), 'production')).toBe(true)
  const some = aCaller('viewer', { environments: ['staging'], services: ['routing'] })
  expect([seesSomeOf(some, 'production'), seesSomeOf(some, 'staging')]).toEqual([false, true])
  const both = { ...some, grants: [...some.grants, { ...some.grants[0], environments: ['production'] }] } as typeof some
  expect([seesSomeOf(both, 'production'), seesSomeOf(both, 'staging'), seesSomeOf(both, 'test')]).toEqual([
    true,
    true,
    false,
  ])
  expect(seesSomeOf({ ...some, grants: [] }, 'staging')).toBe(false)
})

describe('how services stand', () => {
  /** Three services in each of two environments. */
  async function given() {
    const stage = createStage({ environments: ['production', 'staging'] })
    for (const environment of ['production', 'staging'])
      for (const name of ['aa', 'bb', 'cc']) await stage.declare(pricingManifest({ environment, name }))
    const asked: string[] = []
    const { catalogue, store } = stage.wheel
    const list: Wheel['catalogue']['list'] = (environment, limit, from) => {
      asked.push(`list ${environment} ${limit} ${from === null ? 'from the first' : 'on'}`)
      return catalogue.list(environment, limit, from)
    }
    const load: Wheel['store']['load'] = (environment, names) => {
      asked.push(`load ${environment} ${names.join(' ')}`)
      return store.load(environment, names)
    }
    const wheel = { ...stage.wheel, catalogue: { ...catalogue, list }, store: { ...store, load } }
    return { wheel, asked }
  }

  test('is asked for no more of them than are wanted, and of those alone that may be seen', async () => {
    const { wheel, asked } = await given()
    const both = ['production', 'staging']
    const page = await standings(wheel, both, aCaller(), { limit: 4, from: null })
    const of = page.items.map(({ status }) => `${status.environment}/${status.service}`)
    expect(of).toEqual(['production/aa', 'production/bb', 'production/cc', 'staging/aa'])
    expect(asked).toEqual([
      'list production 4 from the first',
      'load production aa bb cc',
      'list staging 1 from the first',
      'load staging aa',
    ])
    asked.length = 0
    const rest = await standings(wheel, both, aCaller(), { limit: 4, from: page.next })
    expect([rest.items.length, rest.next]).toEqual([2, null])
    expect(asked).toEqual(['list staging 4 on', 'load staging bb cc'])
    asked.length = 0
    const none = aCaller('viewer', { services: ['zz'] })
    expect(await standings(wheel, both, none, { limit: 4, from: null })).toEqual({ items: [], next: null })
    expect(asked).toEqual(['list production 4 from the first', 'list staging 4 from the first'])
  })

  test('goes on with the next environment where one ended with its page', async () => {
    const { wheel, asked } = await given()
    const both = ['production', 'staging']
    const { next } = await standings(wheel, both, aCaller(), { limit: 3, from: null })
    expect(next).toBe('staging')
    expect((await standings(wheel, both, aCaller(), { limit: 9, from: next })).items).toHaveLength(3)
    expect(asked.filter((what) => what.startsWith('list'))).toEqual([
      'list production 3 from the first',
      'list staging 9 from the first',
    ])
  })

  test('is looked for in twenty pages at most, and told from where to go on', async () => {
    const { wheel } = await given()
    const marks: (string | null)[] = []
    const list: Wheel['catalogue']['list'] = async (_, __, from) => {
      marks.push(from)
      return { items: [], next: `m.${marks.length}` }
    }
    const unending = { ...wheel, catalogue: { ...wheel.catalogue, list } }
    const page = await standings(unending, ['production'], aCaller(), { limit: 1, from: 'production.m.0' })
    expect(page).toEqual({ items: [], next: 'production.m.20' })
    expect([marks.length, marks[0], marks[1]]).toEqual([20, 'm.0', 'm.1'])
  })

  test('goes on at a mark only that a page of these environments gave out', async () => {
    const { wheel } = await given()
    for (const from of ['', '.', 'test', '.production', 'test.x'])
      await expect(standings(wheel, ['production'], aCaller(), { limit: 1, from })).rejects.toMatchObject({
        kind: 'malformed',
        message: 'this page mark is of another list; ask for the first page again',
      })
  })

  test('is tagged by all but what counts down', () => {
    const wheel = { digest: (text: string) => text.padEnd(40, '.') }
    const tag = (view: unknown) => viewTag(wheel, view)
    expect(tag({ b: 1, nextInMs: 5 })).toBe(`W/"{"b":1}${'.'.repeat(25)}"`)
    expect(tag([{ nextInMs: 5, a: [null, { nextInMs: 1 }] }, 'x'])).toBe(`W/"[{"a":[null,{}]},"x"]${'.'.repeat(11)}"`)
    expect(tag(null)).toBe(`W/"null${'.'.repeat(28)}"`)
  })
})
