import { LogsQueryClient, type LogsQueryResult } from '@azure/monitor-query-logs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { APP_REQUESTS } from '../../../lib/adapters/metrics/app-insights-query.ts'
import { ACCESS_LOG, LOG_COLUMNS, type LogAsk, queryText } from '../../../lib/adapters/metrics/azure-logs-query.ts'
import { type AccessLog, createAccessLog } from '../../../sim/azure/access-log.ts'
import { createLogs, type LogsServer } from '../../../sim/azure/logs.ts'
import { handClock } from '../../../sim/clock.ts'
import { environmentId, requestAt } from './requests.ts'
import { failureOf, type Trust, trust } from './trust.ts'

const HERE = environmentId('rg')

const NOON = Date.UTC(2026, 0, 15, 12)
const WORKSPACE = '11111111-2222-3333-4444-555555555555'
const clock = handClock(NOON + 1000)
const log: AccessLog = createAccessLog()
let local: Trust
let server: LogsServer
let client: LogsQueryClient

beforeAll(async () => {
  local = await trust()
  const workspaces = new Map([[WORKSPACE, log]])
  const bodies = { ContainerAppHTTPLogs: ACCESS_LOG.body, AppRequests: APP_REQUESTS.body }
  server = await createLogs({ clock, tls: local.tls, accept: local.identity.accept, workspaces, bodies })
  client = new LogsQueryClient(local.credential, { endpoint: `${server.url}/v1`, ...local.client })
  for (let index = 1; index <= 100; index++) {
    const StatusCode = index <= 3 ? 503 : index === 4 ? 0 : index === 5 ? 404 : 200
    log.append(requestAt(NOON - 60_000 + index, { RequestDuration: index * 10, StatusCode }))
  }
  log.append(requestAt(NOON, { RevisionName: 'shop--second', RequestDuration: 7 }))
})
beforeEach(() => server.faults.clear())
afterAll(async () => {
  await server.close()
  await local.identity.close()
})

function ask(other: Partial<LogAsk> = {}): LogAsk {
  const [from, to] = [new Date(NOON - 120_000).toISOString(), new Date(NOON + 60_000).toISOString()]
  return { id: 'a', revision: 'shop--first', from, to, bucketMs: 60_000, slowMs: 200, alsoBad: '', ...other }
}

const query = (asks: readonly LogAsk[], table = ACCESS_LOG) =>
  client.queryWorkspace(WORKSPACE, queryText(table, asks), { duration: 'P1D' })

function rowsOf(result: LogsQueryResult): readonly unknown[] {
  if (result.status !== 'Success') throw new Error(`the query ended as ${result.status}`)
  return result.tables[0]?.rows ?? []
}

function byIdAndBucket(one: readonly unknown[], other: readonly unknown[]): number {
  return String(one[0]).localeCompare(String(other[0])) || Number(one[1]) - Number(other[1])
}

test('the real client gets a row per ask and bucket that saw requests, under the columns of the query', async () => {
  const result = await query([ask(), ask({ id: 'b', revision: 'shop--second' }), ask({ id: 'c', revision: 'nobody' })])
  expect(rowsOf(result)).toEqual([
    ['a', new Date(NOON - 60_000), HERE, 100, 4, 100, 80],
    ['b', new Date(NOON), HERE, 1, 0, 1, 0],
  ])
  expect(result).toMatchObject({ tables: [{ columnDescriptors: LOG_COLUMNS }] })
})

test('windows, buckets, limits and lists of statuses belong to each ask', async () => {
  const first = { from: new Date(NOON - 60_000 + 1).toISOString(), to: new Date(NOON - 60_000 + 11).toISOString() }
  const asks = [
    ask({ id: 'a', ...first, bucketMs: 5, slowMs: 40 }),
    ask({ id: 'b', ...first, bucketMs: 10, slowMs: 10, alsoBad: ',404,' }),
  ]
  const at = (ms: number) => new Date(NOON - 60_000 + ms)
  const rows = rowsOf(await query(asks)) as unknown[][]
  expect(rows.toSorted(byIdAndBucket)).toEqual([
    ['a', at(1), HERE, 5, 4, 5, 1],
    ['a', at(6), HERE, 5, 0, 5, 5],
    ['b', at(1), HERE, 10, 5, 10, 9],
  ])
})

test('requests as apps report them are answered by their beginning, their replica and their dimension', async () => {
  const late = { RevisionName: 'app--v2', ReplicaName: 'app--v2-abc-de', StatusCode: 503, RequestDuration: 90 }
  log.append(requestAt(NOON + 30, { ...late, StartTime: NOON - 60 }))
  log.append(requestAt(NOON + 40, { ...late, StartTime: NOON + 10, StatusCode: 404, RequestId: 'other' }))
  const asks = [
    ask({ id: 'a', revision: 'app--v2', slowMs: 80 }),
    ask({ id: 'b', revision: 'app--v2', dimension: 'revision', alsoBad: ',404,' }),
    ask({ id: 'c', revision: 'app' }),
    ask({ id: 'd', revision: 'app--v2', dimension: 'version' }),
  ]
  const result = await query(asks, APP_REQUESTS)
  const origin = '/subscriptions/sim/resourcegroups/sim/providers/microsoft.insights/components/local'
  expect((rowsOf(result) as unknown[][]).toSorted(byIdAndBucket)).toEqual([
    ['a', new Date(NOON - 60_000), origin, 1, 1, 1, 1, 1, 1, 1, 1],
    ['a', new Date(NOON), origin, 1, 0, 1, 1, 1, 0, 1, 1],
    ['b', new Date(NOON - 60_000), origin, 1, 1, 1, 0, 1, 1, 1, 0],
    ['b', new Date(NOON), origin, 1, 1, 1, 0, 1, 1, 1, 0],
  ])
  expect(result).toMatchObject({ tables: [{ columnDescriptors: APP_REQUESTS.columns }] })
})

test('sampling keeps some of the requests, each standing for as many, and always the same ones', async () => {
  for (let index = 0; index < 400; index++) {
    log.append(requestAt(NOON + 50, { RevisionName: 'many--1', ReplicaName: 'many--1-a-b', RequestId: `m${index}` }))
  }
  const counts = async (oneIn: number) => {
    server.setSampling(oneIn)
    const [row] = rowsOf(await query([ask({ revision: 'many--1' })], APP_REQUESTS)) as number[][]
    server.setSampling(1)
    return [row?.[3], row?.[7]]
  }
  expect(await counts(1)).toEqual([400, 400])
  const [rows = 0, weight] = await counts(10)
  expect(rows).toBeGreaterThan(10)
  expect(rows).toBeLessThan(100)
  expect(weight).toBe(rows * 10)
  expect(await counts(10)).toEqual([rows, weight])
  expect(() => server.setSampling(0)).toThrow(/no sampling/)
})

test('the timespan of the request limits what every ask sees', async () => {
  const timespan = { startTime: new Date(NOON - 60_000 + 91), endTime: new Date(NOON) }
  const result = await client.queryWorkspace(WORKSPACE, queryText(ACCESS_LOG, [ask()]), timespan)
  expect(rowsOf(result)).toEqual([['a', new Date(NOON - 60_000), HERE, 10, 0, 10, 10]])
})

test('a revision name of two environments of one name is two rows', async () => {
  log.append(requestAt(NOON, { RevisionName: 'twin--1', _ResourceId: environmentId('east') }))
  log.append(requestAt(NOON, { RevisionName: 'twin--1', _ResourceId: environmentId('west') }))
  expect(rowsOf(await query([ask({ revision: 'twin--1' })]))).toHaveLength(2)
})

test('rows that are younger than the lag are not there yet', async () => {
  const total = async () => (rowsOf(await query([ask()]))[0] as unknown[])[3]
  server.setLag(61_000 - 50)
  expect(await total()).toBe(50)
  server.setLag(0)
  expect(await total()).toBe(100)
})

test('any other query is refused as Azure refuses a bad one', async () => {
  const semantic = queryText(ACCESS_LOG, [ask()]).replace('status >= 500', 'status >= 400')
  const refused = await failureOf(client.queryWorkspace(WORKSPACE, semantic, { duration: 'P1D' }))
  expect(refused).toMatchObject({ statusCode: 400, code: 'BadArgumentError' })
  expect(JSON.stringify(refused)).toContain('SemanticError')
  const noQuery = await failureOf(client.queryWorkspace(WORKSPACE, 'ContainerAppHTTPLogs', { duration: 'P1D' }))
  expect(JSON.stringify(noQuery)).toContain('SyntaxError')
})

test('asks that lack something are refused with the place', async () => {
  const broken = await failureOf(query([ask(), ask({ id: 'late', from: 'yesterday' })]))
  expect(broken).toMatchObject({ statusCode: 400 })
  expect(broken.message).toContain('ask 1 (late) has no ISO time')
  expect((await failureOf(query([ask({ bucketMs: 0 })]))).message).toContain('ask 0 (a) needs bucketMs')
  expect((await failureOf(query([ask({ revision: null as never })]))).message).toContain('ask 0 lacks id or revision')
  expect((await failureOf(query([ask({ alsoBad: 7 as never })]))).message).toContain('ask 0 (a) needs alsoBad')
})

test('white space outside the literal makes no difference', async () => {
  const spaced = queryText(ACCESS_LOG, [ask()]).replaceAll('\n', '\n\n   ')
  expect(rowsOf(await client.queryWorkspace(WORKSPACE, spaced, { duration: 'P1D' }))).toHaveLength(1)
})

test('each fault reaches the client as what it is', async () => {
  const statuses = { down: 503, denied: 403, throttled: 429 } as const
  for (const kind of ['down', 'denied', 'throttled'] as const) {
    server.faults.inject(kind, 1)
    expect(await failureOf(query([ask()]))).toMatchObject({ statusCode: statuses[kind] })
  }
  server.faults.inject('malformed', 1)
  expect((await failureOf(query([ask()]))).message).toMatch(/JSON/)
  server.faults.inject('late', 1)
  const impatient = client.queryWorkspace(
    WORKSPACE,
    queryText(ACCESS_LOG, [ask()]),
    { duration: 'P1D' },
    { requestOptions: { timeout: 50 } },
  )
  expect((await failureOf(impatient)).message).toMatch(/abort|timed? ?out/i)
  server.faults.inject('partial', 1)
  expect(await query([ask()])).toMatchObject({ status: 'PartialFailure', partialError: { code: 'PartialError' } })
})

test('a token for another service and a workspace that is not there are refused', async () => {
  const token = local.identity.issue('https://storage.azure.com')
  const stranger = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }
  const options = { endpoint: `${server.url}/v1`, ...local.client }
  const asStranger = new LogsQueryClient(stranger, options)
  const text = queryText(ACCESS_LOG, [ask()])
  expect(await failureOf(asStranger.queryWorkspace(WORKSPACE, text, { duration: 'P1D' }))).toMatchObject({
    statusCode: 401,
  })
  const elsewhere = client.queryWorkspace('99999999-2222-3333-4444-555555555555', text, { duration: 'P1D' })
  expect(await failureOf(elsewhere)).toMatchObject({ statusCode: 404 })
})
