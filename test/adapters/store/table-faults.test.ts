import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables'
import { afterEach, describe, expect, it } from 'vitest'
import { createTableStore, type TableStore } from '../../../lib/adapters/store/table.ts'
import { Fault } from '../../../lib/errors.ts'
import { KEY } from '../../contract/store.contract.ts'
import { anEvent, aService } from '../../support/state.ts'
import { odataError, type StorageStub, type StubAnswer, startStorageStub } from '../../support/storage-stub.ts'

const running: StorageStub[] = []
afterEach(async () => {
  for (const stub of running.splice(0)) await stub.stop()
})

function storeAt(url: string, timeoutMs = 20_000): TableStore {
  const credential = new AzureNamedKeyCredential('account', Buffer.from('no secret').toString('base64'))
  const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } }
  const table = (name: string) => new TableClient(url, name, credential, options)
  const tables = { state: table('SlipwayState'), index: table('SlipwayIndex'), events: table('SlipwayEvents') }
  return createTableStore({ tables, timeoutMs })
}

async function storeThatHears(answer: StubAnswer, timeoutMs?: number): Promise<TableStore> {
  const stub = await startStorageStub(answer)
  running.push(stub)
  return storeAt(stub.url, timeoutMs)
}

const CALLS: readonly (readonly [string, (store: TableStore) => Promise<unknown>])[] = [
  ['due', (store) => store.due('production', 1, 1)],
  ['load', (store) => store.load('production', ['pricing'])],
  ['commit', (store) => store.commit({ key: KEY, token: null, service: aService(KEY), audit: [] })],
  ['answered', (store) => store.answered(KEY, 'cmd-1')],
  ['index', (store) => store.index(KEY, 'r', 'x')],
  ['servicesFor', (store) => store.servicesFor('r', 'x')],
  ['list', (store) => store.list('production', 1, null)],
  ['rollouts', (store) => store.rollouts(KEY, 1, null)],
  ['lines', (store) => store.lines(KEY, 1, 1, null)],
  ['judged', (store) => store.judged(KEY, 1)],
  ['page of the audit', (store) => store.page({ environment: 'production', limit: 1, from: null })],
  ['page of the events', (store) => store.page(1, null)],
  ['record', (store) => store.record([anEvent(1)])],
  ['record of many', (store) => store.record([anEvent(1), anEvent(2)])],
  ['ensureTables', (store) => store.ensureTables()],
  ['mend', (store) => store.mend('production')],
]

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof Fault) return error
  throw new Error(`a Fault was expected, not ${error}`)
}

describe.each(CALLS)('%s', (_, call) => {
  it.each<[string, StubAnswer, Partial<Fault>]>([
    [
      'throttled when the server is busy',
      { status: 503, headers: { 'retry-after': '7' }, body: odataError('ServerBusy') },
      { kind: 'throttled', retryAfterMs: 7000 },
    ],
    ['throttled at 429', { status: 429 }, { kind: 'throttled', retryAfterMs: null }],
    ['unavailable at 500', { status: 500, body: odataError('InternalError') }, { kind: 'unavailable' }],
    ['unavailable at a 502 that is not Table Storage’s own', { status: 502, body: '<html>' }, { kind: 'unavailable' }],
    ['denied at 403', { status: 403, body: odataError('AuthorizationPermissionMismatch') }, { kind: 'denied' }],
    ['malformed at 413', { status: 413, body: odataError('RequestBodyTooLarge') }, { kind: 'malformed' }],
  ])('is %s', async (_case, answer, expected) => {
    const store = await storeThatHears(answer)
    expect(await faultOf(call(store))).toMatchObject(expected)
  })

  it('is unavailable when no answer comes in time', async () => {
    const store = await storeThatHears('silent', 50)
    const fault = await faultOf(call(store))
    expect(fault.kind).toBe('unavailable')
    expect(fault.message).toMatch(/^Table Storage, .+: .+\. The write may or may not have been stored: load again\.$/)
  })

  it('is unavailable when nobody listens', async () => {
    const stub = await startStorageStub('silent')
    await stub.stop()
    expect((await faultOf(call(storeAt(stub.url)))).kind).toBe('unavailable')
  })
})

describe('a table that does not exist', () => {
  it.each(CALLS.filter(([name]) => name !== 'ensureTables'))('is named by %s, with the cure', async (_, call) => {
    const store = await storeThatHears({ status: 404, body: odataError('TableNotFound') })
    expect(await faultOf(call(store))).toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('ensureTables'),
    })
  })
})

describe('a refused identity', () => {
  it('is told which role it lacks', async () => {
    const store = await storeThatHears({ status: 403, body: odataError('AuthorizationPermissionMismatch') })
    const fault = await faultOf(store.load('production', ['pricing']))
    expect(fault.message).toContain('Storage Table Data Contributor')
  })
})

describe('a filter that matches next to nothing', () => {
  const headers = { 'x-ms-continuation-nextpartitionkey': 'cA--', 'x-ms-continuation-nextrowkey': 'cg--' }
  const query = { environment: 'production', service: 'pricing', limit: 10 }

  it('makes a short page that goes on, not a long wait', async () => {
    const stub = await startStorageStub({ status: 200, headers, body: '{"value":[]}' })
    running.push(stub)
    const store = storeAt(stub.url)
    const first = await store.page({ ...query, from: null })
    expect(first.items).toEqual([])
    expect(stub.requests).toHaveLength(20)
    await store.page({ ...query, from: first.next })
    expect(stub.requests).toHaveLength(40)
    expect(stub.requests[20]).toContain('NextRowKey=cg--')
  })
})

describe('a mistake of our own', () => {
  it('is not dressed up as a Fault', async () => {
    const store = await storeThatHears({ status: 204 })
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    const service = { ...aService(KEY), manifest: { ...aService(KEY).manifest, cyclic } }
    await expect(store.commit({ key: KEY, token: null, service, audit: [] })).rejects.toBeInstanceOf(TypeError)
  })
})
