import { ManagedIdentityCredential } from '@azure/identity'
import { LogsQueryClient } from '@azure/monitor-query-logs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAzureLogs } from '../../lib/adapters/metrics/azure-logs.ts'
import { HTTP_LOGS_BODY } from '../../lib/adapters/metrics/azure-logs-query.ts'
import type { Query, Reading } from '../../lib/core/judge/verdict.ts'
import { createAccessLog } from '../../sim/azure/access-log.ts'
import { createLogs, type LogsFault, type LogsServer } from '../../sim/azure/logs.ts'
import { handClock } from '../../sim/clock.ts'
import { errorRate, latency, query, START } from '../adapters/metrics/queries.ts'
import { requestAt } from '../sim/azure/requests.ts'
import { type Trust, trust } from '../sim/azure/trust.ts'

const WORKSPACE = '11111111-2222-3333-4444-555555555555'
const UNKNOWN = '99999999-2222-3333-4444-555555555555'
const HOSTILE = 'evil"); ContainerAppHTTPLogs // \\" \n \u2028'

describe('metrics from the log service, through the real client over https', { timeout: 60_000 }, () => {
  const log = createAccessLog()
  const clock = handClock(START + 600_000)
  let local: Trust
  let server: LogsServer

  beforeAll(async () => {
    local = await trust()
    const workspaces = new Map([[WORKSPACE, log]])
    server = await createLogs({
      clock,
      tls: local.tls,
      accept: local.identity.accept,
      workspaces,
      body: HTTP_LOGS_BODY,
    })
    for (let index = 1; index <= 100; index++) {
      const StatusCode = index <= 3 ? 503 : index === 4 ? 0 : 200
      log.append(requestAt(START + index, { RevisionName: 'shop--a', RequestDuration: index * 10, StatusCode }))
    }
    log.append(requestAt(START + 200, { RevisionName: HOSTILE, RequestDuration: 7, StatusCode: 200 }))
    for (const EnvironmentName of ['east', 'west'])
      log.append(requestAt(START + 300, { RevisionName: 'twin--a', EnvironmentName }))
    log.append(requestAt(START + 300_000, { RevisionName: 'late--a' }))
  }, 60_000)
  beforeEach(() => server.faults.clear())
  afterAll(async () => {
    await server?.close()
    await local?.identity.close()
  })

  function read(queries: readonly Query[], workspace: string | null = WORKSPACE): Promise<readonly Reading[]> {
    const client = new LogsQueryClient(local.credential, {
      endpoint: `${server.url}/v1`,
      ...local.client,
    })
    return createAzureLogs({ client, workspaceOf: () => workspace }).read(queries)
  }

  test('one call answers errors and latency of all revisions', async () => {
    const before = server.queries()
    const readings = await read([
      query({ kpi: errorRate() }),
      query({ kpi: latency() }),
      query({ kpi: latency({ percentile: 50, limitMs: 300 }) }),
      query({ revision: HOSTILE }),
      query({ revision: 'nobody--a' }),
    ])
    expect(readings).toMatchObject([
      { kind: 'measured', bad: 4, total: 100, value: 0.04, approximate: false },
      { kind: 'measured', bad: 80, total: 100, value: 950 },
      { kind: 'measured', bad: 70, total: 100, value: 500 },
      { kind: 'measured', bad: 0, total: 1, value: 7 },
      { kind: 'measured', bad: 0, total: 0, value: Number.NaN },
    ])
    expect(server.queries() - before).toBe(1)
  })

  test('a window ends before its end', async () => {
    const readings = await read([query({ revision: 'late--a' }), query({ revision: 'late--a', to: START + 300_001 })])
    expect(readings).toMatchObject([{ total: 0 }, { total: 1 }])
  })

  test('the query of a reading gives the same figures when it is run again', async () => {
    const [reading] = await read([query({ revision: 'nobody--a' }), query({ kpi: latency() })].reverse())
    const client = new LogsQueryClient(local.credential, { endpoint: `${server.url}/v1`, ...local.client })
    const again = await client.queryWorkspace(WORKSPACE, reading?.query ?? '', { duration: 'P1D' })
    expect(again).toMatchObject({ tables: [{ rows: [['0', 100, 4, 80, 950, new Date(START + 100)]] }] })
  })

  test('two environments with one revision name are not added up', async () => {
    const readings = await read([query({ revision: 'twin--a' }), query()])
    expect(whyOf(readings[0])).toMatch(/more than one Container Apps environment/)
    expect(readings[1]).toMatchObject({ kind: 'measured', total: 100 })
  })

  test.each<[LogsFault, RegExp]>([
    ['down', /unavailable.*HTTP 503, ServiceUnavailable/],
    ['denied', /HTTP 403, InsufficientAccessError.*Log Analytics Data Reader/],
    ['throttled', /throttling.*HTTP 429, ThrottledError/],
    ['partial', /only a part \(PartialError: .*not counted/],
    ['malformed', /could not be read/],
  ])('a service that is %s leaves missing readings with the reason', async (fault, why) => {
    server.faults.inject(fault)
    const readings = await read([query(), query({ revision: 'nobody--a' })])
    for (const reading of readings) expect(whyOf(reading)).toMatch(why)
  })

  test('an unknown workspace is missing and names the setting', async () => {
    const [reading] = await read([query()], UNKNOWN)
    expect(whyOf(reading)).toMatch(
      new RegExp(`no workspace ${UNKNOWN} .*404, WorkspaceNotFoundError.*SLIPWAY_ENVIRONMENTS`),
    )
  })

  test.each(['down', 'denied', 'malformed'] as const)('an identity endpoint that is %s is missing', async (fault) => {
    local.identity.faults.inject(fault)
    // Tokens are cached per identity, so each case asks for another one.
    const credential = new ManagedIdentityCredential({ clientId: fault, retryOptions: { maxRetries: 0 } })
    const client = new LogsQueryClient(credential, { endpoint: `${server.url}/v1`, ...local.client })
    const [reading] = await createAzureLogs({ client, workspaceOf: () => WORKSPACE }).read([query()])
    local.identity.faults.clear()
    expect(whyOf(reading)).toMatch(/no token for Log Analytics/)
  })

  test('a service that is gone is missing', async () => {
    const client = new LogsQueryClient(local.credential, {
      endpoint: 'https://127.0.0.1:1/v1',
      ...local.client,
    })
    const [reading] = await createAzureLogs({ client, workspaceOf: () => WORKSPACE }).read([query()])
    expect(whyOf(reading)).toMatch(/could not be reached/)
  })
})

function whyOf(reading: Reading | undefined): string {
  return reading?.kind === 'missing' ? reading.why : `measured: ${JSON.stringify(reading)}`
}
