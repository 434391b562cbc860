import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPrometheus } from '../../lib/adapters/metrics/prometheus.ts'
import type { Query, Reading } from '../../lib/core/judge/verdict.ts'
import type { Kpi } from '../../lib/core/service.ts'
import { errorRate, latency, NAMES, query } from '../adapters/metrics/queries.ts'
import { missingParts, PROMETHEUS } from '../support/parts.ts'
import { type PrometheusServer, startPrometheus } from '../support/prometheus.ts'

const HOSTILE = 'evil"} or vector(1) #\\.*|[x]{2}\n(end)'
const BOUNDS = ['0.05', '0.1', '0.2', '0.4', '+Inf'] as const
const LATENCY = latency({ source: 'prometheus', prometheus: NAMES })
const ERRORS = errorRate({ source: 'prometheus', prometheus: NAMES })

/** What one replica of a revision has counted: requests by status, and requests by bucket (not cumulative). */
interface Counters {
  readonly revision: string
  readonly requests: Record<string, number>
  readonly buckets: number[]
}

const missing = missingParts(PROMETHEUS)

describe.skipIf(missing !== null)(
  `metrics from a real Prometheus${missing === null ? '' : ` (skipped: ${missing})`}`,
  { timeout: 120_000 },
  () => {
    const replicas = [replica(), replica()]
    let prometheus: PrometheusServer
    let window: { readonly from: number; readonly to: number }

    beforeAll(async () => {
      for (const one of replicas) await one.listen()
      prometheus = await startPrometheus(replicas.map((one) => one.host()))
      await scraped(2)
      const from = Date.now() - 60_000
      for (let round = 0; round < 5; round += 1) {
        for (const one of replicas) one.work()
        await scraped(1)
      }
      replicas[0]?.restart('reset--a')
      await scraped(2)
      window = { from, to: Date.now() }
    }, 120_000)

    afterAll(async () => {
      await prometheus?.stop()
      for (const one of replicas) one.close()
    })

    /** Waits until both replicas were scraped so many times more, and the last scrape can be queried. */
    async function scraped(times: number): Promise<void> {
      const goals = replicas.map((one) => one.scrapes() + times + 1)
      while (replicas.some((one, place) => one.scrapes() < (goals[place] ?? 0))) await sleep(50)
    }

    function read(...wanted: readonly { revision: string; kpi: Kpi }[]): Promise<readonly Reading[]> {
      const queries: readonly Query[] = wanted.map((over) => query({ ...window, ...over }))
      return createPrometheus({ urlOf: () => prometheus.url, timeoutMs: 60_000 }).read(queries)
    }

    async function ask(text: string): Promise<readonly number[]> {
      const response = await fetch(`${prometheus.url}/api/v1/query?${new URLSearchParams({ query: text })}`)
      const body = (await response.json()) as { data: { result: { value: [number, string] }[] } }
      return body.data.result.map((series) => Number(series.value[1]))
    }

    test('errors are summed over replicas and statuses, for several revisions at once', async () => {
      const [sick, healthy] = await read(
        { revision: 'shop--sick', kpi: ERRORS },
        { revision: 'shop--fine', kpi: ERRORS },
      )
      expectNear(measured(sick).total, 1000)
      expectNear(measured(sick).bad, 100)
      expect(measured(sick).value).toBeCloseTo(0.1, 6)
      expectNear(measured(healthy).total, 1000)
      expect(measured(healthy)).toMatchObject({ bad: 0, value: 0, approximate: false })
    })

    test('slow requests are counted at the bound, and the percentile is what Prometheus itself computes', async () => {
      const [reading] = await read({ revision: 'shop--sick', kpi: LATENCY })
      const own = measured(reading)
      expectNear(own.total, 1000)
      expect(own.bad / own.total).toBeCloseTo(0.06, 2)
      expect(own.approximate).toBe(false)
      const [expected] = await ask(`histogram_quantile(0.95, ${own.query})`)
      expect(own.value).toBeCloseTo((expected ?? 0) * 1000, 6)
      expect(own.value).toBeCloseTo(236.3636, 3)
    })

    test('a limit between two bounds is counted at the upper one and marked as approximate', async () => {
      const [reading] = await read({ revision: 'shop--sick', kpi: latency({ ...LATENCY, limitMs: 150 } as object) })
      expect(measured(reading).bad / measured(reading).total).toBeCloseTo(0.06, 2)
      expect(measured(reading).approximate).toBe(true)
    })

    test('the query of a reading gives the same figures when it is run again later', async () => {
      const [reading] = await read({ revision: 'shop--sick', kpi: ERRORS })
      const before = await ask(measured(reading).query)
      await scraped(2)
      expect(await ask(measured(reading).query)).toEqual(before)
      expect(Math.round(before.reduce((sum, value) => sum + value, 0))).toBe(measured(reading).total)
    })

    test('a counter that starts again from zero loses nothing that was scraped', async () => {
      const [reading] = await read({ revision: 'reset--a', kpi: ERRORS })
      expectNear(measured(reading).total, 1040)
    })

    test('a revision that is up and gets no requests has a total of 0', async () => {
      const readings = await read({ revision: 'idle--a', kpi: ERRORS }, { revision: 'idle--a', kpi: LATENCY })
      for (const reading of readings)
        expect(reading).toMatchObject({ kind: 'measured', bad: 0, total: 0, value: Number.NaN })
    })

    test('a revision without series is missing, because that may be a wrong name', async () => {
      const readings = await read({ revision: 'nobody--a', kpi: ERRORS }, { revision: 'nobody--a', kpi: LATENCY })
      for (const reading of readings) expect(whyOf(reading)).toMatch(/no series.*cannot tell/)
    })

    test('a hostile revision name finds its own series and nothing else', async () => {
      const [own, fine] = await read({ revision: HOSTILE, kpi: ERRORS }, { revision: 'shop--fine', kpi: ERRORS })
      expectNear(measured(own).total, 50)
      expectNear(measured(fine).total, 1000)
    })

    test.each(['.*', 'shop--sick|shop--fine', '"} or vector(1) #', '', 'shop--.ine', '\u0000', '\\'])(
      'the revision name %j never becomes a pattern or a query',
      async (revision) => {
        const [reading, fine] = await read({ revision, kpi: ERRORS }, { revision: 'shop--fine', kpi: ERRORS })
        expect(whyOf(reading)).toMatch(/no series/)
        expectNear(measured(fine).total, 1000)
      },
    )

    test('a refusal of the server comes through with its words', async () => {
      const huge = { from: window.to - 500 * 365 * 86_400_000 }
      const metrics = createPrometheus({ urlOf: () => prometheus.url, timeoutMs: 60_000 })
      const [reading] = await metrics.read([query({ ...window, ...huge, revision: 'shop--fine', kpi: ERRORS })])
      expect(whyOf(reading)).toMatch(/refused the query \(HTTP 400\): .*duration out of range/)
    })
  },
)

/** A service replica: what it has counted, served at `/metrics` as Prometheus reads it. */
function replica() {
  let scrapes = 0
  const all = ['shop--sick', 'shop--fine', 'idle--a', 'reset--a', HOSTILE].map((revision) => fresh(revision))
  const server: Server = createServer((_, response) => {
    scrapes += 1
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(exposition(all))
  })
  return {
    scrapes: () => scrapes,
    host: () => `127.0.0.1:${(server.address() as AddressInfo).port}`,
    listen: () => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
    /** A fifth of this replica's share of the traffic. */
    work() {
      for (const { revision, requests, buckets } of all) {
        if (revision === 'idle--a') continue
        const share = revision === HOSTILE ? 0.05 : 1
        const bad = revision === 'shop--sick' ? 10 : 0
        requests['200'] = (requests['200'] ?? 0) + (100 - bad) * share
        requests['500'] = (requests['500'] ?? 0) + bad * share
        const spread = [50, 30, 14, 5.5, 0.5]
        spread.forEach((count, place) => {
          buckets[place] = (buckets[place] ?? 0) + count * share
        })
      }
    },
    /** The revision's process starts anew, and has served 40 requests since. */
    restart(revision: string) {
      const place = all.findIndex((counters) => counters.revision === revision)
      all[place] = { ...fresh(revision), requests: { '200': 40, '500': 0 } }
    },
  }
}

function fresh(revision: string): Counters {
  return { revision, requests: { '200': 0, '500': 0 }, buckets: BOUNDS.map(() => 0) }
}

function exposition(all: readonly Counters[]): string {
  return all
    .flatMap(({ revision, requests, buckets }) => {
      const label = `revision="${revision.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
      const statuses = Object.entries(requests).map(
        ([status, count]) => `${NAMES.requests}{${label},status="${status}"} ${count}`,
      )
      let sum = 0
      const bounds = BOUNDS.map((le, place) => {
        sum += buckets[place] ?? 0
        return `${NAMES.duration}_bucket{${label},le="${le}"} ${sum}`
      })
      return [...statuses, ...bounds]
    })
    .map((line) => `${line}\n`)
    .join('')
}

function measured(reading: Reading | undefined): Extract<Reading, { kind: 'measured' }> {
  if (reading?.kind !== 'measured') throw new Error(`not measured: ${whyOf(reading)}`)
  return reading
}

function whyOf(reading: Reading | undefined): string {
  return reading?.kind === 'missing' ? reading.why : `measured: ${JSON.stringify(reading)}`
}

/** `increase()` extrapolates to the edges of what was scraped: never less than was counted, at most half as much again. */
function expectNear(actual: number, counted: number): void {
  expect(actual).toBeGreaterThanOrEqual(counted - 1)
  expect(actual).toBeLessThanOrEqual(counted * 1.5)
}
