import { describe } from 'vitest'
import { createProbe } from '../../lib/adapters/metrics/probe.ts'
import { type Listening, listen, send, text } from '../../sim/azure/serve.ts'
import { createLocalTls } from '../../sim/azure/tls.ts'
import { errorRate, gauge, latency, MINUTE, ratio, SOURCES, START, uptime } from '../adapters/metrics/queries.ts'
import { metricsContract, type OpenMetrics } from './metrics.contract.ts'

const source = SOURCES.probe
const tls = await createLocalTls()
const servers = new Map<string, Listening>()

describe('metrics from probes', { timeout: 60_000 }, () => {
  metricsContract({
    kpis: [latency({ source }), errorRate({ source }), uptime({ source })],
    refuses: [ratio({ source }), gauge({ source })],
    bucketMs: MINUTE,
    from: START,
    counts: 'shape',
    idle: 'any',
    stranger: 'missing',
    callsPerRead: 4 * source.count,
    troubles: { down: /did not reach its ingress \(SELF_SIGNED_CERT_IN_CHAIN\).*network/, late: /had no turn in time/ },
    also: (revision) => ({ host: servers.get(revision)?.url.replace('https://', '') ?? null }),
    open: async (happened) => open([...new Set(happened.map(({ revision }) => revision))]),
  })
})

async function open(revisions: readonly string[]): Promise<OpenMetrics> {
  let calls = 0
  for (const revision of revisions) {
    const handler = listen((_, response) => {
      calls += 1
      send(response, text(200, 'well'))
    }, tls)
    servers.set(revision, await handler)
  }
  const usual = { now: () => START + 2.5 * MINUTE, gapMs: 5, tls: { ca: tls.ca } }
  return {
    metrics: createProbe(usual),
    calls: () => calls,
    meet: (silence) => createProbe(silence === 'late' ? { ...usual, sendMs: -1 } : { ...usual, tls: {} }),
    heal: () => {},
    close: async () => {
      for (const server of servers.values()) await server.close()
    },
  }
}
