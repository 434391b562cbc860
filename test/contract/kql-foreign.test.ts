import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAppInsights } from '../../lib/adapters/metrics/app-insights.ts'
import { APP_REQUESTS } from '../../lib/adapters/metrics/app-insights-query.ts'
import { createAzureLogs } from '../../lib/adapters/metrics/azure-logs.ts'
import { ACCESS_LOG, type LogAsk, type LogTable, queryText } from '../../lib/adapters/metrics/azure-logs-query.ts'
import type { LogSourceOptions, LogsClient } from '../../lib/adapters/metrics/azure-logs-source.ts'
import type { Metrics } from '../../lib/ports.ts'
import type { AccessLog } from '../../sim/azure/access-log.ts'
import { scanRequests } from '../../sim/azure/app-requests.ts'
import { errorRate, gauge, latency, MINUTE, ratio, SOURCES, START, uptime } from '../adapters/metrics/queries.ts'
import { environmentId, requestAt } from '../sim/azure/requests.ts'
import { type Trust, trust } from '../sim/azure/trust.ts'
import { type ForeignKql, type ForeignTable, startForeignKql } from '../support/foreign-kql.ts'
import { DUCKDB_KQL, missingParts } from '../support/parts.ts'
import { logOf, type OpenLogs, openLogs, WORKSPACE } from './log-service.ts'
import { metricsContract, type OpenMetrics } from './metrics.contract.ts'

const missing = missingParts(DUCKDB_KQL)
const skipped = missing === null ? '' : ` (skipped: ${missing})`

describe.skipIf(missing !== null)(
  `the query texts, run by an engine of other people${skipped}`,
  { timeout: 120_000 },
  () => {
    const shared = { bucketMs: MINUTE, from: START, counts: 'exact', idle: 'zero', stranger: 'zero' } as const
    const usual = { ...shared, callsPerRead: 1, troubles: {} }

    describe('over the access log', () => {
      metricsContract({
        ...usual,
        kpis: [latency(), errorRate(), uptime()],
        refuses: [ratio(), gauge()],
        open: async (happened) => openForeign(accessLogTable(logOf(happened)), ACCESS_LOG, createAzureLogs),
      })
    })

    describe('over requests in Application Insights', () => {
      const source = SOURCES.appInsights
      metricsContract({
        ...usual,
        kpis: [latency({ source }), errorRate({ source }), uptime({ source })],
        refuses: [ratio({ source }), gauge({ source })],
        open: async (happened) => openForeign(requestsTable(logOf(happened), 1), APP_REQUESTS, createAppInsights),
      })
    })
  },
)

describe.skipIf(missing !== null)(`the simulator beside that engine${skipped}`, { timeout: 120_000 }, () => {
  let local: Trust
  let stage: OpenLogs
  beforeAll(async () => {
    local = await trust()
    stage = await openLogs(local)
    disorder(stage.log)
    stage.server.setSampling(3)
  })
  afterAll(async () => {
    await stage?.close()
    await local?.identity.close()
  })

  async function simulated(text: string): Promise<readonly unknown[]> {
    const result = await stage.client().queryWorkspace(WORKSPACE, text, { duration: 'P1D' })
    if (result.status !== 'Success') throw new Error(result.status)
    return (result.tables[0]?.rows ?? []).map((row) => (row as unknown[]).map(plain)).sort(byText)
  }

  async function foreign(table: ForeignTable, { name }: LogTable, text: string): Promise<readonly unknown[]> {
    const engine = startForeignKql({ [name]: table })
    try {
      return (await engine.query(adapted(text))).rows.toSorted(byText)
    } finally {
      engine.stop()
    }
  }

  test('answers the same rows over a disorderly access log', async () => {
    const text = queryText(ACCESS_LOG, asksOf([undefined]))
    const expected = await foreign(accessLogTable(stage.log), ACCESS_LOG, text)
    expect(expected.length).toBeGreaterThan(100)
    expect(await simulated(text)).toEqual(expected)
  })

  test('answers the same rows over disorderly, sampled requests', async () => {
    const text = queryText(APP_REQUESTS, asksOf([undefined, 'revision']))
    const expected = await foreign(requestsTable(stage.log, 3), APP_REQUESTS, text)
    expect(expected.length).toBeGreaterThan(150)
    expect(await simulated(text)).toEqual(expected)
  })
})

describe.skipIf(missing !== null)(`rows with holes, counted by that engine${skipped}`, { timeout: 120_000 }, () => {
  const ask: LogAsk = { ...(asksOf([undefined])[0] as LogAsk), revision: 'shop--a', alsoBad: ',404,', slowMs: 200 }
  let engine: ForeignKql
  beforeAll(() => {
    const at = { TimeGenerated: new Date(START).toISOString() }
    const here = { ...at, RevisionName: 'shop--a', _ResourceId: 'e', StatusCode: 200, RequestDuration: 201 }
    const { columns } = ACCESS_TABLE
    const logged = [
      here,
      { ...here, StatusCode: null },
      { ...here, RequestDuration: null },
      { ...here, StatusCode: 404 },
    ]
    engine = startForeignKql({
      ContainerAppHTTPLogs: { columns, rows: logged },
      AppRequests: { columns: REQUESTS_TABLE.columns, rows: oddRequests(at) },
    })
  })
  afterAll(() => engine?.stop())

  test('a request without a status has failed, and one without a duration is neither quick nor slow', async () => {
    const { rows } = await engine.query(queryText(ACCESS_LOG, [ask]))
    expect(rows).toEqual([['0', new Date(START).toISOString(), 'e', 4, 2, 3, 3]])
  })

  test('a result that is no HTTP status has failed only where the app says so, and a row without a count stands for one', async () => {
    const { rows } = await engine.query(adapted(queryText(APP_REQUESTS, [ask])))
    expect(rows).toEqual([['0', new Date(START).toISOString(), 'ai', 8, 4, 7, 1, 17, 13, 16, 10]])
  })
})

/** Eight requests of `shop--a`, of which four have failed; then rows of others whose names are much like it. */
function oddRequests(at: { readonly TimeGenerated: string }): ForeignTable['rows'] {
  const usual = { ...at, AppRoleInstance: 'shop--a-hash-pod', _ResourceId: 'ai', DurationMs: 20.5, ItemCount: 1 }
  const failed = [
    { ResultCode: '503', Success: false, ItemCount: 10, DurationMs: 200.5 },
    { ResultCode: '0', Success: false },
    { ResultCode: '', Success: false },
    { ResultCode: '404', Success: true },
  ]
  const good = [
    { ResultCode: '0', Success: true },
    { ResultCode: 'OK', Success: null },
    { ResultCode: '304', Success: false, ItemCount: null },
    { ResultCode: '200', Success: true, DurationMs: null },
  ]
  const others = ['shop--a', 'shop--a-b-hash-pod', 'xshop--a-hash-pod', 'shop--a-pod', '', null]
  return [...failed, ...good]
    .map((one): Readonly<Record<string, unknown>> => ({ ...usual, ...one }))
    .concat(others.map((name) => ({ ...usual, AppRoleInstance: name, ResultCode: '503', Success: false })))
}

const ACCESS_TABLE = {
  columns: {
    TimeGenerated: 'TIMESTAMP',
    RevisionName: 'VARCHAR',
    _ResourceId: 'VARCHAR',
    StatusCode: 'INTEGER',
    RequestDuration: 'BIGINT',
  },
}
const REQUESTS_TABLE = {
  columns: {
    TimeGenerated: 'TIMESTAMP',
    AppRoleInstance: 'VARCHAR',
    DurationMs: 'DOUBLE',
    Success: 'BOOLEAN',
    ResultCode: 'VARCHAR',
    ItemCount: 'INTEGER',
    Properties: 'JSON',
    _ResourceId: 'VARCHAR',
  },
}

function accessLogTable(log: AccessLog): ForeignTable {
  const rows: Record<string, unknown>[] = []
  log.scan(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, (record) => rows.push(withTime(record)))
  return { ...ACCESS_TABLE, rows }
}

function requestsTable(log: AccessLog, oneIn: number): ForeignTable {
  const rows: Record<string, unknown>[] = []
  const all = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY, oneIn }
  scanRequests(log, all, (row) => rows.push(withTime(row)))
  return { ...REQUESTS_TABLE, rows }
}

function withTime(row: { readonly TimeGenerated: number }): Record<string, unknown> {
  return { ...row, TimeGenerated: new Date(row.TimeGenerated).toISOString() }
}

/** The source with the engine in the place of the query service. */
function openForeign(
  table: ForeignTable,
  { name }: LogTable,
  create: (options: LogSourceOptions) => Metrics,
): OpenMetrics {
  const engine = startForeignKql({ [name]: table })
  let calls = 0
  const client: LogsClient = {
    async queryWorkspace(_, text) {
      calls += 1
      const { columns, rows } = await engine.query(adapted(text))
      const columnDescriptors = columns.map(([column, type]) => ({ name: column, type }))
      const dated = rows.map((row) => row.map((value, place) => (place === 1 ? new Date(String(value)) : value)))
      return { status: 'Success', tables: [{ columnDescriptors, rows: dated }] }
    },
  }
  return {
    metrics: create({ client, workspaceOf: () => WORKSPACE, timeoutMs: 100_000 }),
    calls: () => calls,
    meet: () => {
      throw new Error('this engine has no troubles')
    },
    heal: () => {},
    close: engine.stop,
  }
}

/** The engine takes a constant as the key of a bag, but no column: the one thing in the texts that it cannot run. */
function adapted(text: string): string {
  return text.replace('Properties[dimension]', "Properties['revision']")
}

const REVISIONS = ['shop--v2', 'shop--v2-b', 'shop--v', 'o\'dd"\\--1', 'ünï--é', 'shop--v2 ']

/** An environment of another name for the one table, a resource of another id for the other. */
const OTHER = { EnvironmentName: 'other', _ResourceId: environmentId('other') }

/** Thousands of requests with every status and duration that matters, on the edges of buckets and between them. */
function disorder(log: AccessLog): void {
  let state = 42
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const one = <T>(of: readonly T[]) => of[below(of.length)] as T
  const times = Array.from(
    { length: 4000 },
    () => START + one([0, 1, 999, 1000, 59_999, below(60_000)]) + MINUTE * below(6),
  )
  for (const [index, time] of times.sort((a, b) => a - b).entries()) {
    const RevisionName = one(REVISIONS)
    const RequestDuration = one([0, 199, 200, 201, 500, below(1000)])
    log.append(
      requestAt(time, {
        RevisionName,
        ReplicaName: one([`${RevisionName}-5d4f8c7b9-abcde`, `${RevisionName}-66b-x1`]),
        ...one([{}, {}, OTHER]),
        StatusCode: one([0, 200, 200, 204, 304, 404, 429, 499, 500, 503]),
        RequestDuration,
        StartTime: time - RequestDuration,
        RequestId: `r${index}`,
      }),
    )
  }
}

function asksOf(dimensions: readonly (string | undefined)[]): readonly LogAsk[] {
  const windows = [
    { from: START - MINUTE, to: START + 10 * MINUTE, bucketMs: MINUTE },
    { from: START + MINUTE, to: START + 2 * MINUTE, bucketMs: 1000 },
    { from: START, to: START + 5 * MINUTE, bucketMs: 5 * MINUTE },
  ]
  const kinds = [
    { slowMs: 200, alsoBad: '' },
    { slowMs: 0.5, alsoBad: ',404,429,' },
  ]
  const all = [...REVISIONS, 'nobody--x'].flatMap((revision) =>
    windows.flatMap((window) =>
      kinds.flatMap((kind) => dimensions.map((dimension) => ({ revision, ...window, ...kind, dimension }))),
    ),
  )
  return all.map(({ dimension, from, to, ...rest }, place) => ({
    ...rest,
    id: String(place),
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    ...(dimension === undefined ? {} : { dimension }),
  }))
}

function plain(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1
}
