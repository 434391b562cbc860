import type { TableClient } from '@azure/data-tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTableStore, type TableStore } from '../../../lib/adapters/store/table.ts'
import { begin, decision, idleTick, KEY, loaded } from '../../contract/store.contract.ts'
import { type Azurite, startAzurite } from '../../support/azurite.ts'
import { anEvent, aRollout, aService, auditRows, someEvidence, T0 } from '../../support/state.ts'

interface Opened {
  readonly store: TableStore
  readonly state: TableClient
  readonly index: TableClient
  readonly events: TableClient
  /** `row: why`, in order. */
  readonly quarantined: readonly string[]
  /** `METHOD path` of every request to the state table. */
  readonly requests: string[]
}

let azurite: Azurite
let opened = 0
beforeAll(async () => {
  azurite = await startAzurite()
}, 60_000)
afterAll(() => azurite.stop())

async function open(options: { readonly mendEveryMs?: number } = {}): Promise<Opened> {
  opened += 1
  const [state, index, events] = ['State', 'Index', 'Events'].map((name) => azurite.table(`Slipway${name}${opened}`))
  if (state === undefined || index === undefined || events === undefined) throw new Error('three tables were expected')
  const quarantined: string[] = []
  const requests: string[] = []
  const onQuarantine = (row: string, why: string) => quarantined.push(`${row.replace(/^\w+\//, '')}: ${why}`)
  const store = createTableStore({ tables: { state, index, events }, onQuarantine, ...options })
  await store.ensureTables()
  state.pipeline.addPolicy({
    name: 'remember requests',
    sendRequest: (request, next) => {
      requests.push(`${request.method} ${new URL(request.url).pathname.split('/').at(-1)}`)
      return next(request)
    },
  })
  return { store, state, index, events, quarantined, requests }
}

describe('a commit', () => {
  it('is exactly one request: a transaction', async () => {
    const { store, requests } = await open()
    await begin(store)
    const start = await loaded(store)
    requests.length = 0
    expect(await store.commit(idleTick(start, T0 + 90_000))).toBe('saved')
    expect(await store.commit(decision(await loaded(store), { wakeAt: null }))).toBe('saved')
    expect(requests.filter((request) => !request.startsWith('GET'))).toEqual(['POST $batch', 'POST $batch'])
  })

  it('writes the service row only where the service is part of the change', async () => {
    const { store, state } = await open()
    const start = await begin(store)
    const before = await state.getEntity('production', 's!pricing')
    await store.commit(idleTick(start, T0 + 1))
    expect((await state.getEntity('production', 's!pricing')).etag).toBe(before.etag)
  })

  it('leaves the due row alone where the time to look has not changed', async () => {
    const { store, state } = await open()
    const start = await begin(store)
    const before = await state.getEntity('production', `d!${T0 + 60_000}!pricing`)
    await store.commit(idleTick(start, T0 + 60_000))
    expect((await state.getEntity('production', `d!${T0 + 60_000}!pricing`)).etag).toBe(before.etag)
  })

  it('has columns that people read', async () => {
    const { store, state } = await open()
    const start = await begin(store)
    await store.commit(
      decision(start, {
        phase: { kind: 'finished', outcome: 'promoted', because: 'all well', at: T0, watchUntil: T0 },
      }),
    )
    expect(await state.getEntity('production', 'r!pricing!999998')).toMatchObject({
      schema: 1,
      rollout: 'pricing-1',
      phase: 'finished',
      outcome: 'promoted',
      because: 'all well',
      weight: 10,
      tag: 'v2',
      startedAt: new Date(T0),
      wakeAt: new Date(T0 + 60_000),
    })
    expect(
      await state.getEntity('production', `a!${9_999_999_999_999 - T0 - 1000}!pricing!9999999999998`),
    ).toMatchObject({
      schema: 1,
      id: 'production/pricing#1',
      happenedAt: new Date(T0 + 1000),
      entityId: 'production/pricing',
      metric: 'canary-weight',
      value: 10,
      notes: 'step 1 begins',
      kind: 'step-started',
      actor: 'slipway',
      rollout: 'pricing-1',
      step: 1,
    })
  })

  it.each([3e9, -1, 0.1, 0, 1e300])('keeps the audit value %d as it is', async (value) => {
    const { store } = await open()
    const start = await begin(store)
    await store.commit({ ...decision(start), audit: auditRows(KEY, 1, 1, { value }) })
    expect((await store.page({ environment: 'production', limit: 1, from: null })).items[0]?.value).toBe(value)
  })

  it('keeps notes that are longer than a column, or not well-formed', async () => {
    const { store } = await open()
    const start = await begin(store)
    const notes = `${'n'.repeat(3_999)}🚀${'é'.repeat(60_000)}\ud83d`
    await store.commit({ ...decision(start), audit: auditRows(KEY, 1, 1, { notes }) })
    expect((await store.page({ environment: 'production', limit: 1, from: null })).items[0]?.notes).toBe(notes)
  })

  it.each([0, 1])(
    'never parts the halves of a character that UTF-8 could not carry alone (shifted by %d)',
    async (shift) => {
      const { store, state } = await open()
      const because = `${'x'.repeat(shift)}${'🚀'.repeat(40_000)}`
      await begin(store, KEY, aRollout(KEY, { verdict: { kind: 'fail', because, evidence: [] } }))
      const row = await state.getEntity<Record<string, unknown>>('production', 'r!pricing!999998')
      const parts = Array.from({ length: Number(row.parts) }, (_, index) => String(row[`json${index}`]))
      expect(parts.length).toBeGreaterThan(2)
      expect(parts.every((part) => part.isWellFormed() && part.length <= 32 * 1024)).toBe(true)
    },
  )

  it('refuses a state that no row can hold, and stores nothing', async () => {
    const { store } = await open()
    const start = await begin(store)
    const because = 'x'.repeat(500_000)
    const huge = decision(start, { verdict: { kind: 'fail', because, evidence: [] } })
    await expect(store.commit(huge)).rejects.toMatchObject({ kind: 'malformed', message: /too large/ })
    expect((await loaded(store)).service).toEqual(start.service)
  })

  it('refuses more audit rows than one transaction holds', async () => {
    const { store } = await open()
    const start = await begin(store)
    const service = { ...start.service, chain: { seq: 100, hash: '' } }
    const change = { ...decision(start), service, audit: auditRows(KEY, 1, 100) }
    await expect(store.commit(change)).rejects.toMatchObject({
      kind: 'malformed',
      message: /too large for one transaction/,
    })
  })

  it.each(['a/b', 'A', 'a!b', '', `a${'b'.repeat(32)}`])('refuses the service name %j', async (name) => {
    const { store } = await open()
    const key = { environment: 'production', name }
    const change = { key, token: null, service: aService(key), audit: [] }
    await expect(store.commit(change)).rejects.toMatchObject({ kind: 'malformed', message: /cannot be stored/ })
  })
})

describe('a load', () => {
  it('reads again when a newer rollout begins between its two reads', async () => {
    const { store, state } = await open()
    const start = await begin(store)
    let begun = false
    state.pipeline.addPolicy({
      name: 'begin another rollout after the service was read',
      sendRequest: async (request, next) => {
        const response = await next(request)
        if (begun || !decodeURIComponent(request.url).includes("RowKey='s!pricing'")) return response
        begun = true
        const second = decision({ ...start, rollout: aRollout(KEY, { number: 2, wakeAt: T0 + 5 }) })
        expect(await store.commit(second)).toBe('saved')
        return response
      },
    })
    const found = await loaded(store)
    expect([found.service.rolloutNumber, found.rollout?.number]).toEqual([2, 2])
    expect(await store.commit(idleTick(found, T0 + 7))).toBe('saved')
    expect(await store.due('production', T0 + 100_000, 10)).toEqual(['pricing'])
  })
})

describe('a row that cannot be read', () => {
  const basket = { environment: 'production', name: 'basket' }

  it.each<[string, string, Record<string, unknown>, RegExp]>([
    ['a service of a later schema', 's!basket', { schema: 2 }, /^production\/s!basket: schema 2, known is 1$/],
    ['a service with broken JSON', 's!basket', { json0: '{"schema":1,' }, /s!basket: the JSON is broken/],
    ['a service whose JSON is no object', 's!basket', { json0: 'null' }, /s!basket: the JSON is not an object/],
    ['a service with a part missing', 's!basket', { parts: 2 }, /s!basket: part json1 of 2 is missing/],
    [
      'a service that holds another one’s state',
      's!basket',
      { json0: JSON.stringify(aService(KEY)) },
      /not this service/,
    ],
    ['a rollout of a later schema', 'r!basket!999998', { schema: 2 }, /r!basket!999998: schema 2/],
    [
      'a rollout that holds another one',
      'r!basket!999998',
      { json0: JSON.stringify(aRollout(basket, { number: 7 })) },
      /another one/,
    ],
    [
      'a rollout that is marked as followed by none',
      'r!basket!999998',
      { current: false },
      /closed, yet its service calls it the newest/,
    ],
  ])('is left out of a load and reported: %s', async (_, rowKey, damage, why) => {
    const { store, state, quarantined } = await open()
    await begin(store, basket)
    await begin(store)
    await state.updateEntity({ partitionKey: 'production', rowKey, ...damage }, 'Merge')
    const found = await store.load('production', ['basket', 'pricing'])
    expect(found.map(({ service }) => service.key.name)).toEqual(['pricing'])
    expect(quarantined).toEqual([expect.stringMatching(why)])
    expect(await store.due('production', T0 + 100_000, 10)).toContain('pricing')
  })

  it('is left out of a load and reported: a rollout that is missing', async () => {
    const { store, state, quarantined } = await open()
    await begin(store, basket)
    await state.deleteEntity('production', 'r!basket!999998')
    expect(await store.load('production', ['basket'])).toEqual([])
    expect(quarantined).toEqual(['production/r!basket!999998: the rollout that its service names is missing'])
  })

  it('is left out of every listing, and its neighbours are not', async () => {
    const { store, state, index, events, quarantined } = await open()
    await store.due('production', 0, 1)
    await begin(store, basket)
    const start = await begin(store)
    await store.commit({
      ...decision(start),
      service: { ...start.service, chain: { seq: 2, hash: '' } },
      audit: auditRows(KEY, 1, 2),
    })
    await store.record([anEvent(1), anEvent(2)])
    await store.index(basket, 'r', 'x')
    await store.index(KEY, 'r', 'x')
    for (const [table, filter] of [
      [state, `RowKey eq 's!basket'`],
      [state, `RowKey ge 'd!' and RowKey lt 'd!~' and service eq 'basket'`],
      [state, `RowKey ge 'a!' and RowKey lt 'a!~' and id eq 'production/pricing#2'`],
      [index, `service eq 'basket'`],
      [events, `receivedAt eq datetime'${new Date(T0 + 1000).toISOString()}'`],
    ] as const) {
      for await (const { partitionKey, rowKey } of table.listEntities({ queryOptions: { filter } })) {
        if (partitionKey === undefined || rowKey === undefined) throw new Error('keys were expected')
        await table.updateEntity({ partitionKey, rowKey, schema: 9 }, 'Merge')
      }
    }
    expect((await store.list('production', 10, null)).items.map(({ key }) => key.name)).toEqual(['pricing'])
    expect(await store.due('production', T0 + 100_000, 10)).toEqual(['pricing'])
    expect(
      (await store.page({ environment: 'production', limit: 10, from: null })).items.map(({ seq }) => seq),
    ).toEqual([1])
    expect((await store.page(10, null)).items.map(({ id }) => id)).toEqual(['event-2'])
    expect(await store.servicesFor('r', 'x')).toEqual([KEY])
    expect(quarantined).toHaveLength(5)
    expect(quarantined.every((line) => line.endsWith(': schema 9, known is 1'))).toBe(true)
  })
})

describe('a due row', () => {
  const later = T0 + 3_600_000 * 24

  it('that is missing does not stop the next commit, nor the looks after it', async () => {
    const { store, state } = await open({ mendEveryMs: Number.POSITIVE_INFINITY })
    const start = await begin(store)
    await store.due('production', T0, 10)
    await state.deleteEntity('production', `d!${T0 + 60_000}!pricing`)
    expect(await store.due('production', later, 10)).toEqual([])
    expect(await store.commit(decision(start, { wakeAt: T0 + 90_000 }))).toBe('saved')
    expect(await store.due('production', later, 10)).toEqual(['pricing'])
  })

  it('that is missing is no excuse for a commit that lost its race', async () => {
    const { store, state } = await open()
    const start = await begin(store)
    await state.deleteEntity('production', `d!${T0 + 60_000}!pricing`)
    expect(await store.commit(idleTick(start, T0 + 1))).toBe('saved')
    expect(await store.commit(idleTick(start, T0 + 2))).toBe('conflict')
    await state.deleteEntity('production', `d!${T0 + 1}!pricing`)
    expect(await store.commit(idleTick(start, T0 + 3))).toBe('conflict')
    expect((await loaded(store)).rollout?.wakeAt).toBe(T0 + 1)
  })

  it('that is missing is put back by the sweep within an hour, so that its service wakes again', async () => {
    const { store, state } = await open()
    await begin(store)
    expect(await store.due('production', T0, 10)).toEqual([])
    await state.deleteEntity('production', `d!${T0 + 60_000}!pricing`)
    expect(await store.due('production', T0 + 3_599_999, 10)).toEqual([])
    expect(await store.due('production', T0 + 3_600_000, 10)).toEqual(['pricing'])
  })

  it('too many is thrown away by mending, and the right ones stay', async () => {
    const { store, state } = await open()
    await begin(store)
    const finished = { environment: 'production', name: 'basket' }
    await begin(store, finished, aRollout(finished, { wakeAt: null }))
    await begin(store, { environment: 'production', name: 'new' }, null)
    for (const rowKey of [`d!${T0}!pricing`, `d!${T0}!basket`, `d!${T0}!new`, `d!${T0}!ghost`]) {
      await state.createEntity({ partitionKey: 'production', rowKey, schema: 1 })
    }
    expect(await store.mend('production')).toEqual({
      restored: [],
      removed: [`d!${T0}!basket`, `d!${T0}!ghost`, `d!${T0}!new`, `d!${T0}!pricing`],
    })
    expect(await store.due('production', later, 10)).toEqual(['pricing'])
    expect(await store.mend('production')).toEqual({ restored: [], removed: [] })
  })

  it('of a service that cannot be read is left alone by mending', async () => {
    const { store, state } = await open()
    await begin(store)
    await state.updateEntity({ partitionKey: 'production', rowKey: 'r!pricing!999998', schema: 2 }, 'Merge')
    expect(await store.mend('production')).toEqual({ restored: [], removed: [] })
    await state.updateEntity({ partitionKey: 'production', rowKey: 's!pricing', schema: 2 }, 'Merge')
    expect(await store.mend('production')).toEqual({ restored: [], removed: [] })
    expect(await store.due('production', later, 10)).toEqual(['pricing'])
  })
})

describe('evidence', () => {
  it('of many KPIs in one audit row comes back whole', async () => {
    const { store } = await open()
    const start = await begin(store)
    const evidence = Array.from({ length: 200 }, someEvidence)
    await store.commit({ ...decision(start), audit: auditRows(KEY, 1, 1, { evidence }) })
    expect((await store.page({ environment: 'production', limit: 1, from: null })).items[0]?.evidence).toEqual(evidence)
  })
})
