import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPrometheus } from '../../../lib/adapters/metrics/prometheus.ts'
import type { Query, Reading } from '../../../lib/core/judge/reading.ts'
import { errorRate, gauge, latency, MINUTE, NAMES, query, ratio, SOURCES, START, uptime } from './queries.ts'

const source = { ...SOURCES.prometheus, counters: { bad: 'refused_total', total: 'orders_total' }, gauge: 'depth' }
const ERRORS = errorRate({ source })
const P95 = latency({ source })

describe('one read', () => {
  test('asks once per server, set of series and length of bucket, for all revisions and arms', async () => {
    const { sent, metrics } = fake(() => [])
    await metrics.read([
      query({ kpi: ERRORS, revision: 'shop--a' }),
      query({ kpi: ERRORS, revision: 'shop--b', arm: 'baseline', from: START + MINUTE }),
      query({ kpi: uptime({ source }), revision: 'cart--c' }),
      query({ kpi: P95, revision: 'shop--a' }),
      query({ kpi: latency({ source, limitMs: 500 }), revision: 'cart--c' }),
      query({ kpi: ratio({ source }), revision: 'shop--a' }),
      query({ kpi: gauge({ source }), revision: 'shop--a' }),
      query({ kpi: ERRORS, revision: 'shop--a', environment: 'staging' }),
      query({ kpi: ERRORS, revision: 'shop--a', bucketMs: 30_000 }),
    ])
    expect(sent.map(({ url, text }) => [new URL(url).port, form(text), names(text).join(' '), span(text)])).toEqual([
      ['1', 'sum by (revision, status)', 'shop--a cart--c shop--b', '[300s:60s]'],
      ['1', 'sum by (revision, le)', 'shop--a cart--c', '[300s:60s]'],
      ['1', '(label_replace(sum by (revision)', 'shop--a', '[300s:60s]'],
      ['1', 'max by (revision)', 'shop--a', '[300s:60s]'],
      ['2', 'sum by (revision, status)', 'shop--a', '[300s:60s]'],
      ['1', 'sum by (revision, status)', 'shop--a', '[300s:30s]'],
    ])
    expect(sent[0]?.url).toBe('http://127.0.0.1:1/prom/api/v1/query')
    expect(sent[1]?.text).toContain('le=~"0\\\\.20*|0\\\\.50*|\\\\+Inf"')
  })

  test('asks for each set of labels apart, and says which labels no series carried', async () => {
    const { sent, metrics } = fake((text) => (text.includes('"production"') ? [errors('shop--a', '200', '10')] : []))
    const of = (labels: Readonly<Record<string, string>>) =>
      query({ kpi: errorRate({ source: { ...source, names: { ...NAMES, labels } } }) })
    const [ours, theirs, same] = await metrics.read([
      of({ environment: 'production' }),
      of({ environment: 'staging' }),
      of({ environment: 'production' }),
    ])
    expect(sent.map(({ text }) => /environment="[a-z]+"/.exec(text)?.[0])).toEqual([
      'environment="production"',
      'environment="staging"',
    ])
    expect([ours, same]).toMatchObject([{ buckets: [{ total: 10 }] }, { buckets: [{ total: 10 }] }])
    expect(whyOf(theirs)).toMatch(/revision="shop--a" and the labels that its KPI asks for \(environment\)/)
  })

  test('asks for a long look back apart from the short ones and after them', async () => {
    const { sent, metrics } = fake(() => [])
    const long = { from: START - 1440 * MINUTE, to: START + 5 * MINUTE }
    await metrics.read([
      query({ kpi: ERRORS, revision: 'shop--a' }),
      query({ kpi: ERRORS, revision: 'shop--b', ...long }),
      query({ kpi: ERRORS, revision: 'cart--b', ...long, from: long.from + 60 * MINUTE }),
      query({ kpi: ERRORS, revision: 'cart--a', from: START - 10 * MINUTE }),
    ])
    expect(sent.map(({ text }) => [names(text), span(text)])).toEqual([
      [['cart--a', 'shop--a'], '[900s:60s]'],
      [['shop--b', 'cart--b'], '[86700s:60s]'],
    ])
  })

  test('parts very many revisions, and long looks at several, and answers each of them', async () => {
    const { sent, metrics } = fake((text) => names(text).map((revision) => errors(revision, '200', '10')))
    const many = Array.from({ length: 120 }, (_, place) => query({ kpi: ERRORS, revision: `shop--${place}` }))
    const readings = await metrics.read(many)
    expect(sent.length).toBe(3)
    expect(readings.map((reading) => reading.id)).toEqual(many.map((one) => one.id))
    expect(readings.every((reading) => reading.kind === 'measured' && reading.buckets[0]?.total === 10)).toBe(true)
    sent.splice(0)
    await metrics.read(many.slice(0, 12).map((one) => ({ ...one, from: START - 1440 * MINUTE })))
    expect(sent.map(({ text }) => names(text).length)).toEqual([6, 6])
  })

  test('gives the text with this revision and its own window alone to every reading', async () => {
    const { metrics } = fake(() => [])
    const readings = await metrics.read([
      query({ kpi: ERRORS, revision: 'shop--a' }),
      query({ kpi: ERRORS, revision: 'cart--b', from: START + MINUTE }),
    ])
    const text = readings[1]?.query ?? ''
    expect([names(text), span(text)]).toEqual([['cart--b'], '[240s:60s]'])
    expect(text).not.toContain('shop--a')
  })

  test('asks for every bound only where none sits on the limit', async () => {
    const bounds = ['0.1', '0.3', '+Inf']
    const { sent, metrics } = fake((text) => {
      const shown = text.includes('le=~') ? ['+Inf'] : bounds
      return shown.map((le) => bucket(le, String(bounds.indexOf(le) + 1)))
    })
    const [reading] = await metrics.read([query({ kpi: P95 })])
    expect(sent.map(({ text }) => text.includes('le=~'))).toEqual([true, false])
    expect(reading).toMatchObject({ quality: 'approximate', note: expect.stringMatching(/next bound, 0.3 s/) })
    expect(reading?.query).toBe(sent[1]?.text)
    expect(reading).toMatchObject({ buckets: [{ bad: 1, total: 3 }] })
  })
})

describe('errors', () => {
  test.each<[string, readonly (readonly [string, string])[], object]>([
    [
      'no 5xx series is no error',
      [
        ['200', '90'],
        ['404', '10'],
      ],
      { bad: 0, total: 100 },
    ],
    [
      '5xx of every kind are errors',
      [
        ['200', '90'],
        ['500', '6'],
        ['503', '4'],
      ],
      { bad: 10, total: 100 },
    ],
    [
      'classes of statuses',
      [
        ['2xx', '75'],
        ['5xx', '25'],
      ],
      { bad: 25, total: 100 },
    ],
    [
      'clients that left',
      [
        ['200', '75'],
        ['0', '25'],
      ],
      { bad: 25, total: 100 },
    ],
    [
      'fractions never make an event bad',
      [
        ['200', '89.6'],
        ['500', '10.9'],
      ],
      { bad: 10, total: 101 },
    ],
    ['sums of floats are the whole they mean', [['500', '2.9999999999']], { bad: 3, total: 3 }],
    ['silence with series', [['200', '0']], { bad: 0, total: 0 }],
  ])('%s', async (_, series, expected) => {
    const { metrics } = fake(() => series.map(([status, value]) => errors('shop--a', status, value)))
    const [reading] = await metrics.read([query({ kpi: ERRORS })])
    expect(reading).toMatchObject({
      kind: 'measured',
      quality: 'exact',
      buckets: [{ at: START, ...expected, value: null }],
    })
  })

  test.each<[string, readonly object[], RegExp]>([
    ['no series', [], /^refused: no series http_requests_total with revision="shop--a".*wrong.*cannot tell/],
    ['only another revision', [errors('cart--b', '200', '9')], /^refused: no series/],
    ['NaN', [errors('shop--a', '200', 'NaN')], /^malformed: .*value NaN/],
    ['infinity', [errors('shop--a', '200', '+Inf')], /^malformed: .*value Infinity/],
    ['a negative increase', [errors('shop--a', '200', '-1')], /^malformed: .*value -1/],
    ['a status that is none', [errors('shop--a', 'OK', '5')], /^malformed: the label status holds "OK"/],
    [
      'no status',
      [{ metric: { revision: 'shop--a' }, values: [[at(1), '5']] }],
      /^malformed: the label status holds ""/,
    ],
  ])('are missing: %s', async (_, series, why) => {
    const { metrics } = fake(() => series)
    expect(whyOf((await metrics.read([query({ kpi: ERRORS })]))[0])).toMatch(why)
  })

  test('of a sick revision do not harm its neighbour', async () => {
    const { metrics } = fake(() => [errors('shop--a', '200', 'NaN'), errors('cart--b', '200', '9')])
    const readings = await metrics.read([query({ kpi: ERRORS }), query({ kpi: ERRORS, revision: 'cart--b' })])
    expect(readings.map((reading) => reading.kind)).toEqual(['missing', 'measured'])
  })

  test('of other times, and beside the buckets, are left out', async () => {
    const values = [0, 1, 2.5, 5, 6].map((minute) => [at(minute), '3'])
    const { metrics } = fake(() => [{ metric: { revision: 'shop--a', status: '200' }, values }])
    const [reading] = await metrics.read([query({ kpi: ERRORS })])
    expect(reading).toMatchObject({ buckets: [{ at: START }, { at: START + 4 * MINUTE }] })
  })
})

describe('latency', () => {
  test.each<[string, readonly object[], RegExp]>([
    ['no +Inf bucket', [bucket('0.2', '5')], /^malformed: .*no bucket \+Inf/],
    ['a bucket without a bound', [{ metric: { revision: 'shop--a' }, values: [[at(1), '5']] }], /no bucket \+Inf/],
    [
      'no finite bound above the limit',
      [bucket('0.1', '5'), bucket('+Inf', '5')],
      /^refused: .*no finite bound at or above the limit of 0.2 s/,
    ],
    ['no series', [], /^refused: no series http_request_duration_seconds_bucket/],
  ])('is missing: %s', async (_, series, why) => {
    const { metrics } = fake(() => series)
    expect(whyOf((await metrics.read([query({ kpi: P95 })]))[0])).toMatch(why)
  })

  test('takes a bound that was rounded otherwise for the same bound', async () => {
    const { metrics } = fake(() => [bucket('0.3', '40'), bucket('0.30000000000000004', '40'), bucket('+Inf', '80')])
    const [reading] = await metrics.read([query({ kpi: latency({ source, limitMs: 300 }) })])
    expect(reading).toMatchObject({ quality: 'exact', buckets: [{ bad: 0, total: 80 }] })
  })

  test('never counts fewer than none as slow, should two scrapes race', async () => {
    const { metrics } = fake(() => [bucket('0.2', '7'), bucket('+Inf', '5')])
    expect((await metrics.read([query({ kpi: P95 })]))[0]).toMatchObject({ buckets: [{ bad: 0, total: 5 }] })
  })
})

test('bad is never more than total, and both are whole, whatever the counters hold', async () => {
  const share = fc.double({ min: 0, max: 1e6, noNaN: true })
  await fc.assert(
    fc.asyncProperty(share, share, share, async (fine, failed, late) => {
      const { metrics } = fake((text) => {
        if (text.includes('_bucket')) return [bucket('0.2', String(fine)), bucket('+Inf', String(fine + late))]
        if (text.includes('refused')) return [half('bad', String(failed)), half('total', String(fine))]
        return [errors('shop--a', '200', String(fine)), errors('shop--a', '500', String(failed))]
      })
      const queries = [ERRORS, P95, ratio({ source })].map((kpi) => query({ kpi }))
      for (const reading of await metrics.read(queries)) {
        if (reading.kind !== 'measured') throw new Error(reading.why)
        for (const { bad, total } of reading.buckets) {
          expect([Number.isInteger(bad), Number.isInteger(total), bad <= total]).toEqual([true, true, true])
        }
      }
    }),
  )
})

describe('a query that cannot be asked', () => {
  test.each<[string, Partial<Query>, RegExp]>([
    ['no server', { environment: 'nowhere' }, /^unset: .*environment nowhere.*prometheusUrl.*SLIPWAY_ENVIRONMENTS/],
    ['a server that is no URL', { environment: 'broken' }, /^unset: .*no http\(s\) URL/],
    ['a server with a password', { environment: 'secret' }, /^unset: .*without credentials/],
    ['a server with a password only', { environment: 'token' }, /^unset: .*without credentials/],
    ['another source', { kpi: errorRate() }, /^refused: .*azure-logs, not by Prometheus/],
    ['no counters', { kpi: ratio({ source: SOURCES.prometheus }) }, /^refused: .*names no counters/],
    ['no gauge', { kpi: gauge({ source: SOURCES.prometheus }) }, /^refused: .*add gauge/],
    ['too many buckets', { bucketMs: 1 }, /^refused: .*300000 buckets are more/],
    [
      'names that are none',
      { kpi: errorRate({ source: { ...source, names: { ...NAMES, requests: 'up}' } } }) },
      /^refused: .*"up}" is no name/,
    ],
  ])('%s', async (_, over, why) => {
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
}

function fake(series: (text: string) => readonly object[]) {
  const sent: Sent[] = []
  const send: typeof fetch = async (url, init) => {
    const text = new URLSearchParams(String(init?.body)).get('query') ?? ''
    sent.push({ url: String(url), text })
    return Response.json({ status: 'success', data: { resultType: 'matrix', result: series(text) } })
  }
  return { sent, metrics: createPrometheus({ urlOf: (environment) => URLS[environment] ?? null, fetch: send }) }
}

function names(text: string): readonly string[] {
  return /=~"([^"]*)"/.exec(text)?.[1]?.split('|') ?? []
}

function span(text: string): string | undefined {
  return /\[\d+m?s:\d+m?s\]/.exec(text)?.[0]
}

function form(text: string): string {
  return text.slice(0, text.indexOf(')') + 1)
}

/** The end of a minute after START, as Prometheus writes times. */
function at(minute: number): number {
  return (START + minute * MINUTE) / 1000
}

function errors(revision: string, status: string, value: string): object {
  return { metric: { revision, status }, values: [[at(1), value]] }
}

function bucket(le: string, value: string): object {
  return { metric: { revision: 'shop--a', le }, values: [[at(1), value]] }
}

function half(name: 'bad' | 'total', value: string): object {
  return { metric: { revision: 'shop--a', slipway_half: name }, values: [[at(1), value]] }
}

function whyOf(reading: Reading | undefined): string {
  return reading?.kind === 'missing' ? `${reading.silence}: ${reading.why}` : `measured: ${JSON.stringify(reading)}`
}
