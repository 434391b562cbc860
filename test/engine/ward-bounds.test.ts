import { describe, expect, test } from 'vitest'
import { type Quarantined, quarantinedAs, type Suspect } from '../../lib/core/quarantine.ts'
import { createWard, type Ward, warded } from '../../lib/engine/ward.ts'
import { Fault } from '../../lib/errors.ts'
import type { Freezes, Quarantine, RolloutStore } from '../../lib/ports.ts'
import { createSimFreezes } from '../../sim/store-freezes.ts'
import { createSimQuarantine } from '../../sim/store-quarantine.ts'
import { MINUTE, T0 } from '../support/builders.ts'

const ROW: Suspect = {
  kind: 'row',
  what: 'service',
  place: 'State/production/s!pricing',
  environment: 'production',
  service: 'pricing',
  field: null,
  why: 'schema 2, known is 1',
  holds: true,
  content: null,
}
const nameOf = (n: number) => `s${String(n).padStart(2, '0')}`
const itemOf = (n: number, changes: Partial<Quarantined> = {}): Quarantined => ({
  ...quarantinedAs(nameOf(n), { ...ROW, service: nameOf(n), place: nameOf(n) }, null, T0),
  ...changes,
})

/** A ward over items in quarantine; `asked` = what it asked for, a call each. */
async function given(items: readonly Quarantined[], ports: { readonly freezes?: Freezes } & Partial<Quarantine> = {}) {
  const state = { now: T0 + MINUTE, eachMs: 0 }
  const asked: string[] = []
  const { freezes = createSimFreezes(), ...more } = ports
  const sim = createSimQuarantine(() => ROW)
  for (const item of items) await sim.keep(item, null)
  const troubles: unknown[] = []
  const ward: Ward = createWard({
    quarantine: {
      ...sim,
      find: async (scope, id) => {
        asked.push(`find ${id}`)
        return sim.find(scope, id)
      },
      examine: async (item) => {
        asked.push(`examine ${item.id}`)
        state.now += state.eachMs
        return { ...ROW, place: item.place, service: item.service }
      },
      items: async (...of) => {
        asked.push(`items of ${of[0]}`)
        return sim.items(...of)
      },
      ...more,
    },
    freezes,
    store: { load: async () => [] },
    clock: { now: () => state.now },
    digest: (text) => text,
    environments: ['production'],
    onTrouble: (_, error) => troubles.push(error),
  })
  const look = async () => {
    asked.length = 0
    await ward.heldIn('production')
    return asked.filter((call) => !call.startsWith('items')).map((call) => call.split(' ')[1])
  }
  return { ward, state, asked, troubles, quarantine: sim, look }
}

const AWAY: Freezes = {
  ...createSimFreezes(),
  freezesOf: () => Promise.reject(new Fault('unavailable', 'storage is away')),
}
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => nameOf(from + n))

describe('a tick', () => {
  test('reads twenty rows again at most, those that have waited longest', async () => {
    const items = Array.from({ length: 45 }, (_, n) => itemOf(n, { nextTryAt: T0 + n, reasons: [ROW.why] }))
    const { look, state } = await given(items.toReversed())
    expect(await look()).toEqual(numbers(0, 20))
    state.now += 30_000
    expect(await look()).toEqual(numbers(20, 20))
  })

  test('begins no more of them after ten seconds, and the next tick comes half a minute after this one began', async () => {
    const { look, state, asked } = await given(Array.from({ length: 5 }, (_, n) => itemOf(n)))
    state.eachMs = 5_000
    expect(await look()).toEqual(numbers(0, 2))
    state.now += 20_000 - 1
    expect([await look(), asked]).toEqual([[], []])
    state.now += 1
    expect(await look()).toEqual(numbers(2, 2))
  })

  test('tells twenty items at most, others than the tick before, beginning by the clock', async () => {
    const row = { kind: 'quarantine-added' } as never
    const owed = (n: number) => [{ id: nameOf(n), row, environments: ['production'] }]
    const items = Array.from({ length: 50 }, (_, n) => itemOf(n, { nextTryAt: null, owed: owed(n) }))
    const { look, state, troubles } = await given(items, { freezes: AWAY })
    // How many half minutes there were until T0 + 1 min, and one more.
    const from = ((T0 / 30_000 + 3) * 20) % 50
    expect(from).toBe(10)
    expect(await look()).toEqual(numbers(10, 20))
    expect(troubles).toHaveLength(20)
    state.now += 30_000
    expect(await look()).toEqual(numbers(30, 20))
    state.now += 30_000
    expect(await look()).toEqual([...numbers(0, 20)])
    state.now += 30_000
    expect(await look()).toEqual([...numbers(20, 20)])
    state.now += 30_000
    expect(await look()).toEqual([...numbers(40, 10), ...numbers(0, 10)])
  })

  test('looks through five thousand items of an environment, page by page', async () => {
    const pages: (string | null)[] = []
    const page = Array.from({ length: 1_000 }, (_, n) => ({
      item: itemOf(n, { nextTryAt: null, holds: false }),
      token: 1,
    }))
    const items: Quarantine['items'] = async (scope, _, from) => {
      if (scope === null) return { items: [], next: null }
      pages.push(from)
      return { items: page, next: `${Number(from ?? '0') + 1}` }
    }
    const { ward, troubles } = await given([], { items })
    await ward.heldIn('production')
    expect([pages, troubles]).toEqual([[null, '1', '2', '3', '4'], []])
  })
})

describe('what was found', () => {
  test('is written down for whoever asks for it while another has that done', async () => {
    const { ward, quarantine } = await given([])
    ward.found(ROW)
    const first = ward.settled()
    await ward.settled()
    expect(quarantine.kept()).toHaveLength(1)
    await first
  })

  test('while the quarantine is listed holds its service from then on, though it could not be written down', async () => {
    const found: { now: () => void } = { now: () => {} }
    const items: Quarantine['items'] = async () => {
      found.now()
      return { items: [], next: null }
    }
    const keep = () => Promise.reject(new Fault('unavailable', 'storage is away'))
    const { ward } = await given([], { items, keep })
    found.now = () => ward.found(ROW)
    await ward.heldIn('production')
    await ward.settled()
    expect(ward.heldBy({ environment: 'production', name: 'pricing' })).toContain('production/pricing cannot be read')
  })

  test('is remembered up to five hundred, whatever was found before', async () => {
    const { ward, quarantine } = await given([])
    for (let n = 0; n < 501; n += 1) ward.found({ ...ROW, place: `${n}` })
    await ward.settled()
    expect(quarantine.kept().map(({ place }) => place)).toEqual(Array.from({ length: 500 }, (_, n) => `${n}`))
  })
})

test('the infirmary of a ward writes down, releases and wakes services in its quarantine', async () => {
  const { ward, quarantine } = await given([])
  const broken = { name: 'pricing', result: 'broken', error: new TypeError('x'), mayGoBack: false } as const
  const sick = () => ward.infirmary.sickIn('production')
  for (let n = 0; n < 3; n += 1) await ward.infirmary.note('production', [broken])
  expect(quarantine.kept()).toMatchObject([{ place: 'production/pricing', why: 'TypeError: x', mayGoBack: false }])
  expect([...(await ward.infirmary.restingIn('production')), ...(await sick())]).toEqual(['pricing', 'pricing'])
  await ward.infirmary.wake('production', 'pricing')
  expect([...(await ward.infirmary.restingIn('production')), ...(await sick())]).toEqual(['pricing'])
  await ward.infirmary.note('production', [{ name: 'pricing', result: 'saved', error: null }])
  expect([quarantine.kept(), [...(await sick())]]).toEqual([[], []])
})

describe('a store under a ward', () => {
  /** A store of which each call is written down, and what its ward holds. */
  async function shop(items: readonly Quarantined[] = []) {
    const calls: unknown[] = []
    const { ward, quarantine } = await given(items)
    const store = {
      due: async (...of: unknown[]) => {
        calls.push(of)
        return ['aa', 'bb', 's00', 'cc'].slice(0, Number(of[2]))
      },
      claim: async (...of: unknown[]) => {
        calls.push(of)
        return 'claimed'
      },
      load: async (...of: unknown[]) => {
        calls.push(of)
        ward.found(ROW)
        return (of[1] as string[]).filter((name) => name !== 'gone').map((name) => ({ name }))
      },
      commit: 'as it is',
    } as unknown as RolloutStore
    return { calls, quarantine, ward, store: warded(store, ward) }
  }

  test('gives as many that are due as were asked for, and none that is held', async () => {
    const { store, calls } = await shop([itemOf(0, { nextTryAt: null })])
    expect(await store.due('production', 7, 2)).toEqual(['aa', 'bb'])
    expect(await store.due('production', 7, 1)).toEqual(['aa'])
    expect(await store.due('production', 7, 3)).toEqual(['aa', 'bb', 'cc'])
    expect(calls).toEqual([
      ['production', 7, 3],
      ['production', 7, 2],
      ['production', 7, 4],
    ])
    expect(store.commit).toBe('as it is')
  })

  test('claims none that is held or rests, beside those that were left out anyway', async () => {
    const sick = { kind: 'service', what: 'turn', holds: false, nextTryAt: T0 + 2 * MINUTE } as const
    const { store, calls, ward, quarantine } = await shop([itemOf(0, { nextTryAt: null }), itemOf(1, sick)])
    ward.found(ROW)
    expect(await store.claim('production', 7, 2, new Set(['dd']))).toBe('claimed')
    expect(calls).toEqual([['production', 7, 2, new Set(['dd', 's00', 'pricing', 's01'])]])
    expect(quarantine.kept()).toHaveLength(3)
  })

  test('claims as it was asked to where nobody is held', async () => {
    const { store, calls } = await shop()
    const except = new Set(['dd'])
    await store.claim('production', 7, 2, except)
    expect((calls[0] as unknown[])[3]).toBe(except)
  })

  test('writes down what it met where a load leaves something out, and else later', async () => {
    const { store, quarantine } = await shop()
    expect(await store.load('production', ['aa', 'bb'])).toEqual([{ name: 'aa' }, { name: 'bb' }])
    expect(quarantine.kept()).toEqual([])
    expect(await store.load('production', ['aa', 'gone'])).toEqual([{ name: 'aa' }])
    expect(quarantine.kept()).toHaveLength(1)
  })
})
