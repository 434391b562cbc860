import { describe, expect, it } from 'vitest'
import { begin, decision, idleTick, KEY, loaded } from '../../contract/store.contract.ts'
import { aJudge, anEvent, aRollout, aService, auditRows, T0 } from '../../support/state.ts'
import { azuriteForTests, judgeOnce } from './opened.ts'

const open = azuriteForTests()

const NONE: ReadonlySet<string> = new Set()

async function inTens<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += 10) await Promise.all(items.slice(from, from + 10).map(work))
}

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
    ['a judge’s state in a row of a later schema', 'r!basket!!000001', { schema: 2 }, /r!basket!!000001: schema 2/],
    [
      'a judge’s state of a later schema',
      'r!basket!!000001',
      { json0: JSON.stringify({ ...aJudge('basket-1'), schema: 2 }) },
      /r!basket!!000001: the judge’s state has schema 2, known is 1/,
    ],
    [
      'a judge’s state of another rollout',
      'r!basket!!000001',
      { json0: JSON.stringify(aJudge('basket-2')) },
      /of another rollout/,
    ],
    ['a judge’s state with broken JSON', 'r!basket!!000001', { json0: '{' }, /r!basket!!000001: the JSON is broken/],
    [
      'a judge’s state that was stored at another time than its rollout',
      'r!basket!!000001',
      { judged: 7 },
      /r!basket!!000001: stored 7 times, its rollout says 1/,
    ],
  ])('is left out of a load and reported: %s', async (_, rowKey, damage, why) => {
    const { store, state, quarantined } = await open()
    await begin(store, basket)
    await judgeOnce(store, basket)
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

  it('is left out of a load and reported: a judge’s state that is missing', async () => {
    const { store, state, quarantined } = await open()
    await begin(store, basket)
    await judgeOnce(store, basket)
    await state.deleteEntity('production', 'r!basket!!000001')
    expect(await store.load('production', ['basket'])).toEqual([])
    expect(quarantined).toEqual(['production/r!basket!!000001: stored 0 times, its rollout says 1'])
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

it('of a later build stays as it is: storing a manifest again writes over no row of its image source', async () => {
  const { store, index } = await open()
  const key = { environment: 'production', name: 'basket' }
  await store.index(key, 'r', 'x')
  for await (const { partitionKey = '', rowKey = '' } of index.listEntities())
    await index.updateEntity({ partitionKey, rowKey, schema: 2, later: 'a column' }, 'Replace')
  await store.index(key, 'r', 'x')
  const rows: unknown[] = []
  for await (const row of index.listEntities()) rows.push(row)
  expect(rows).toMatchObject([{ schema: 2, later: 'a column' }])
  expect(await store.servicesFor('r', 'x')).toEqual([])
})

describe('a due row', () => {
  const later = T0 + 3_600_000 * 24

  it('that is missing does not stop the next commit, nor the looks after it', async () => {
    const { store, state } = await open({ mendEveryMs: Number.POSITIVE_INFINITY })
    const start = await begin(store)
    await store.claim('production', T0, 10, NONE)
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
    expect((await store.claim('production', T0, 10, NONE)).names).toEqual([])
    await state.deleteEntity('production', `d!${T0 + 60_000}!pricing`)
    expect((await store.claim('production', T0 + 3_500_000, 10, NONE)).names).toEqual([])
    expect((await store.claim('production', T0 + 3_600_000, 10, NONE)).names).toEqual(['pricing'])
  })

  it('that is missing among many services is put back in goes of 250, by whichever worker goes on', async () => {
    const { store, state, again, requests } = await open()
    const names = Array.from({ length: 251 }, (_, n) => `s-${String(n).padStart(3, '0')}`)
    await inTens(names, (name) => begin(store, { environment: 'production', name }, null))
    const last = { environment: 'production', name: 'shop' }
    await begin(store, last)
    await state.deleteEntity('production', `d!${T0 + 60_000}!shop`)
    await state.createEntity({ partitionKey: 'production', rowKey: `d!${T0}!s-100`, schema: 1 })
    await state.createEntity({ partitionKey: 'production', rowKey: `d!${T0}!zoo`, schema: 1 })
    requests.splice(0)
    const claimed = async (worker: typeof store, at: number) => (await worker.claim('production', at, 10, NONE)).names
    expect(await claimed(store, T0 + 60_000)).toEqual(['zoo'])
    expect(requests.filter((request) => request.startsWith('GET')).length).toBeLessThan(8)
    expect(await claimed(store, T0 + 90_000)).toEqual(['zoo'])
    const other = again()
    expect(await claimed(other, T0 + 119_999)).toEqual(['zoo'])
    expect(await claimed(again(), T0 + 120_000)).toEqual(['shop'])
    await state.deleteEntity('production', `d!${T0 + 60_000}!shop`)
    expect(await claimed(other, T0 + 60_000 + 3_599_999)).toEqual([])
    expect(await claimed(again(), T0 + 60_000 + 3_600_000)).toEqual([])
    expect(await claimed(again(), T0 + 60_000 + 3_660_000)).toEqual(['shop'])
  }, 60_000)

  it('is mended from the beginning where the note of how far it came cannot be read, or is of a time to come', async () => {
    const { store, state, again } = await open()
    await begin(store)
    const note = { partitionKey: 'production', rowKey: 'm!mend' }
    const lost = async () => {
      await state.deleteEntity('production', `d!${T0 + 60_000}!pricing`)
      return (await again().claim('production', T0 + 60_000, 10, NONE)).names
    }
    for (const wrong of [
      { schema: 2 },
      { schema: 1, after: 7 },
      { schema: 1, after: 'z', beganAt: 'x' },
      { schema: 1, after: '', beganAt: new Date(T0 + 120_000), wentAt: new Date(T0 + 120_000) },
    ]) {
      await state.upsertEntity({ ...note, ...wrong }, 'Replace')
      expect(await lost(), JSON.stringify(wrong)).toEqual(['pricing'])
    }
    const fresh = { schema: 1, after: '', beganAt: new Date(T0), wentAt: new Date(T0) }
    await state.upsertEntity({ ...note, ...fresh }, 'Replace')
    expect(await lost()).toEqual([])
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
