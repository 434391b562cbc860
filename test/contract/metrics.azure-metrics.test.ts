import { MetricsClient } from '@azure/monitor-query-metrics'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAzureMetrics } from '../../lib/adapters/metrics/azure-metrics.ts'
import { METRICS_SCOPE } from '../../lib/adapters/metrics/azure-metrics-request.ts'
import type { Query } from '../../lib/core/judge/reading.ts'
import type { Metrics } from '../../lib/ports.ts'
import { createAccessLog } from '../../sim/azure/access-log.ts'
import { createMetricsServer, type MetricsFault } from '../../sim/azure/metrics.ts'
import { json, listen, type Reply, send, text } from '../../sim/azure/serve.ts'
import { handClock } from '../../sim/clock.ts'
import { errorRate, gauge, latency, MINUTE, query, ratio, SOURCES, START, uptime } from '../adapters/metrics/queries.ts'
import { requestAt } from '../sim/azure/requests.ts'
import { type Trust, trust } from '../sim/azure/trust.ts'
import { type Happened, metricsContract, type OpenMetrics } from './metrics.contract.ts'

const source = SOURCES.azureMetrics
const FAULTS: Readonly<Record<string, MetricsFault>> = { late: 'slow' }

describe('Azure Monitor as a source of metrics', { timeout: 60_000 }, () => {
  let local: Trust

  beforeAll(async () => {
    local = await trust()
  })
  afterAll(() => local.identity.close())

  metricsContract({
    kpis: [errorRate({ source }), uptime({ source }), errorRate({ source, name: 'refusals', alsoBad: [429] })],
    refuses: [latency({ source }), ratio({ source }), gauge({ source })],
    bucketMs: MINUTE,
    from: START,
    counts: 'exact',
    // The app as a whole is silent in this minute, so whether Azure has counted it is not known.
    idle: 'absent',
    // No requests in the minutes in which others had some, and nothing of the one in which nobody had any.
    stranger: 'any',
    callsPerRead: 1,
    troubles: {
      down: /unavailable.*HTTP 503, ServiceUnavailable.*asked again/,
      denied: /HTTP 401, AuthorizationFailed.*role "Monitoring Reader" on the subscription/,
      throttled: /throttling.*HTTP 429, TooManyRequests.*asked again.*17 s/,
      partial: /could not answer for shop \(InternalError.*not counted/,
      malformed: /could not be read.*report it/,
      late: /no answer within 50 ms.*asked again/,
      unset: /region of shop is not known yet.*look whether the app exists/,
    },
    open: (happened) => open(local, happened),
  })

  test.each<[string, Reply, string]>([
    ['an empty 503', text(503, ''), 'down'],
    ['a page of a proxy', text(502, '<html>Bad gateway</html>', 'text/html'), 'down'],
    ['an empty 403', text(403, ''), 'denied'],
    ['a page instead of figures', text(200, '<html></html>', 'text/html'), 'malformed'],
    ['an empty answer', text(200, ''), 'malformed'],
    ['JSON of another shape', json(200, { values: [{ value: [{}] }] }), 'malformed'],
    ['no values', json(200, {}), 'malformed'],
  ])('%s is what it is', async (_, reply, silence) => {
    const odd = await listen((request, response) => request.resume().on('end', () => send(response, reply)), local.tls)
    const readings = await createAzureMetrics({ clientFor: clientsOf(local), endpoint: odd.url }).read([
      query({ kpi: errorRate({ source }) }),
    ])
    await odd.close()
    expect(readings).toMatchObject([{ kind: 'missing', silence }])
  })
})

/** Opens the source on a server in whose log all this happened. */
async function open(local: Trust, happened: readonly Happened[]): Promise<OpenMetrics> {
  const log = createAccessLog()
  for (const record of happened.flatMap(recordsOf).sort((a, b) => a.TimeGenerated - b.TimeGenerated)) log.append(record)
  const clock = handClock(START + 10 * MINUTE)
  const find = () => ({ region: 'westeurope', log })
  const server = await createMetricsServer({ clock, tls: local.tls, accept: local.identity.accept, find })
  const clientFor = clientsOf(local)
  const source = (timeoutMs = 30_000) => createAzureMetrics({ clientFor, endpoint: server.endpoint, timeoutMs })
  return {
    metrics: source(),
    calls: () => server.calls.length,
    meet: (silence) => {
      if (silence === 'unset') return withoutRegion(source())
      server.faults.inject(FAULTS[silence] ?? (silence as MetricsFault))
      return source(silence === 'late' ? 50 : undefined)
    },
    heal: server.faults.clear,
    close: server.close,
  }
}

function clientsOf(local: Trust) {
  const options = { ...local.client, audience: METRICS_SCOPE }
  return (endpoint: string) => new MetricsClient(endpoint, local.credential, options)
}

function withoutRegion(metrics: Metrics): Metrics {
  const without = (query: Query): Query => ({ ...query, region: null })
  return { read: (queries) => metrics.read(queries.map(without)) }
}

function recordsOf({ revision, at, good, failed, slow }: Happened) {
  return Array.from({ length: good + failed + slow }, (_, place) =>
    requestAt(at + place * 1000, { RevisionName: revision, StatusCode: place < failed ? 503 : 200 }),
  )
}
