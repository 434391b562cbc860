import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPrometheus } from '../../lib/adapters/metrics/prometheus.ts'
import type { Bucket, Query, Reading } from '../../lib/core/judge/reading.ts'
import {
  errorRate,
  gauge,
  latency,
  MINUTE,
  NAMES,
  query,
  ratio,
  SOURCES,
  START,
  uptime,
} from '../adapters/metrics/queries.ts'
import { missingParts, PROMETHEUS } from '../support/parts.ts'
import { type PastSeries, type PrometheusServer, startPrometheusAfter } from '../support/prometheus.ts'

const without = missingParts(PROMETHEUS)
const skipped = without === null ? '' : ` (skipped: ${without})`
const source = { ...SOURCES.prometheus, counters: { bad: 'bad_total', total: 'all_total' }, gauge: 'depth' } as const
const ERRORS = errorRate({ source })
const DAY = 1440

describe.skipIf(without !== null)(`counts from a real Prometheus server${skipped}`, { timeout: 120_000 }, () => {
  let server: PrometheusServer
  let calls = 0

  beforeAll(async () => {
    server = await startPrometheusAfter(PAST)
  }, 120_000)
  afterAll(async () => server?.stop())

  function readAll(...over: readonly Partial<Query>[]): Promise<readonly Reading[]> {
    const counted: typeof fetch = (...given) => {
      calls += 1
      return fetch(...given)
    }
    const metrics = createPrometheus({ urlOf: () => server.url, timeoutMs: 60_000, fetch: counted })
    return metrics.read(over.map((one) => query({ kpi: ERRORS, ...one })))
  }

  async function figures(over: Partial<Query>): Promise<readonly (readonly (number | null)[])[]> {
    const [reading] = await readAll(over)
    return measured(reading).buckets.map(({ at, bad, total, value }) => {
      return over.kpi?.kind === 'gauge' ? [(at - START) / MINUTE, value] : [(at - START) / MINUTE, bad, total]
    })
  }

  test('a counter that fell adds what it holds, and its siblings of other statuses with it', async () => {
    expect(await figures({ revision: 'reset--a' })).toEqual([
      [0, 0, 100],
      [1, 1, 43],
      [2, 0, 10],
    ])
  })

  test('a histogram that began anew counts nothing as slow that was not', async () => {
    expect(await figures({ revision: 'reset--a', kpi: latency({ source }) })).toEqual([
      [0, 10, 110],
      [1, 40, 990],
    ])
  })

  test('a counter that fell within the bucket and rose above what it was adds what it holds', async () => {
    expect(await figures({ revision: 'twice--a' })).toEqual([[0, 0, 15]])
  })

  test('a pair of counters begins anew together', async () => {
    expect(await figures({ revision: 'twin--a', kpi: ratio({ source }) })).toEqual([[0, 50, 1010]])
  })

  test('the first event of a new status counts, where the target was scraped before', async () => {
    expect(await figures({ revision: 'first--a' })).toEqual([
      [0, 0, 10],
      [1, 3, 13],
      [2, 0, 10],
    ])
  })

  test('what a target held when it was first scraped is not counted', async () => {
    expect(await figures({ revision: 'new--a' })).toEqual([
      [0, 0, 10],
      [1, 0, 10],
      [2, 1, 21],
    ])
  })

  test('what a target gained after it was first scraped counts, within the same bucket too', async () => {
    expect(await figures({ revision: 'young--a' })).toEqual([[0, 1, 21]])
  })

  test('a gap in the scrapes is missing data, and what happened meanwhile counts once', async () => {
    const window = { from: START, to: START + 30 * MINUTE }
    expect(await figures({ revision: 'gap--a', ...window })).toEqual([
      [0, 0, 10],
      [20, 2, 202],
      [21, 0, 10],
    ])
  })

  test('after a gap of more than an hour counting begins anew', async () => {
    const window = { from: START, to: START + 130 * MINUTE }
    expect(await figures({ revision: 'absent--a', ...window })).toEqual([
      [0, 0, 10],
      [120, 0, 0],
      [121, 0, 10],
    ])
  })

  test('a status of 0, 5xx and what the KPI names are bad; uptime names nothing', async () => {
    const kpi = errorRate({ source, alsoBad: [429] })
    expect(await figures({ revision: 'statuses--a', kpi })).toEqual([[0, 31, 131]])
    expect(await figures({ revision: 'statuses--a', kpi: uptime({ source }) })).toEqual([[0, 11, 131]])
  })

  test('a class of statuses is bad or not, but cannot tell one status from another', async () => {
    expect(await figures({ revision: 'classes--a' })).toEqual([[0, 5, 105]])
    const [reading] = await readAll({ revision: 'classes--a', kpi: errorRate({ source, alsoBad: [429] }) })
    expect(reading).toMatchObject({
      kind: 'missing',
      silence: 'refused',
      why: expect.stringMatching(/leave alsoBad out/),
    })
  })

  test('a limit between two bounds is counted at the upper one, which is said, for one more call', async () => {
    calls = 0
    const [between, exact] = await readAll(
      { revision: 'reset--a', kpi: latency({ source, limitMs: 150 }) },
      { revision: 'first--a', kpi: latency({ source }) },
    )
    expect(between).toMatchObject({
      quality: 'approximate',
      note: 'no bound of histogram http_request_duration_seconds sits on the limit of 0.15 s: counted are those slower than the next bound, 0.2 s',
    })
    expect(measured(between).buckets.map(({ bad, total }) => [bad, total])).toEqual([
      [10, 110],
      [40, 990],
    ])
    expect(exact).toMatchObject({ quality: 'exact', note: null })
    expect(calls).toBe(2)
  })

  test.each([
    [1000, 3],
    [200, 10],
  ])('a bound at %d ms is found however it is written, in one call', async (limitMs, bad) => {
    calls = 0
    const [reading] = await readAll({ revision: 'first--a', kpi: latency({ source, limitMs }) })
    expect(reading).toMatchObject({ quality: 'exact', buckets: [{ bad, total: 100 }] })
    expect(calls).toBe(1)
  })

  test('a limit above every bound is refused, with what to do', async () => {
    const [reading] = await readAll({ revision: 'first--a', kpi: latency({ source, limitMs: 3000 }) })
    expect(reading).toMatchObject({
      kind: 'missing',
      silence: 'refused',
      why: expect.stringMatching(/limit of 3 s: add one/),
    })
  })

  test('two limits of one histogram are told apart', async () => {
    const limits = [200, 1000].map((limitMs) => ({ revision: 'first--a', kpi: latency({ source, limitMs }) }))
    expect((await readAll(...limits)).map((reading) => measured(reading).buckets[0]?.bad)).toEqual([10, 3])
  })

  test('of a gauge with several series the worst counts, at its last sample; no number is missing data', async () => {
    const below = gauge({ source, wanted: 'below' })
    const above = gauge({ source, wanted: 'above' })
    expect(await figures({ revision: 'shop--a', kpi: below })).toEqual([
      [0, 7],
      [2, 9],
    ])
    expect(await figures({ revision: 'shop--a', kpi: above })).toEqual([
      [0, 3],
      [2, 9],
    ])
    const [reading] = await readAll({ revision: 'shop--a', kpi: below })
    expect(measured(reading).note).toBe('1 buckets held no number and are left out')
  })

  test('a pair of counters counts, in whole events even where they are kept in fractions', async () => {
    expect(await figures({ revision: 'shop--a', kpi: ratio({ source }) })).toEqual([[0, 2, 11]])
  })

  test('a bad counter that is nowhere is missing, because that may be a wrong name', async () => {
    const [reading] = await readAll({ revision: 'first--a', kpi: ratio({ source }) })
    expect(reading).toMatchObject({
      kind: 'missing',
      silence: 'refused',
      why: expect.stringMatching(/no series bad_total with revision="first--a".*at 0/),
    })
  })

  test('a day in minutes comes in one call beside the short looks, and loses nothing', async () => {
    calls = 0
    const [day, short] = await readAll(
      { revision: 'day--a', from: START, to: START + DAY * MINUTE },
      { revision: 'day--a', from: START + (DAY - 5) * MINUTE, to: START + DAY * MINUTE },
    )
    const { buckets } = measured(day)
    expect(buckets.map(({ at }) => (at - START) / MINUTE)).toEqual(Array.from({ length: DAY }, (_, minute) => minute))
    expect(sum(buckets)).toEqual({ bad: 3 * DAY, total: 3 * DAY * 40 })
    expect(measured(short).buckets).toEqual(buckets.slice(-5))
    expect(calls).toBe(2)
  })

  test('the query of a reading gives the same figures when it is run again', async () => {
    const [reading] = await readAll({ revision: 'statuses--a' }, { revision: 'first--a' })
    const answer = await fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query: measured(reading).query })}`)
    const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } }
    const all = data.result.flatMap(({ values }) => values).reduce((total, [, value]) => total + Number(value), 0)
    expect(all).toBe(sum(measured(reading).buckets).total)
  })
})

/** A series sampled every 20 seconds, five seconds before the end of a bucket the last; `values[0]` is the minute before START. */
function series(name: string, labels: string, values: readonly (number | null)[]): PastSeries {
  const samples = values.flatMap((value, minute) => {
    const end = START + minute * MINUTE
    return value === null ? [] : [15_000, 35_000, 55_000].map((second) => [end - MINUTE + second, value] as const)
  })
  return { series: `${name}{${labels}}`, samples }
}

function requests(revision: string, status: string, values: readonly (number | null)[], replica = '1'): PastSeries {
  return series(
    NAMES.requests,
    `revision="${revision}",status="${status}",job="j",instance="${revision}-${replica}"`,
    values,
  )
}

function bucket(revision: string, le: string, values: readonly (number | null)[]): PastSeries {
  return series(
    `${NAMES.duration}_bucket`,
    `revision="${revision}",le="${le}",job="j",instance="${revision}-1"`,
    values,
  )
}

function ofShop(name: string, replica: string, values: readonly (number | null)[]): PastSeries {
  return series(name, `revision="shop--a",job="j",instance="shop-${replica}"`, values)
}

const nothing = (minutes: number) => Array<null>(minutes).fill(null)
const rising = (by: number) => Array.from({ length: DAY + 1 }, (_, minute) => 1000 + by * minute)

const PAST: readonly PastSeries[] = [
  requests('reset--a', '200', [900, 1000, 40, 50]),
  requests('reset--a', '404', [1, 1, 2, 2]),
  requests('reset--a', '500', [7, 7, 1, 1]),
  bucket('reset--a', '0.1', [400, 450, 900]),
  bucket('reset--a', '0.2', [800, 900, 950]),
  bucket('reset--a', '+Inf', [890, 1000, 990]),
  {
    series: `${NAMES.requests}{revision="twice--a",status="200"}`,
    samples: [-5000, 20_000, 40_000].map((second, place) => [START + second, [10, 20, 15][place] ?? 0] as const),
  },
  ...[
    ['200', 500_000, 500_020],
    ['500', 70, 71],
  ].map(([status, first = 0, last = 0]) => ({
    series: `${NAMES.requests}{revision="young--a",status="${status}"}`,
    samples: [
      [START + 20_000, Number(first)],
      [START + 40_000, Number(last)],
    ] as const,
  })),
  series('all_total', 'revision="twin--a"', [1000, 1010]),
  series('bad_total', 'revision="twin--a"', [60, 50]),
  requests('first--a', '200', [100, 110, 120, 130]),
  requests('first--a', '503', [null, null, 3, 3]),
  bucket('first--a', '0.200', [900, 990]),
  bucket('first--a', '1.0', [900, 997]),
  bucket('first--a', '2', [900, 1000]),
  bucket('first--a', '+Inf', [900, 1000]),
  ofShop('all_total', '1', [5, 15.9]),
  series('all_total', 'revision="first--a",job="j",instance="first-1"', [5, 15]),
  requests('new--a', '200', [10, 20, 30, 40]),
  requests('new--a', '200', [null, null, 500_000, 500_010], '2'),
  requests('new--a', '500', [null, null, 90_000, 90_001], '2'),
  requests('gap--a', '200', [0, 10, ...nothing(19), 210, 220]),
  requests('gap--a', '500', [8, 8, ...nothing(19), 10, 10]),
  requests('absent--a', '200', [0, 10, ...nothing(119), 9010, 9020]),
  requests('statuses--a', '0', [9, 10]),
  requests('statuses--a', '200', [9, 109]),
  requests('statuses--a', '429', [9, 29]),
  requests('statuses--a', '500', [9, 19]),
  requests('classes--a', '2xx', [0, 100]),
  requests('classes--a', '5XX', [0, 5]),
  ofShop('depth', '1', [1, 3, Number.NaN, 9]),
  ofShop('depth', '2', [1, 7]),
  ofShop('bad_total', '1', [1, 3.9]),
  ...['1', '2', '3'].flatMap((replica) => [
    requests('day--a', '200', rising(39), replica),
    requests('day--a', '500', rising(1), replica),
  ]),
]

function measured(reading: Reading | undefined): Extract<Reading, { kind: 'measured' }> {
  if (reading?.kind !== 'measured') throw new Error(`not measured: ${JSON.stringify(reading)}`)
  return reading
}

function sum(buckets: readonly Bucket[]): { readonly bad: number; readonly total: number } {
  return buckets.reduce((all, { bad, total }) => ({ bad: all.bad + bad, total: all.total + total }), {
    bad: 0,
    total: 0,
  })
}
