import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe } from 'vitest'
import { createHttpMetrics, type HttpMetricsOptions } from '../../lib/adapters/metrics/http.ts'
import type { Silence } from '../../lib/core/judge/reading.ts'
import type { Kpi, Source } from '../../lib/core/service.ts'
import { Fault } from '../../lib/errors.ts'
import { errorRate, gauge, latency, MINUTE, ratio, START, uptime } from '../adapters/metrics/queries.ts'
import { freePort } from '../support/ports.ts'
import { type Happened, metricsContract, type OpenMetrics } from './metrics.contract.ts'

const TOKEN = 'open-sesame'
const port = await freePort()
const origin = `http://127.0.0.1:${port}`
const source: Source = { kind: 'http', url: `${origin}/kpi`, secret: 'kpi-token' }

describe('metrics from a service over HTTP', { timeout: 60_000 }, () => {
  metricsContract({
    kpis: [latency({ source }), errorRate({ source }), uptime({ source }), ratio({ source }), gauge({ source })],
    refuses: [
      errorRate({ source: { ...source, url: 'http://127.0.0.1:1/kpi' } }),
      errorRate({ source: { ...source, url: `https://127.0.0.1:${port}/kpi` } }),
      errorRate({ source: { ...source, secret: 'slipway-hook-keys' } }),
    ],
    bucketMs: MINUTE,
    from: START,
    counts: 'exact',
    idle: 'zero',
    stranger: 'missing',
    callsPerRead: 1,
    troubles: {
      down: /unavailable \(HTTP 503.*next look/,
      throttled: /throttling us.*next look/,
      denied: /refused us \(HTTP 401\).*secret/,
      partial: /says why: the warehouse is shut/,
      malformed: /not JSON/,
      late: /no answer within 200 ms/,
      unset: /kpi-token.*store it in Key Vault/,
    },
    open,
  })
})

async function open(happened: readonly Happened[]): Promise<OpenMetrics> {
  let calls = 0
  let trouble: Silence | null = null
  const server = createServer((request, response) => {
    calls += 1
    void answer(happened, trouble, request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const create = (over: Partial<HttpMetricsOptions> = {}) =>
    createHttpMetrics({
      originsOf: () => ({ [new URL(origin).origin]: ['kpi-token'] }),
      secretOf: async () => TOKEN,
      ...over,
    })
  const usual = create()
  return {
    metrics: usual,
    calls: () => calls,
    meet: (silence) => {
      trouble = silence
      if (silence === 'late') return create({ timeoutMs: 200 })
      const secretOf = async () => {
        throw new Fault('not-found', 'the vault has no such secret')
      }
      return silence === 'unset' ? create({ secretOf }) : usual
    },
    heal: () => {
      trouble = null
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** What a team would write: look up the minutes between two times, and count. */
async function answer(
  happened: readonly Happened[],
  trouble: Silence | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (trouble === 'late') return
  const status = { down: 503, throttled: 429, denied: 401 }[trouble as string] ?? 200
  const isKnown = request.headers.authorization === `Bearer ${TOKEN}` && request.method === 'POST'
  const { queries } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { queries: readonly Asked[] }
  const readings = queries.map((query) => ({ id: query.id, ...readingOf(happened, query, trouble) }))
  response.writeHead(isKnown ? status : 401, { 'content-type': 'application/json' })
  response.end(trouble === 'malformed' ? '<html>' : JSON.stringify({ version: 1, readings }))
}

interface Asked {
  readonly id: string
  readonly revision: string
  readonly kind: Kpi['kind']
  readonly limitMs?: number
  readonly from: string
  readonly to: string
}

function readingOf(
  happened: readonly Happened[],
  { revision, kind, from, to }: Asked,
  trouble: Silence | null,
): object {
  if (trouble === 'partial') return { missing: 'the warehouse is shut' }
  const own = happened.filter((one) => one.revision === revision)
  if (own.length === 0) return { missing: `nobody knows ${revision}` }
  const within = own.filter(({ at }) => at >= Date.parse(from) && at < Date.parse(to))
  const buckets = within.map(({ at, good, failed, slow, gauge: value }) => {
    if (kind === 'gauge') return { at, value }
    return { at: new Date(at).toISOString(), bad: kind === 'latency' ? slow : failed, total: good + failed + slow }
  })
  return { buckets }
}
