import { ManagedIdentityCredential } from '@azure/identity'
import { LogsQueryClient } from '@azure/monitor-query-logs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAzureLogs } from '../../lib/adapters/metrics/azure-logs.ts'
import { HTTP_LOGS_BODY } from '../../lib/adapters/metrics/azure-logs-query.ts'
import type { Query, Reading } from '../../lib/core/judge/reading.ts'
import { errorRate, gauge, latency, MINUTE, query, ratio, START, uptime } from '../adapters/metrics/queries.ts'
import { environmentId, requestAt } from '../sim/azure/requests.ts'
import { type Trust, trust } from '../sim/azure/trust.ts'
import { LOG_TROUBLES, type OpenLogs, openLogSource, openLogs, WORKSPACE, whyOf } from './log-service.ts'
import { metricsContract } from './metrics.contract.ts'

let local: Trust

beforeAll(async () => {
  local = await trust()
})
afterAll(() => local.identity.close())

const ORIGIN = '/subscriptions/sim/resourcegroups/rg/providers/microsoft.app/managedenvironments/local'

describe('the access log as a source of metrics', { timeout: 60_000 }, () => {
  metricsContract({
    kpis: [latency(), errorRate(), uptime()],
    refuses: [ratio(), gauge()],
    bucketMs: MINUTE,
    from: START,
    counts: 'exact',
    idle: 'zero',
    stranger: 'zero',
    callsPerRead: 1,
    troubles: LOG_TROUBLES,
    open: (happened) => openLogSource(local, happened, createAzureLogs),
  })
})

describe('the access log, through the real client over https', { timeout: 60_000 }, () => {
  let stage: OpenLogs

  beforeAll(async () => {
    stage = await openLogs(local)
    const { log } = stage
    for (let index = 1; index <= 100; index++) {
      const StatusCode = index <= 3 ? 503 : index === 4 ? 0 : index <= 10 ? 404 : 200
      log.append(requestAt(START + index, { RevisionName: 'shop--a', RequestDuration: index * 10, StatusCode }))
    }
    for (const group of ['east', 'west'])
      log.append(requestAt(START + 300, { RevisionName: 'twin--a', _ResourceId: environmentId(group) }))
    log.append(requestAt(START + MINUTE - 1, { RevisionName: 'edge--a' }))
    log.append(requestAt(START + MINUTE, { RevisionName: 'edge--a' }))
    log.append(requestAt(START + 5 * MINUTE, { RevisionName: 'edge--a' }))
  }, 60_000)
  beforeEach(() => stage.server.faults.clear())
  afterAll(() => stage?.close())

  function read(queries: readonly Query[], workspace: string | null = WORKSPACE): Promise<readonly Reading[]> {
    return createAzureLogs({ client: stage.client(), workspaceOf: () => workspace }).read(queries)
  }

  test('KPIs with limits and lists of their own are told apart in one call', async () => {
    const before = stage.server.queries()
    const readings = await read([
      query({ kpi: latency({ limitMs: 200 }) }),
      query({ kpi: latency({ limitMs: 300, percentile: 99 }) }),
      query({ kpi: errorRate() }),
      query({ kpi: errorRate({ alsoBad: [404, 429] }) }),
      query({ kpi: uptime(), bucketMs: 5 * MINUTE }),
    ])
    expect(readings.map((reading) => bucketsOf(reading)[0])).toMatchObject([
      { bad: 80, total: 100 },
      { bad: 70, total: 100 },
      { bad: 4, total: 100 },
      { bad: 10, total: 100 },
      { bad: 4, total: 100 },
    ])
    expect(readings.map((reading) => bucketsOf(reading).length)).toEqual([5, 5, 5, 5, 1])
    expect(stage.server.queries() - before).toBe(1)
  })

  test('a bucket holds its first millisecond and not its end, and so does the window', async () => {
    const [reading] = await read([query({ revision: 'edge--a', kpi: errorRate() })])
    expect(bucketsOf(reading).map(({ total }) => total)).toEqual([1, 1, 0, 0, 0])
  })

  test('a day of the baseline in minutes comes in a call of its own', async () => {
    const before = stage.server.queries()
    const day = query({ arm: 'baseline', from: START - 1435 * MINUTE, kpi: errorRate() })
    const [baseline, canary] = await read([day, query({ kpi: errorRate() })])
    expect(bucketsOf(baseline)).toHaveLength(1440)
    expect(bucketsOf(baseline)[1435]).toEqual({ at: START, bad: 4, total: 100, value: null })
    expect(bucketsOf(canary)[0]).toEqual({ at: START, bad: 4, total: 100, value: null })
    expect(stage.server.queries() - before).toBe(2)
  })

  test('buckets of a second are as good as minutes', async () => {
    const [reading] = await read([query({ bucketMs: 1000, to: START + 2000, kpi: errorRate() })])
    expect(bucketsOf(reading).map(({ at, total }) => [at - START, total])).toEqual([
      [0, 100],
      [1000, 0],
    ])
  })

  test('rows that are not written yet are not counted, and appear later in the same bucket', async () => {
    stage.server.setLag(stage.clock.now() - START - 50)
    const [early] = await read([query({ kpi: errorRate() })])
    stage.server.setLag(0)
    const [late] = await read([query({ kpi: errorRate() })])
    expect([early, late].map((reading) => bucketsOf(reading)[0]?.total)).toEqual([50, 100])
  })

  test('the query of a reading gives the same figures when it is run again', async () => {
    const [, reading] = await read([query({ revision: 'nobody--a' }), query({ kpi: latency() })])
    const again = await stage.client().queryWorkspace(WORKSPACE, reading?.query ?? '', { duration: 'P1D' })
    expect(again).toMatchObject({ tables: [{ rows: [['0', new Date(START), ORIGIN, 100, 4, 100, 80]] }] })
  })

  test('two environments with one revision name are not added up', async () => {
    const readings = await read([query({ revision: 'twin--a' }), query()])
    expect(readings[0]).toMatchObject({ kind: 'missing', silence: 'refused' })
    expect(whyOf(readings[0])).toMatch(/more than one Container Apps environment.*workspace of its own/)
    expect(readings[1]?.kind).toBe('measured')
  })

  test('an unknown workspace is missing and names the setting', async () => {
    const unknown = '99999999-2222-3333-4444-555555555555'
    const [reading] = await read([query()], unknown)
    expect(reading).toMatchObject({ silence: 'unset' })
    expect(whyOf(reading)).toMatch(
      new RegExp(`no workspace ${unknown} .*404, WorkspaceNotFoundError.*SLIPWAY_ENVIRONMENTS`),
    )
  })

  test('a service that does not understand the text is missing with its words', async () => {
    const elsewhere = await openLogs(local, { ...stage.bodies, ContainerAppHTTPLogs: HTTP_LOGS_BODY.toLowerCase() })
    const [reading] = await createAzureLogs({ client: elsewhere.client(), workspaceOf: () => WORKSPACE }).read([
      query(),
    ])
    await elsewhere.close()
    expect(reading).toMatchObject({ silence: 'refused', why: expect.stringMatching(/refused the query.*SEM0100/) })
  })

  test.each(['down', 'denied', 'malformed'] as const)('an identity endpoint that is %s is missing', async (fault) => {
    local.identity.faults.inject(fault)
    // Tokens are cached per identity, so each case asks for another one.
    const credential = new ManagedIdentityCredential({ clientId: fault, retryOptions: { maxRetries: 0 } })
    const client = new LogsQueryClient(credential, { endpoint: `${stage.server.url}/v1`, ...local.client })
    const [reading] = await createAzureLogs({ client, workspaceOf: () => WORKSPACE }).read([query()])
    local.identity.faults.clear()
    expect(reading).toMatchObject({ silence: 'denied' })
    expect(whyOf(reading)).toMatch(/no token for Log Analytics/)
  })

  test('a service that is gone is missing', async () => {
    const options = { endpoint: 'https://127.0.0.1:1/v1', ...local.client }
    const client = new LogsQueryClient(local.credential, options)
    const [reading] = await createAzureLogs({ client, workspaceOf: () => WORKSPACE }).read([query()])
    expect(reading).toMatchObject({ silence: 'down' })
    expect(whyOf(reading)).toMatch(/could not be reached/)
  })
})

function bucketsOf(reading: Reading | undefined) {
  if (reading?.kind !== 'measured') throw new Error(whyOf(reading))
  return reading.buckets
}
