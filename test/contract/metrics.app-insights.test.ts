import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAppInsights } from '../../lib/adapters/metrics/app-insights.ts'
import { createAzureLogs } from '../../lib/adapters/metrics/azure-logs.ts'
import type { Query, Reading } from '../../lib/core/judge/reading.ts'
import type { Kpi } from '../../lib/core/service.ts'
import { errorRate, gauge, latency, MINUTE, query, ratio, SOURCES, START, uptime } from '../adapters/metrics/queries.ts'
import { requestAt } from '../sim/azure/requests.ts'
import { type Trust, trust } from '../sim/azure/trust.ts'
import { LOG_TROUBLES, type OpenLogs, openLogSource, openLogs, WORKSPACE, whyOf } from './log-service.ts'
import { metricsContract } from './metrics.contract.ts'

const INSTANCE = SOURCES.appInsights
const DIMENSION = { kind: 'app-insights', dimension: 'revision' } as const
const ELSEWHERE = { kind: 'app-insights', dimension: "x'] or ['revision" } as const

let local: Trust

beforeAll(async () => {
  local = await trust()
})
afterAll(() => local.identity.close())

describe.each([
  ['the role instance', INSTANCE],
  ['a custom dimension', DIMENSION],
])('Application Insights as a source of metrics, the revision in %s', { timeout: 60_000 }, (_, source) => {
  metricsContract({
    kpis: [latency({ source }), errorRate({ source }), uptime({ source })],
    refuses: [ratio({ source }), gauge({ source })],
    bucketMs: MINUTE,
    from: START,
    counts: 'exact',
    idle: 'zero',
    stranger: 'zero',
    callsPerRead: 1,
    troubles: LOG_TROUBLES,
    open: (happened) => openLogSource(local, happened, createAppInsights),
  })
})

describe('Application Insights, through the real client over https', { timeout: 60_000 }, () => {
  let stage: OpenLogs

  beforeAll(async () => {
    stage = await openLogs(local)
    for (let index = 0; index < 1000; index++) {
      const StatusCode = index % 50 === 0 ? 503 : index % 50 === 1 ? 404 : index % 50 === 2 ? 0 : 200
      const RequestDuration = index % 20 === 0 ? 300 : 20
      request(START + index, 'shop--v2', { StatusCode, RequestDuration, RequestId: `r${index}` })
    }
    for (let index = 0; index < 7; index++) request(START + 2000, 'shop--v2-b', { RequestId: `b${index}` })
    for (const EnvironmentName of ['east', 'west']) request(START + 3000, 'twin--a', { EnvironmentName })
    request(START + MINUTE + 10, 'slow--a', { RequestDuration: 30 })
  })
  beforeEach(() => stage.server.setSampling(1))
  afterAll(() => stage?.close())

  function request(at: number, revision: string, over: Parameters<typeof requestAt>[1]): void {
    const { RequestDuration = 20 } = over ?? {}
    const replica = `${revision}-5d4f8c7b9-abcde`
    const started = { StartTime: at - RequestDuration, RequestDuration }
    stage.log.append(requestAt(at, { RevisionName: revision, ReplicaName: replica, ...started, ...over }))
  }

  function read(...queries: readonly Query[]): Promise<readonly Reading[]> {
    const options = { client: stage.client(), workspaceOf: () => WORKSPACE }
    return createAppInsights(options).read(queries)
  }

  const about = (revision: string, kpi: Kpi) => query({ revision, kpi, from: START - MINUTE })

  test('a revision is never taken for one whose name begins in the same way', async () => {
    const kpi = errorRate({ source: INSTANCE })
    const readings = await read(about('shop--v2', kpi), about('shop--v2-b', kpi), about('shop--v', kpi))
    expect(readings.map(totalOf)).toEqual([1000, 7, 0])
  })

  test('errors are statuses of 500 and above, none, and those of the list; 404 alone is no error', async () => {
    const [plain, listed, up] = await read(
      about('shop--v2', errorRate({ source: INSTANCE })),
      about('shop--v2', errorRate({ source: INSTANCE, alsoBad: [404] })),
      about('shop--v2', uptime({ source: INSTANCE })),
    )
    expect([plain, listed, up].map(badOf)).toEqual([40, 60, 40])
  })

  test('role instances and custom dimensions are asked in one call, and names of dimensions are only names', async () => {
    const before = stage.server.queries()
    const kinds = [INSTANCE, DIMENSION, ELSEWHERE].map((source) => about('shop--v2', latency({ source })))
    const readings = await read(...kinds)
    expect(readings.map(totalOf)).toEqual([1000, 1000, 0])
    expect(readings.map(badOf)).toEqual([50, 50, 0])
    expect(stage.server.queries() - before).toBe(1)
  })

  test('sampled rows are counted as they are, and the note says what they stand for', async () => {
    stage.server.setSampling(4)
    const [errors, slow] = await read(
      about('shop--v2', errorRate({ source: INSTANCE })),
      about('shop--v2', latency({ source: INSTANCE })),
    )
    const rows = totalOf(errors)
    expect(rows).toBeGreaterThan(150)
    expect(rows).toBeLessThan(350)
    const rate = (bad: number) => `${Number(((bad / rows) * 100).toPrecision(3))} %`
    expect(noteOf(errors)).toBe(
      `sampled: ${rows} rows stand for ${rows * 4} requests, of which ${rate(badOf(errors))} were failed; ` +
        'what is counted here are the rows',
    )
    expect(noteOf(slow)).toContain(`of which ${rate(badOf(slow))} were slow`)
    expect(badOf(errors)).toBeLessThan(40)
  })

  test('without sampling there is nothing to note', async () => {
    const [reading] = await read(about('shop--v2', errorRate({ source: INSTANCE })))
    expect(noteOf(reading)).toBeNull()
  })

  test('a revision without any request comes with a note on where its name is looked for', async () => {
    const [reading] = await read(about('nobody--a', errorRate({ source: INSTANCE })))
    expect(totalOf(reading)).toBe(0)
    expect(noteOf(reading)).toMatch(/no request of revision nobody--a.*AppRoleInstance.*source\.dimension/)
  })

  test('a request belongs to the bucket in which it began', async () => {
    const [reading] = await read(query({ revision: 'slow--a', kpi: errorRate({ source: INSTANCE }) }))
    expect(measured(reading).buckets.map(({ total }) => total)).toEqual([1, 0, 0, 0, 0])
    const options = { client: stage.client(), workspaceOf: () => WORKSPACE }
    const [atIngress] = await createAzureLogs(options).read([query({ revision: 'slow--a', kpi: errorRate() })])
    expect(measured(atIngress).buckets.map(({ total }) => total)).toEqual([0, 1, 0, 0, 0])
  })

  test('two resources with one revision name are not added up', async () => {
    const kpi = errorRate({ source: INSTANCE })
    const [twin, neighbour] = await read(about('twin--a', kpi), about('shop--v2', kpi))
    expect(twin).toMatchObject({ kind: 'missing', silence: 'refused' })
    expect(whyOf(twin)).toMatch(/more than one Application Insights resource.*one resource only/)
    expect(totalOf(neighbour)).toBe(1000)
  })

  test('the query of a reading gives the same figures when it is run again', async () => {
    const [, reading] = await read(
      about('nobody--a', latency({ source: INSTANCE })),
      about('shop--v2', latency({ source: DIMENSION })),
    )
    const again = await stage.client().queryWorkspace(WORKSPACE, reading?.query ?? '', { duration: 'P1D' })
    const [before, after] = [new Date(START - MINUTE), new Date(START)]
    const first = expect.arrayContaining(['0', before])
    const second = expect.arrayContaining(['0', after])
    expect(again).toMatchObject({ tables: [{ rows: [first, second] }] })
  })
})

function measured(reading: Reading | undefined): Extract<Reading, { kind: 'measured' }> {
  if (reading?.kind !== 'measured') throw new Error(whyOf(reading))
  return reading
}

function totalOf(reading: Reading | undefined): number {
  return measured(reading).buckets.reduce((sum, { total }) => sum + total, 0)
}

function badOf(reading: Reading | undefined): number {
  return measured(reading).buckets.reduce((sum, { bad }) => sum + bad, 0)
}

function noteOf(reading: Reading | undefined): string | null {
  return measured(reading).note
}
