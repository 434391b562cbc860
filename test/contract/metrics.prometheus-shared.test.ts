import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPrometheus } from '../../lib/adapters/metrics/prometheus.ts'
import type { Query, Reading } from '../../lib/core/judge/reading.ts'
import { latency, NAMES, query, SOURCES, START } from '../adapters/metrics/queries.ts'
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

const PAST: readonly PastSeries[] = [
  written('1', '0.5'),
  written('1', '1'),
  written('1', '+Inf'),
  written('2', '0.50'),
  written('2', '1.0'),
  written('2', '+Inf'),
]
