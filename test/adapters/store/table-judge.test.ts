import { describe, expect, it } from 'vitest'
import { begin, decision, idleTick, KEY, loaded } from '../../contract/store.contract.ts'
import { aBucketLine, aJudge, T0 } from '../../support/state.ts'
import { azuriteForTests, judgeOnce } from './opened.ts'

const open = azuriteForTests()

describe('the judge’s rows', () => {
  it('have columns that people read', async () => {
    const { store, state } = await open()
    await begin(store)
    await judgeOnce(store, KEY)
    await judgeOnce(store, KEY)
    const rollout = 'pricing-1'
    expect(await state.getEntity('production', 'r!pricing!999998')).toMatchObject({ rollout, judged: 2 })
    expect(await state.getEntity('production', 'r!pricing!!000001')).toMatchObject({
      schema: 1,
      rollout,
      judged: 2,
      from: new Date(T0),
      kpis: 2,
    })
    for (const rowKey of ['b!pricing!999998!000000001', 'b!pricing!999998!000000002']) {
      const at = new Date(T0 + 60_000)
      expect(await state.getEntity('production', rowKey)).toMatchObject({ schema: 1, rollout, at, kpis: 2 })
    }
  })

  it('are written in the rollout’s transaction, and only where there is something to write', async () => {
    const { store, state, requests } = await open()
    await begin(store)
    requests.length = 0
    await judgeOnce(store, KEY)
    expect(requests.filter((request) => !request.startsWith('GET'))).toEqual(['POST $batch'])
    const before = await state.getEntity('production', 'r!pricing!!000001')
    await store.commit(decision(await loaded(store)))
    expect((await state.getEntity('production', 'r!pricing!!000001')).etag).toBe(before.etag)
  })

  it('are read again with their rollout where the two do not go together at first', async () => {
    const { store, state, quarantined } = await open()
    await begin(store)
    await judgeOnce(store, KEY)
    const row = { partitionKey: 'production', rowKey: 'r!pricing!!000001' }
    await state.updateEntity({ ...row, judged: 7 }, 'Merge')
    let reads = 0
    state.pipeline.addPolicy({
      name: 'make them go together after the first read',
      sendRequest: async (request, next) => {
        const response = await next(request)
        if (request.method !== 'GET' || !decodeURIComponent(request.url).includes('r!pricing!!')) return response
        reads += 1
        if (reads === 1) await state.updateEntity({ ...row, judged: 1 }, 'Merge')
        return response
      },
    })
    expect((await loaded(store)).judge).toEqual(aJudge('pricing-1'))
    expect([reads, quarantined]).toEqual([2, []])
  })

  it('follow a rollout that was put back by hand, and do not stop it', async () => {
    const { store, state } = await open()
    await begin(store)
    await judgeOnce(store, KEY)
    const [rollout, judge] = await Promise.all([
      state.getEntity<Record<string, unknown>>('production', 'r!pricing!999998'),
      state.getEntity<Record<string, unknown>>('production', 'r!pricing!!000001'),
    ])
    const second = { judge: aJudge('pricing-1', 2), buckets: aBucketLine('pricing-1', 2) }
    expect(await store.commit({ ...idleTick(await loaded(store), T0 + 60_000), ...second })).toBe('saved')
    for (const { etag: _, ...row } of [rollout, judge]) {
      await state.updateEntity({ ...row, partitionKey: 'production', rowKey: row.rowKey as string }, 'Replace')
    }
    const other = { judge: aJudge('pricing-1', 3), buckets: aBucketLine('pricing-1', 3) }
    expect(await store.commit({ ...idleTick(await loaded(store), T0 + 60_000), ...other })).toBe('saved')
    expect((await store.lines(KEY, 1, 10, null)).items).toEqual([1, 3].map((look) => aBucketLine('pricing-1', look)))
  })

  it('are refused where they are too large, and nothing is stored', async () => {
    const { store } = await open()
    const start = await begin(store)
    const change = { ...decision(start), judge: aJudge('pricing-1'), buckets: aBucketLine('pricing-1', 1, 20, 700) }
    await expect(store.commit(change)).rejects.toMatchObject({ kind: 'malformed', message: /b!pricing.* too large/ })
    expect(await loaded(store)).toMatchObject({ service: start.service, judge: null })
  })

  it('are not read by a listing of rollouts', async () => {
    const { store, state } = await open()
    await begin(store)
    await judgeOnce(store, KEY)
    const bodies: string[] = []
    state.pipeline.addPolicy({
      name: 'remember bodies',
      sendRequest: async (request, next) => {
        const response = await next(request)
        bodies.push(response.bodyAsText ?? '')
        return response
      },
    })
    expect((await store.rollouts(KEY, 10, null)).items).toHaveLength(1)
    expect(bodies).toHaveLength(1)
    expect(bodies[0]).toContain('999998')
    expect(bodies[0]).not.toContain('000001')
    expect(bodies[0]).not.toContain('kpi-0')
  })

  it('that cannot be read are left out of a reading and reported', async () => {
    const { store, state, quarantined } = await open()
    await begin(store)
    await judgeOnce(store, KEY)
    await judgeOnce(store, KEY)
    const later = { partitionKey: 'production', schema: 2 }
    await state.updateEntity({ ...later, rowKey: 'r!pricing!!000001' }, 'Merge')
    await state.updateEntity({ ...later, rowKey: 'b!pricing!999998!000000001' }, 'Merge')
    const foreign = { json0: JSON.stringify(aBucketLine('pricing-7')) }
    await state.updateEntity({ partitionKey: 'production', rowKey: 'b!pricing!999998!000000002', ...foreign }, 'Merge')
    expect(await store.judged(KEY, 1)).toBeNull()
    expect((await store.lines(KEY, 1, 10, null)).items).toEqual([])
    expect(quarantined).toEqual([
      'production/r!pricing!!000001: schema 2, known is 1',
      'production/b!pricing!999998!000000001: schema 2, known is 1',
      'production/b!pricing!999998!000000002: the buckets inside are of another rollout',
    ])
  })
})
