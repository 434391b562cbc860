import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPrometheus } from '../../lib/adapters/metrics/prometheus.ts'
import type { Bucket, Query, Reading } from '../../lib/core/judge/reading.ts'
import type { PrometheusNames } from '../../lib/core/service.ts'
import { errorRate, gauge, latency, NAMES, query, ratio, SOURCES, START } from '../adapters/metrics/queries.ts'
import { missingParts, PROMETHEUS } from '../support/parts.ts'
import { type PastSeries, type PrometheusServer, startPrometheusAfter } from '../support/prometheus.ts'

const without = missingParts(PROMETHEUS)
const skipped = without === null ? '' : ` (skipped: ${without})`
const SLOW = latency({ source: SOURCES.prometheus, limitMs: 1000 })

describe.skipIf(without !== null)(`series that share a real Prometheus server${skipped}`, { timeout: 120_000 }, () => {
  let server: PrometheusServer

  beforeAll(async () => {
    server = await startPrometheusAfter(PAST)
  }, 120_000)
  afterAll(async () => server?.stop())

  async function readAll(...over: readonly Partial<Query>[]): Promise<readonly Reading[]> {
    const metrics = createPrometheus({ urlOf: () => server.url, timeoutMs: 60_000 })
    return metrics.read(over.map((one) => query(one)))
  }

  test('replicas that write one bound in two ways are added up, and nobody is slow who was not', async () => {
    const [exact, coarse] = await readAll(
      { revision: 'written--a', kpi: SLOW },
      { revision: 'written--a', kpi: latency({ source: SOURCES.prometheus, limitMs: 900 }) },
    )
    const buckets = [{ at: START, bad: 0, total: 80, value: null }]
    expect(exact).toMatchObject({ kind: 'measured', quality: 'exact', buckets })
    expect(coarse).toMatchObject({ kind: 'measured', quality: 'approximate', buckets })
  })

  test('environments with revisions of one name are told apart by their labels, whatever those hold', async () => {
    const names = [{}, { environment: 'production' }, { environment: HOSTILE }, { environment: 'other' }].map(
      (labels): PrometheusNames => ({ ...NAMES, labels }),
    )
    const kpis = names.map((one) => errorRate({ source: { ...SOURCES.prometheus, names: one } }))
    const readings = await readAll(...kpis.map((kpi) => ({ revision: 'shop--1-abc', kpi })))
    expect(readings.map((one) => (one.kind === 'measured' ? one.buckets.map(counts) : one.silence))).toEqual([
      [[50, 150]],
      [[0, 100]],
      [[50, 50]],
      'refused',
    ])
  })

  test('every form of query is kept to its labels', async () => {
    const names = { ...NAMES, labels: { environment: 'production' } }
    const source = { ...SOURCES.prometheus, names, counters: { bad: 'bad_total', total: 'all_total' }, gauge: 'depth' }
    const kpis = [latency({ source, limitMs: 1000 }), ratio({ source }), gauge({ source })]
    const readings = await readAll(...kpis.map((kpi) => ({ revision: 'shop--1-abc', kpi })))
    expect(readings).toMatchObject([
      { quality: 'exact', buckets: [{ bad: 0, total: 100 }] },
      { buckets: [{ bad: 0, total: 100 }] },
      { buckets: [{ value: 100 }] },
    ])
  })
})

/** Two samples, before START and in the first minute after it. */
function series(name: string, labels: string, before: number, after: number): PastSeries {
  return {
    series: `${name}{${labels},job="j"}`,
    samples: [
      [START - 5000, before],
      [START + 55_000, after],
    ],
  }
}

const written = (replica: string, le: string) =>
  series(`${NAMES.duration}_bucket`, `revision="written--a",instance="${replica}",le="${le}"`, 100, 140)

const HOSTILE = '"} or up #\\ é'

/** One environment's series of a revision that another environment has too. */
function environment(name: string, status: string, good: number, all: number): readonly PastSeries[] {
  const labels = `revision="shop--1-abc",environment="${name.replace(/["\\]/g, '\\$&')}"`
  return [
    series(NAMES.requests, `${labels},status="${status}"`, 0, all),
    series(`${NAMES.duration}_bucket`, `${labels},le="1"`, 0, good),
    series(`${NAMES.duration}_bucket`, `${labels},le="+Inf"`, 0, all),
    series('bad_total', labels, 0, all - good),
    series('all_total', labels, 0, all),
    series('depth', labels, 0, name === 'production' ? all : 999),
  ]
}

function counts({ bad, total }: Bucket): readonly number[] {
  return [bad, total]
}

const PAST: readonly PastSeries[] = [
  written('1', '0.5'),
  written('1', '1'),
  written('1', '+Inf'),
  written('2', '0.50'),
  written('2', '1.0'),
  written('2', '+Inf'),
  ...environment('production', '200', 100, 100),
  ...environment(HOSTILE, '500', 0, 50),
]
