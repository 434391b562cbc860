import { expect, test } from 'vitest'
import { TooLong } from '../../../lib/adapters/metrics/azure-bounds.ts'
import { createAzureMetrics } from '../../../lib/adapters/metrics/azure-metrics.ts'
import type { MetricsClient } from '../../../lib/adapters/metrics/azure-metrics-call.ts'
import { TOP } from '../../../lib/adapters/metrics/azure-metrics-request.ts'
import type { Query, Reading } from '../../../lib/core/judge/reading.ts'
import { query as anyQuery, errorRate, gauge, latency, MINUTE, ratio, START, uptime } from './queries.ts'

const query = (over: Partial<Query> = {}) => anyQuery({ kpi: errorRate(), to: START + 2 * MINUTE, ...over })
const ID =
  '/subscriptions/00000000-0000-0000-0000-00000000000a/resourcegroups/rg/providers/microsoft.app/containerapps/shop'

type Call = {
  readonly endpoint: string
  readonly ids: readonly string[]
  readonly window: string
  readonly filter: string
}

/** A client that notes what it is asked and answers, or fails, as told. */
function clientThat(answer: (ids: readonly string[]) => unknown) {
  const calls: Call[] = []
  const clientFor = (endpoint: string): MetricsClient => ({
    queryResources: async (ids, _metrics, _namespace, { startTime, endTime, filter }) => {
      const window = `${(startTime.getTime() - START) / MINUTE}–${(endTime.getTime() - START) / MINUTE}`
      calls.push({ endpoint, ids, window, filter })
      return answer(ids)
    },
  })
  return { calls, metrics: createAzureMetrics({ clientFor }) }
}

const series = (dimensions: Record<string, string>, totals: readonly unknown[]) => ({
  metadatavalues: Object.entries(dimensions).map(([name, value]) => ({ name, value })),
  data: totals.map((total, minute) => ({ timeStamp: new Date(START + minute * MINUTE), total })),
})
const good = (totals: readonly unknown[], revisionname = 'shop--a') =>
  series({ revisionname, statuscodecategory: '2xx' }, totals)
const failed = (totals: readonly unknown[], revisionname = 'shop--a') =>
  series({ revisionname, statuscodecategory: '5xx' }, totals)
const metric = (timeseries: unknown, other: object = {}) => ({
  name: 'Requests',
  errorCode: 'Success',
  timeseries,
  ...other,
})
const result = (metrics: unknown, other: object = {}) => ({ resourceId: ID, granularity: 'PT1M', metrics, ...other })
const answering = (...all: readonly unknown[]) => clientThat(() => [result([metric(all)])])

async function only(metrics: { read(queries: readonly Query[]): Promise<readonly Reading[]> }, asked = query()) {
  return (await metrics.read([asked]))[0]
}

test.each([
  ['latency', latency(), /p95: .*ResponseTime.*without the dimension revisionName.*azure-logs/],
  ['ratio', ratio(), /refused-orders: .*prometheus or http/],
  ['gauge', gauge(), /queue-length: .*prometheus or http/],
] as const)('a %s KPI is refused without a call, with the reason and a way out', async (_, kpi, why) => {
  const { calls, metrics } = answering(good([1]))
  expect(await only(metrics, query({ kpi }))).toMatchObject({ silence: 'refused', why: expect.stringMatching(why) })
  expect(calls).toEqual([])
})

test.each([
  ['buckets of a second', { bucketMs: 1000 }, /by the minute, not in buckets of 1000 ms/],
  ['buckets of a minute and a half', { bucketMs: 90_000, to: START + 3 * MINUTE }, /not in buckets of 90000 ms/],
  ['buckets of nothing', { bucketMs: 0 }, /a bucket of 0 ms is none/],
  ['an empty window', { to: START }, /is empty/],
  ['a window that starts within a bucket', { from: START + 1 }, /cuts a bucket/],
  ['a window without an end', { to: Number.NaN }, /is empty/],
])('%s are refused without a call', async (_, over, why) => {
  const { calls, metrics } = answering(good([1]))
  expect(await only(metrics, query(over))).toMatchObject({ silence: 'refused', why: expect.stringMatching(why) })
  expect(calls).toEqual([])
})

test('an app whose region is not known is unset', async () => {
  const { calls, metrics } = answering(good([1]))
  const reading = await only(metrics, query({ region: null }))
  expect(reading).toMatchObject({ silence: 'unset', why: expect.stringMatching(/region of shop is not known yet/) })
  expect(calls).toEqual([])
})

test.each(['evil.example/', 'x@evil', 'west/europe', '', '..', 'é'])('the region %s leads nowhere', async (region) => {
  const { calls, metrics } = answering(good([1]))
  expect(await only(metrics, query({ region }))).toMatchObject({ silence: 'malformed' })
  expect(calls).toEqual([])
})

test.each(['a/b', 'a?b', 'a#b', 'a\\b', '\ud800', ''])(
  'the app name %j leads nowhere, and blinds no neighbour',
  async (app) => {
    const { metrics } = answering(good([1, 1]))
    const [odd, neighbour] = await metrics.read([query({ target: { ...query().target, app } }), query()])
    expect(odd).toMatchObject({
      silence: 'refused',
      why: expect.stringMatching(/cannot be part of an Azure resource id/),
    })
    expect(neighbour).toMatchObject({ kind: 'measured' })
  },
)

test('a region is asked under its own name, however ARM writes it', async () => {
  const { calls, metrics } = answering(good([1, 1]))
  const readings = await metrics.read([query(), query({ region: 'West Europe' })])
  expect(readings.map(({ kind }) => kind)).toEqual(['measured', 'measured'])
  expect(calls.map(({ endpoint }) => endpoint)).toEqual(['https://westeurope.metrics.monitor.azure.com'])
})

test('a call covers the windows of all its queries, and a look back over a day is a call of its own', async () => {
  const { calls, metrics } = answering(good([1, 1, 1, 1]))
  await metrics.read([
    query(),
    query({ from: START + MINUTE, to: START + 4 * MINUTE }),
    query({ from: START - 1440 * MINUTE }),
  ])
  expect(calls.map(({ window }) => window)).toEqual(['0–4', '-1440–2'])
})

test('each query gets the minutes of its own window', async () => {
  const { metrics } = answering(good([1, 2, 3, 4]))
  const readings = await metrics.read([query(), query({ from: START + MINUTE, to: START + 4 * MINUTE })])
  expect(readings.map(bucketsOf)).toEqual([
    ['0: 0/1', '1: 0/2'],
    ['1: 0/2', '2: 0/3', '3: 0/4'],
  ])
})

test('an outcome without a figure is 0 beside one with a figure, and a minute without any request of the app is absent', async () => {
  const to = START + 7 * MINUTE
  const { metrics } = answering(
    good([5, undefined, 0, null, 7, 0]),
    failed([undefined, 2, 0, null]),
    good([0, 0, 0, 4], 'shop--b'),
  )
  const [own, other] = await metrics.read([query({ to }), query({ to, revision: 'shop--b' })])
  expect(bucketsOf(own)).toEqual(['0: 0/5', '1: 2/2', '3: 0/0', '4: 0/7'])
  expect(bucketsOf(other)).toEqual(['0: 0/0', '1: 0/0', '3: 0/4', '4: 0/0'])
  expect(own).toMatchObject({ note: expect.stringMatching(/^1 minute is left out: .* no request to shop in them/) })
})

test('a revision that nobody asked about is no evidence that a minute was finished', async () => {
  const { metrics } = answering(good([0, 1]), good([9, 9], 'shop--old'))
  expect(bucketsOf(await only(metrics))).toEqual(['1: 0/1'])
})

test('an app without a time series is measured, and nothing is known of it', async () => {
  const { metrics } = answering()
  expect(await only(metrics)).toMatchObject({ kind: 'measured', buckets: [], note: null })
})

test('requests without a response are bad, and so is what a KPI names', async () => {
  const of = (statuscodecategory: string, statuscode: string) =>
    series({ revisionname: 'shop--a', statuscodecategory, statuscode }, [1, 1])
  const all = [
    of('1xx', '101'),
    of('2xx', '200'),
    of('3xx', '302'),
    of('4xx', '404'),
    of('4xx', '429'),
    of('5xx', '500'),
    of('0xx', '0'),
  ]
  const { metrics } = clientThat(() => [result([metric(all)])])
  const readings = await metrics.read([
    query(),
    query({ kpi: errorRate({ alsoBad: [429] }) }),
    query({ kpi: uptime() }),
  ])
  expect(readings.map((reading) => bucketsOf(reading)[0])).toEqual(['0: 2/7', '0: 3/7', '0: 2/7'])
})

test('names of dimensions and metrics are known as people see them, too', async () => {
  const shown = series({ Revision: 'Shop--A', 'Status Code Category': '5XX' }, [3, 4])
  const { metrics } = clientThat(() => [
    {
      resourceId: ID.toUpperCase(),
      granularity: 'PT1M',
      metrics: [{ name: 'Anfragen', id: `${ID}/metrics/requests`, timeseries: [shown] }],
    },
  ])
  expect(bucketsOf(await only(metrics))).toEqual(['0: 3/3', '1: 4/4'])
})

test.each<[string, unknown]>([
  ['no list', undefined],
  ['no app', []],
  ['the same app twice', [result([metric([])]), result([metric([])])]],
  ['figures by the hour', [result([metric([good([1])])], { granularity: 'PT1H' })]],
  ['another metric', [result([metric([], { name: 'Replicas' })])]],
  ['no metrics', [result(undefined)]],
  ['no time series', [result([metric(undefined)])]],
  ['the same time series twice', [result([metric([good([1]), good([2])])])]],
  ['a series without dimensions', [result([metric([{ data: [] }])])]],
  ['a series without a revision', [result([metric([series({ statuscodecategory: '2xx' }, [1])])])]],
  ['a dimension without a value', [result([metric([{ metadatavalues: [{ name: 'revisionname' }], data: [] }])])]],
  ['a series without data', [result([metric([{ metadatavalues: [] }])])]],
  ['a fraction of a request', [result([metric([good([0.5])])])]],
  ['fewer requests than none', [result([metric([good([-1])])])]],
  ['a count in words', [result([metric([good(['7'])])])]],
  ['a time that is none', [result([metric([{ ...good([]), data: [{ timeStamp: new Date('x'), total: 1 }] }])])]],
  [
    'a time within a minute',
    [result([metric([{ ...good([]), data: [{ timeStamp: new Date(START + 1), total: 1 }] }])])],
  ],
  [
    'two figures for a minute',
    [result([metric([{ ...good([]), data: [1, 2].map((total) => ({ timeStamp: new Date(START), total })) }])])],
  ],
  ['an unknown category', [result([metric([series({ revisionname: 'shop--a', statuscodecategory: 'other' }, [1])])])]],
])('an answer with %s is malformed', async (_, results) => {
  const { metrics } = clientThat(() => results)
  expect(await only(metrics)).toMatchObject({ kind: 'missing', silence: 'malformed' })
})

test.each<[string, Record<string, string>]>([
  ['no status codes', {}],
  ['status codes that are none', { statuscode: '4xx' }],
])('an answer with %s is malformed where a KPI needs them', async (_, code) => {
  const { metrics } = answering(series({ revisionname: 'shop--a', statuscodecategory: '4xx', ...code }, [1]))
  const reading = await only(metrics, query({ kpi: errorRate({ alsoBad: [429] }) }))
  expect(reading).toMatchObject({ silence: 'malformed', why: expect.stringMatching(/without a status code/) })
})

test('as many time series as were allowed may be too few', async () => {
  const all = Array.from({ length: TOP }, (_, place) => good([1], `shop--${place}`))
  const { metrics } = clientThat(() => [result([metric(all)])])
  expect(await only(metrics)).toMatchObject({
    silence: 'partial',
    why: expect.stringMatching(/more than 5000 time series/),
  })
})

test('a service that is down is asked once, however many apps there are', async () => {
  const { calls, metrics } = clientThat(() => Promise.reject(Object.assign(new Error('no'), { statusCode: 503 })))
  const target = (app: string) => ({ ...query().target, app })
  await metrics.read(Array.from({ length: 50 }, (_, place) => query({ target: target(`a${place}`) })))
  expect(calls).toHaveLength(1)
})

test('the query of a reading is what was asked, for its own revision and window only', async () => {
  const { metrics } = answering(good([1, 1]))
  const of = (over: Partial<Query>) =>
    query({ target: { ...query().target, app: 'other' }, revision: 'other--a', ...over })
  const [reading] = await metrics.read([query(), query({ revision: 'shop--b', to: START + 9 * MINUTE }), of({})])
  expect(decodeURIComponent(reading?.query ?? '')).toContain(
    "starttime=2026-01-01T00:00:00.000Z&endtime=2026-01-01T00:02:00.000Z&interval=PT1M&metricnamespace=microsoft.app/containerapps&metricnames=Requests&aggregation=Total&top=5000&filter=revisionName eq 'shop--a' and statusCodeCategory eq '*'&api-version=2024-02-01",
  )
  expect(reading?.query).not.toMatch(/other|shop--b/)
})

test.each<[string, object, string]>([
  ['a role that is missing', { statusCode: 403 }, 'denied'],
  ['a time-out of the service', { statusCode: 408 }, 'late'],
  ['a time-out of a gateway', { statusCode: 504 }, 'late'],
  ['a gateway in trouble', { statusCode: 502 }, 'down'],
  ['a call that was given up', { name: 'AbortError' }, 'late'],
  ['a reset connection', { code: 'ECONNRESET' }, 'down'],
  ['anything else', {}, 'malformed'],
])('%s has a name', async (_, about, silence) => {
  const { metrics } = clientThat(() => Promise.reject(Object.assign(new Error('x'), about)))
  expect(await only(metrics)).toMatchObject({ kind: 'missing', silence })
})

const FORGED = 'one\r\nERROR forged\u001b[31m\u0007\u2028\u202e'
test.each<[string, (ids: readonly string[]) => unknown]>([
  ['a refusal', () => Promise.reject(Object.assign(new Error(FORGED), { statusCode: 404, code: FORGED }))],
  ['a long refusal', () => Promise.reject(Object.assign(new Error(FORGED.repeat(500)), { statusCode: 404 }))],
  ['an app’s error', () => [result([metric([], { errorCode: FORGED, errorMessage: FORGED.repeat(500) })])]],
  ['a granularity', () => [result([], { granularity: FORGED })]],
])('the words of %s are one line that no terminal obeys', async (_, answer) => {
  const reading = await only(clientThat(answer).metrics)
  const why = reading?.kind === 'missing' ? reading.why : '\n'
  expect(why).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  expect(why.length).toBeLessThan(700)
})

test('an answer longer than any is malformed', async () => {
  const { metrics } = clientThat(() => Promise.reject(new TooLong('an answer of more than 64 MB')))
  expect(await only(metrics)).toMatchObject({
    silence: 'malformed',
    why: expect.stringMatching(/began an answer of more than 64 MB/),
  })
})

test('a client that cannot be made is a missing reading, and no token enters the text', async () => {
  const error = Object.assign(new Error('no'), { statusCode: 500, request: { headers: 'Bearer secret' } })
  const metrics = createAzureMetrics({
    clientFor: () => {
      throw error
    },
  })
  const reading = await only(metrics)
  expect(reading).toMatchObject({ silence: 'down' })
  expect(JSON.stringify(reading)).not.toContain('secret')
})

test('readings stand in the order of the queries, answered or not', async () => {
  const { metrics } = answering(good([1, 1]))
  const queries = [query({ kpi: latency() }), query(), query({ region: null }), query()]
  const readings = await metrics.read(queries)
  expect(readings.map(({ id }) => id)).toEqual(queries.map(({ id }) => id))
  expect(readings.map(({ kind }) => kind)).toEqual(['missing', 'measured', 'missing', 'measured'])
  expect(await metrics.read([])).toEqual([])
})

function bucketsOf(reading: Reading | undefined): readonly string[] {
  if (reading?.kind !== 'measured') return [JSON.stringify(reading)]
  return reading.buckets.map(({ at, bad, total }) => `${(at - START) / MINUTE}: ${bad}/${total}`)
}
