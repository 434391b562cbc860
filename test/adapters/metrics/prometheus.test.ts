import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPrometheus } from '../../../lib/adapters/metrics/prometheus.ts'
import type { Reading } from '../../../lib/core/judge/verdict.ts'
import { errorRate, latency, NAMES, query, START } from './queries.ts'

const ERRORS = errorRate({ source: 'prometheus', prometheus: NAMES })
const P95 = latency({ source: 'prometheus', prometheus: NAMES })

describe('one read', () => {
  test('asks once per server, kind, names and window, for all revisions', async () => {
    const { sent, metrics } = fake(() => [])
    await metrics.read([
      query({ kpi: ERRORS, revision: 'shop--a' }),
      query({ kpi: ERRORS, revision: 'cart--b' }),
      query({ kpi: P95, revision: 'shop--a' }),
      query({ kpi: { ...P95, limitMs: 500 } as typeof P95, revision: 'cart--b' }),
      query({ kpi: ERRORS, revision: 'shop--a', from: START - 1500 }),
      query({ kpi: ERRORS, revision: 'shop--a', environment: 'staging' }),
    ])
    expect(sent.map(({ url, text }) => [new URL(url).port, text])).toEqual([
      ['1', sums('status', 'http_requests_total', 'shop--a|cart--b', 300_000)],
      ['1', sums('le', 'http_request_duration_seconds_bucket', 'shop--a|cart--b', 300_000)],
      ['1', sums('status', 'http_requests_total', 'shop--a', 301_500)],
      ['2', sums('status', 'http_requests_total', 'shop--a', 300_000)],
    ])
    expect(sent[0]).toMatchObject({ url: 'http://127.0.0.1:1/prom/api/v1/query', time: '1767225900.000' })
  })

  test('parts very many revisions, and answers each of them', async () => {
    const { sent, metrics } = fake((text) => names(text).map((revision) => errors(revision, '200', '10')))
    const many = Array.from({ length: 120 }, (_, place) => query({ kpi: ERRORS, revision: `shop--${place}` }))
    const readings = await metrics.read(many)
    expect(sent.length).toBe(3)
    expect(readings.map((reading) => reading.id)).toEqual(many.map((one) => one.id))
    expect(readings.every((reading) => reading.kind === 'measured' && reading.total === 10)).toBe(true)
  })

  test('gives the text with this revision alone to every reading', async () => {
    const { metrics } = fake(() => [])
    const readings = await metrics.read([
      query({ kpi: ERRORS, revision: 'shop--a' }),
      query({ kpi: ERRORS, revision: 'cart--b' }),
    ])
    expect(readings[1]?.query).toBe(sums('status', 'http_requests_total', 'cart--b', 300_000))
  })
})

describe('errors', () => {
  test.each([
    [
      'no 5xx series is no error',
      [
        ['200', '90'],
        ['404', '10'],
      ],
      { bad: 0, total: 100, value: 0 },
    ],
    [
      '5xx of every kind are errors',
      [
        ['200', '90'],
        ['500', '6'],
        ['503', '4'],
      ],
      { bad: 10, total: 100, value: 0.1 },
    ],
    [
      'classes of statuses',
      [
        ['2xx', '75'],
        ['5xx', '25'],
      ],
      { bad: 25, total: 100, value: 0.25 },
    ],
    [
      'clients that left',
      [
        ['200', '75'],
        ['0', '25'],
      ],
      { bad: 25, total: 100, value: 0.25 },
    ],
    [
      'extrapolated counts are rounded',
      [
        ['200', '89.6'],
        ['500', '10.2'],
      ],
      { bad: 10, total: 100, value: 10.2 / 99.8 },
    ],
    [
      'bad never exceeds total',
      [
        ['500', '0.5'],
        ['200', '0'],
      ],
      { bad: 1, total: 1, value: 1 },
    ],
    ['silence with series', [['200', '0']], { bad: 0, total: 0, value: Number.NaN }],
  ] as const)('%s', async (_, series, expected) => {
    const { metrics } = fake(() => series.map(([status, value]) => errors('shop--a', status, value)))
    const [reading] = await metrics.read([query({ kpi: ERRORS })])
    expect(reading).toMatchObject({ kind: 'measured', approximate: false, ...expected })
  })

  test.each([
    ['no series', [], /no series http_requests_total with revision="shop--a".*silence|cannot tell/],
    ['only another revision', [errors('cart--b', '200', '9')], /no series/],
    ['NaN', [errors('shop--a', '200', 'NaN')], /value NaN/],
    ['infinity', [errors('shop--a', '200', '+Inf')], /value Infinity/],
    ['a negative increase', [errors('shop--a', '200', '-1')], /value -1/],
    ['a status that is none', [errors('shop--a', 'OK', '5')], /label status holds "OK"/],
    ['no status', [{ metric: { revision: 'shop--a' }, value: [1, '5'] }], /label status holds ""/],
  ])('are missing: %s', async (_, series, why) => {
    const { metrics } = fake(() => series)
    expect(whyOf((await metrics.read([query({ kpi: ERRORS })]))[0])).toMatch(why)
  })

  test('of a sick revision do not harm its neighbour', async () => {
    const { metrics } = fake(() => [errors('shop--a', '200', 'NaN'), errors('cart--b', '200', '9')])
    const readings = await metrics.read([query({ kpi: ERRORS }), query({ kpi: ERRORS, revision: 'cart--b' })])
    expect(readings.map((reading) => reading.kind)).toEqual(['missing', 'measured'])
  })
})

describe('latency', () => {
  const bounds = ['0.05', '0.1', '0.2', '0.4', '+Inf']
  const counts = ['500', '800', '940', '995', '1000']
  const buckets = bounds.map((le, place) => bucket(le, counts[place] ?? '0'))

  test('counts at the bound that sits on the limit, and interpolates the percentile', async () => {
    const { metrics } = fake(() => buckets)
    const [reading] = await metrics.read([query({ kpi: P95 })])
    expect(reading).toMatchObject({ kind: 'measured', bad: 60, total: 1000, approximate: false })
    expect(figureOf(reading)).toBeCloseTo(236.3636, 4)
  })

  test('is approximate where no bound sits on the limit', async () => {
    const { metrics } = fake(() => buckets)
    const kpi = latency({ source: 'prometheus', prometheus: NAMES, limitMs: 150 })
    expect((await metrics.read([query({ kpi })]))[0]).toMatchObject({ bad: 60, total: 1000, approximate: true })
  })

  test('saturates at the highest finite bound', async () => {
    const { metrics } = fake(() => bounds.map((le) => bucket(le, le === '+Inf' ? '1000' : '0')))
    expect((await metrics.read([query({ kpi: P95 })]))[0]).toMatchObject({ bad: 1000, total: 1000, value: 400 })
  })

  test('of a silent histogram is a total of 0', async () => {
    const { metrics } = fake(() => bounds.map((le) => bucket(le, '0')))
    expect((await metrics.read([query({ kpi: P95 })]))[0]).toMatchObject({ bad: 0, total: 0, value: Number.NaN })
  })

  test.each([
    ['a limit above every bound', buckets.map((one) => one), 500, /no finite bound at or above the limit of 0.5 s/],
    ['no +Inf bucket', buckets.slice(0, -1), 200, /no bucket \+Inf/],
    ['a bucket without a bound', [{ metric: { revision: 'shop--a' }, value: [1, '5'] }], 200, /without a bound/],
    ['no series', [], 200, /no series http_request_duration_seconds_bucket/],
  ])('is missing: %s', async (_, series, limitMs, why) => {
    const { metrics } = fake(() => series)
    const kpi = latency({ source: 'prometheus', prometheus: NAMES, limitMs })
    expect(whyOf((await metrics.read([query({ kpi })]))[0])).toMatch(why)
  })
})

test('bad is never more than total, and both are whole, whatever increase() makes of the counts', async () => {
  const share = fc.double({ min: 0, max: 1e6, noNaN: true })
  await fc.assert(
    fc.asyncProperty(share, share, share, async (fine, failed, late) => {
      const { metrics } = fake((text) =>
        text.includes('_bucket')
          ? [bucket('0.2', String(fine)), bucket('+Inf', String(fine + late))]
          : [errors('shop--a', '200', String(fine)), errors('shop--a', '500', String(failed))],
      )
      for (const reading of await metrics.read([query({ kpi: ERRORS }), query({ kpi: P95 })])) {
        if (reading.kind !== 'measured') throw new Error(reading.why)
        expect(Number.isInteger(reading.bad) && Number.isInteger(reading.total)).toBe(true)
        expect(reading.bad).toBeLessThanOrEqual(reading.total)
      }
    }),
  )
})

describe('a query that cannot be asked', () => {
  test.each([
    ['no server', { environment: 'nowhere' }, /environment nowhere.*prometheusUrl.*SLIPWAY_ENVIRONMENTS/],
    ['a server that is no URL', { environment: 'broken' }, /no http\(s\) URL/],
    ['a server with a password', { environment: 'secret' }, /without credentials/],
    ['a server with a password only', { environment: 'token' }, /without credentials/],
    ['no names', { kpi: errorRate({ source: 'prometheus' }) }, /KPI errors does not say/],
    ['an empty window', { to: START }, /empty/],
    ['a window that is no time', { to: Number.NaN }, /no time/],
    [
      'names that are none',
      { kpi: errorRate({ prometheus: { ...NAMES, requests: 'up}' } }) },
      /"up}" is no name of a Prometheus metric/,
    ],
  ])('is missing: %s', async (_, over, why) => {
    const { sent, metrics } = fake(() => [])
    const [reading] = await metrics.read([query({ kpi: ERRORS, ...over })])
    expect(whyOf(reading)).toMatch(why)
    expect(whyOf(reading)).not.toContain('hunter2')
    expect(sent).toEqual([])
  })
})

const URLS: Readonly<Record<string, string>> = {
  production: 'http://127.0.0.1:1/prom',
  staging: 'http://127.0.0.1:2/',
  broken: 'not a url',
  secret: 'http://admin:hunter2@127.0.0.1:3/',
  token: 'http://:hunter2@127.0.0.1:3/',
}

interface Sent {
  readonly url: string
  readonly text: string
  readonly time: string
}

function fake(series: (text: string) => readonly object[]) {
  const sent: Sent[] = []
  const send: typeof fetch = async (url, init) => {
    const form = new URLSearchParams(String(init?.body))
    const text = form.get('query') ?? ''
    sent.push({ url: String(url), text, time: form.get('time') ?? '' })
    return Response.json({ status: 'success', data: { resultType: 'vector', result: series(text) } })
  }
  return { sent, metrics: createPrometheus({ urlOf: (environment) => URLS[environment] ?? null, fetch: send }) }
}

function sums(by: string, metric: string, revisions: string, windowMs: number): string {
  return `sum by (revision, ${by}) (increase(${metric}{revision=~"${revisions}"}[${windowMs}ms] @ 1767225900.000))`
}

function names(text: string): readonly string[] {
  return /=~"([^"]*)"/.exec(text)?.[1]?.split('|') ?? []
}

function errors(revision: string, status: string, value: string): object {
  return { metric: { revision, status }, value: [1, value] }
}

function bucket(le: string, value: string): object {
  return { metric: { revision: 'shop--a', le }, value: [1, value] }
}

function figureOf(reading: Reading | undefined): number {
  return reading?.kind === 'measured' ? reading.value : Number.NaN
}

function whyOf(reading: Reading | undefined): string {
  return reading?.kind === 'missing' ? reading.why : `measured: ${JSON.stringify(reading)}`
}
