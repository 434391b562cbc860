import { createServer, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe } from 'vitest'
import { createPrometheus } from '../../lib/adapters/metrics/prometheus.ts'
import type { Silence } from '../../lib/core/judge/reading.ts'
import type { Source } from '../../lib/core/service.ts'
import { errorRate, gauge, latency, MINUTE, NAMES, ratio, SOURCES, START, uptime } from '../adapters/metrics/queries.ts'
import { missingParts, PROMETHEUS } from '../support/parts.ts'
import { type PastSeries, type PrometheusServer, startPrometheusAfter } from '../support/prometheus.ts'
import { type Happened, metricsContract, type OpenMetrics } from './metrics.contract.ts'

const source: Source = {
  ...SOURCES.prometheus,
  counters: { bad: 'orders_refused_total', total: 'orders_total' },
  gauge: 'queue_length',
}
const without = missingParts(PROMETHEUS)

describe.skipIf(without !== null)(
  `metrics from a real Prometheus server${without === null ? '' : ` (skipped: ${without})`}`,
  { timeout: 120_000 },
  () => {
    metricsContract({
      kpis: [latency({ source }), errorRate({ source }), uptime({ source }), ratio({ source }), gauge({ source })],
      refuses: [
        ratio({ source: SOURCES.prometheus }),
        gauge({ source: SOURCES.prometheus }),
        latency({ source, limitMs: 60_000 }),
      ],
      bucketMs: MINUTE,
      from: START,
      counts: 'exact',
      idle: 'zero',
      stranger: 'missing',
      callsPerRead: 4,
      troubles: {
        down: /unavailable \(HTTP 503\).*next look/,
        throttled: /throttling us.*next look/,
        denied: /refused us.*allow Slipway/,
        partial: /only a part, which is not counted/,
        malformed: /no query result.*prometheusUrl/,
        late: /no answer within 200 ms/,
        unset: /add prometheusUrl.*SLIPWAY_ENVIRONMENTS/,
      },
      open: async (happened) => openOn(await startPrometheusAfter(past(happened))),
    })
  },
)

async function openOn(server: PrometheusServer): Promise<OpenMetrics> {
  const front = await listen(server.url)
  const usual = createPrometheus({ urlOf: () => front.url, timeoutMs: 60_000 })
  return {
    metrics: usual,
    calls: front.calls,
    meet: (silence) => {
      front.meet(silence)
      if (silence === 'late') return createPrometheus({ urlOf: () => front.url, timeoutMs: 200 })
      return silence === 'unset' ? createPrometheus({ urlOf: () => null }) : usual
    },
    heal: () => front.meet(null),
    close: async () => {
      front.close()
      await server.stop()
    },
  }
}

/** A proxy before the server that counts the calls, and can answer as a server in trouble does. */
async function listen(behind: string) {
  let calls = 0
  let trouble: Silence | null = null
  const server = createServer((request, response) => {
    calls += 1
    if (trouble !== null) return answerInTrouble(trouble, response)
    const { method, headers } = request
    const passed = send(`${behind}${request.url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    meet: (silence: Silence | null) => {
      trouble = silence
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function answerInTrouble(trouble: Silence, response: ServerResponse): void {
  if (trouble === 'late') return
  const status = { down: 503, throttled: 429, denied: 403 }[trouble as string] ?? 200
  const empty = { status: 'success', data: { resultType: 'matrix', result: [] } }
  const body = trouble === 'partial' ? JSON.stringify({ ...empty, warnings: ['remote read failed'] }) : '<html>'
  response.writeHead(status).end(body)
}

const BOUNDS = ['0.05', '0.1', '0.2', '0.5', '+Inf'] as const

/** Samples every 20 s, the third of each bucket five seconds before its end; counters that began long before. */
function past(happened: readonly Happened[]): readonly PastSeries[] {
  const revisions = [...Map.groupBy(happened, ({ revision }) => revision)]
  return revisions.flatMap(([revision, own]) => {
    const labels = `revision="${revision}",job="services",instance="${revision}:8000"`
    const counter = (name: string, more: string, begin: number, adds: (one: Happened) => number): PastSeries => ({
      series: `${name}{${labels}${more}}`,
      samples: samples(own, begin, adds),
    })
    return [
      counter(NAMES.requests, ',status="200"', 5000, ({ good, slow }) => good + slow),
      counter(NAMES.requests, ',status="503"', 7, ({ failed }) => failed),
      ...BOUNDS.map((le) =>
        counter(`${NAMES.duration}_bucket`, `,le="${le}"`, 5007, ({ good, failed, slow }) =>
          Number(le) <= 0.2 ? good + failed : good + failed + slow,
        ),
      ),
      counter('orders_total', '', 900, ({ good, failed, slow }) => good + failed + slow),
      counter('orders_refused_total', '', 30, ({ failed }) => failed),
      { series: `queue_length{${labels}}`, samples: own.map(({ at, gauge }) => [at + 55_000, gauge] as const) },
    ]
  })
}

function samples(own: readonly Happened[], begin: number, adds: (one: Happened) => number): PastSeries['samples'] {
  const first = own[0] as Happened
  let sum = begin
  const after = own.flatMap((one) => {
    const before = sum
    sum += adds(one)
    return [
      [one.at + 15_000, before],
      [one.at + 35_000, before + Math.floor(adds(one) / 2)],
      [one.at + 55_000, sum],
    ] as const
  })
  return [[first.at - 25_000, begin], [first.at - 5_000, begin], ...after]
}
