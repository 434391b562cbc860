import { describe, expect, it } from 'vitest'
import { begin, decision, idleTick, KEY, loaded } from '../../contract/store.contract.ts'
import { aBucketLine, aJudge, aRollout, aService, auditRows, someEvidence, T0 } from '../../support/state.ts'
import { azuriteForTests } from './opened.ts'

const open = azuriteForTests()

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
  it('is two requests per service, the judge’s state among them', async () => {
    const { store, requests } = await open()
    const start = await begin(store)
    await store.commit({ ...idleTick(start, T0 + 1), judge: aJudge('pricing-1'), buckets: aBucketLine('pricing-1') })
    requests.length = 0
    expect((await loaded(store)).judge).toEqual(aJudge('pricing-1'))
    expect(requests).toHaveLength(2)
  })

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

describe('evidence', () => {
  it('of many KPIs in one audit row comes back whole', async () => {
    const { store } = await open()
    const start = await begin(store)
    const evidence = Array.from({ length: 200 }, someEvidence)
    await store.commit({ ...decision(start), audit: auditRows(KEY, 1, 1, { evidence }) })
    expect((await store.page({ environment: 'production', limit: 1, from: null })).items[0]?.evidence).toEqual(evidence)
  })
})
