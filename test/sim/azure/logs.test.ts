import { LogsQueryClient, type LogsQueryResult } from '@azure/monitor-query-logs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  HTTP_LOGS_BODY,
  httpLogsQuery,
  LOG_COLUMNS,
  type LogAsk,
} from '../../../lib/adapters/metrics/azure-logs-query.ts'
import { type AccessLog, createAccessLog } from '../../../sim/azure/access-log.ts'
import { createLogs, type LogsServer } from '../../../sim/azure/logs.ts'
import { handClock } from '../../../sim/clock.ts'
import { requestAt } from './requests.ts'
import { failureOf, type Trust, trust } from './trust.ts'

const NOON = Date.UTC(2026, 0, 15, 12)
const WORKSPACE = '11111111-2222-3333-4444-555555555555'
const clock = handClock(NOON)
const log: AccessLog = createAccessLog()
let local: Trust
let server: LogsServer
let client: LogsQueryClient

beforeAll(async () => {
  local = await trust()
  const workspaces = new Map([[WORKSPACE, log]])
  server = await createLogs({ clock, tls: local.tls, accept: local.identity.accept, workspaces, body: HTTP_LOGS_BODY })
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
  const [from, to] = [new Date(NOON - 120_000).toISOString(), new Date(NOON + 1).toISOString()]
  return { id: 'a', revision: 'shop--first', from, to, slowMs: 200, percentile: 95, ...other }
}

const query = (asks: readonly LogAsk[]) => client.queryWorkspace(WORKSPACE, httpLogsQuery(asks), { duration: 'P1D' })

function rowsOf(result: LogsQueryResult): readonly unknown[] {
  if (result.status !== 'Success') throw new Error(`the query ended as ${result.status}`)
  return result.tables[0]?.rows ?? []
}

/** The first columns of every row. */
function startsOf(result: LogsQueryResult, columns: number): readonly unknown[] {
  return rowsOf(result).map((row) => (row as unknown[]).slice(0, columns))
}

test('the real client gets a row per ask that saw requests, under the columns of the query', async () => {
  const result = await query([ask(), ask({ id: 'b', revision: 'shop--second' }), ask({ id: 'c', revision: 'nobody' })])
  expect(rowsOf(result)).toEqual([
    ['a', 100, 4, 80, 950, new Date(NOON - 60_000 + 100)],
    ['b', 1, 0, 0, 7, new Date(NOON)],
  ])
  expect(result).toMatchObject({ tables: [{ columnDescriptors: LOG_COLUMNS }] })
})

test('windows and percentiles belong to each ask', async () => {
  const first = { from: new Date(NOON - 60_000 + 1).toISOString(), to: new Date(NOON - 60_000 + 11).toISOString() }
  const asks = [ask({ id: 'a', ...first, percentile: 50, slowMs: 100 }), ask({ id: 'b', ...first, slowMs: 10 })]
  expect(startsOf(await query(asks), 5)).toEqual([
    ['a', 10, 4, 0, 50],
    ['b', 10, 4, 9, 100],
  ])
})

test('the timespan of the request limits what every ask sees', async () => {
  const timespan = { startTime: new Date(NOON - 60_000 + 91), endTime: new Date(NOON) }
  const result = await client.queryWorkspace(WORKSPACE, httpLogsQuery([ask()]), timespan)
  expect(startsOf(result, 4)).toEqual([['a', 10, 0, 10]])
})

test('a revision name of two environments is two rows', async () => {
  log.append(requestAt(NOON, { RevisionName: 'twin--1', EnvironmentName: 'east' }))
  log.append(requestAt(NOON, { RevisionName: 'twin--1', EnvironmentName: 'west' }))
  expect(rowsOf(await query([ask({ revision: 'twin--1' })]))).toHaveLength(2)
})

test('rows that are younger than the lag are not there yet', async () => {
  server.setLag(60_000 - 50)
  expect(startsOf(await query([ask()]), 2)).toEqual([['a', 50]])
  server.setLag(0)
  expect(startsOf(await query([ask()]), 2)).toEqual([['a', 100]])
})

test('any other query is refused as Azure refuses a bad one', async () => {
  const semantic = httpLogsQuery([ask()]).replace('StatusCode >= 500', 'StatusCode >= 400')
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
})

test('white space outside the literal makes no difference', async () => {
  const spaced = httpLogsQuery([ask()]).replaceAll('\n', '\n\n   ')
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
  server.faults.inject('partial', 1)
  expect(await query([ask()])).toMatchObject({ status: 'PartialFailure', partialError: { code: 'PartialError' } })
})

test('a token for another service and a workspace that is not there are refused', async () => {
  const token = local.identity.issue('https://storage.azure.com')
  const stranger = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }
  const options = { endpoint: `${server.url}/v1`, ...local.client }
  const asStranger = new LogsQueryClient(stranger, options)
  const text = httpLogsQuery([ask()])
  expect(await failureOf(asStranger.queryWorkspace(WORKSPACE, text, { duration: 'P1D' }))).toMatchObject({
    statusCode: 401,
  })
  const elsewhere = client.queryWorkspace('99999999-2222-3333-4444-555555555555', text, { duration: 'P1D' })
  expect(await failureOf(elsewhere)).toMatchObject({ statusCode: 404 })
})
