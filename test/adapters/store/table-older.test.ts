import { describe, expect, it } from 'vitest'
import { GENESIS } from '../../../lib/core/chain.ts'
import { begin, KEY, loaded } from '../../contract/store.contract.ts'
import { aPush, aRollout, aService } from '../../support/state.ts'
import { azuriteForTests } from './opened.ts'

const open = azuriteForTests()

/** The JSON of a state without what an earlier Slipway did not know. */
function older(state: object, ...keys: readonly string[]): string {
  return JSON.stringify(state, (key, value: unknown) => (keys.includes(key) ? undefined : value))
}

describe('a row that an earlier Slipway wrote', () => {
  it('is read with what has been added since', async () => {
    const { store, state, quarantined } = await open()
    await begin(store)
    const service = aService(KEY, { rolloutNumber: 1, pending: [aPush({ tag: 'v3' })] })
    const added = ['undo', 'approvals', 'author', 'cause', 'frozen', 'unfrozen', 'frozenAt']
    const rows = [
      { rowKey: 's!pricing', json0: older(service, ...added) },
      { rowKey: 'r!pricing!999998', json0: older(aRollout(KEY), ...added) },
    ]
    for (const row of rows) await state.updateEntity({ partitionKey: 'production', ...row }, 'Merge')
    const { service: read, rollout } = await loaded(store)
    expect(read).toEqual(service)
    expect(rollout).toEqual(aRollout(KEY))
    expect((await store.rollouts(KEY, 10, null)).items).toEqual([aRollout(KEY)])
    expect(quarantined).toEqual([])
  })
})

describe('the row of an environment’s freezes', () => {
  const change = { environment: 'production', token: null, freezes: [], chain: { seq: 0, hash: GENESIS }, audit: [] }

  it('is one request to read and one to write', async () => {
    const { store, requests } = await open()
    const { token } = await store.freezesOf('production')
    await store.commitFreezes({ ...change, token })
    await store.freezesOf('production')
    expect(requests.map((request) => request.split(' ')[0])).toEqual(['GET', 'POST', 'GET'])
  })

  it.each([
    ['of a later schema', { schema: 2 }, 'schema 2, known is 1'],
    ['with broken JSON', { json0: '{' }, 'the JSON is broken'],
    [
      'with a freeze of a later schema',
      { json0: '{"freezes":[{"schema":2}],"chain":{"seq":0}}' },
      'a freeze is unknown',
    ],
    ['without a chain', { json0: '{"freezes":[]}' }, 'it has no chain'],
  ])('%s is a fault, never taken for none', async (_, columns, why) => {
    const { store, state, quarantined } = await open()
    await store.commitFreezes(change)
    await state.updateEntity({ partitionKey: 'production', rowKey: 'e!freezes', ...columns }, 'Merge')
    await expect(store.freezesOf('production')).rejects.toMatchObject({ kind: 'malformed' })
    await expect(store.freezesOf('production')).rejects.toThrow(why)
    expect(quarantined[0]).toContain('production/e!freezes')
  })

  it('is refused for an environment whose name cannot stand in a key', async () => {
    const { store } = await open()
    await expect(store.freezesOf("x' or")).rejects.toMatchObject({ kind: 'malformed' })
    await expect(store.commitFreezes({ ...change, environment: 'A' })).rejects.toMatchObject({ kind: 'malformed' })
  })

  it('that is gone meanwhile is a lost race, and tables that are not there a fault', async () => {
    const { store, state } = await open()
    await store.commitFreezes(change)
    const { token } = await store.freezesOf('production')
    await state.deleteEntity('production', 'e!freezes')
    expect(await store.commitFreezes({ ...change, token })).toBe('conflict')
    await state.deleteTable()
    await expect(store.commitFreezes(change)).rejects.toMatchObject({ kind: 'not-found' })
  })
})
