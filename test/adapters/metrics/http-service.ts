import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttpMetrics, type HttpMetricsOptions } from '../../../lib/adapters/metrics/http.ts'
import type { Query, Reading } from '../../../lib/core/judge/reading.ts'
import type { Kpi } from '../../../lib/core/service.ts'
import { errorRate, MINUTE, query, START } from './queries.ts'

const closers: (() => void)[] = []

/** Stops every server that was started here. */
export function closeAll(): void {
  for (const close of closers.splice(0)) close()
}

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly authorization: string | undefined
  readonly type: string | undefined
  readonly agent: string | undefined
  readonly body: string
}

export async function service(answer: () => string): Promise<{ readonly origin: string; readonly seen: Seen[] }> {
  const seen: Seen[] = []
  const { origin } = await serve(async (request, response) => {
    seen.push(await sightOf(request))
    response.end(answer())
  })
  return { origin, seen }
}

async function sightOf(request: IncomingMessage): Promise<Seen> {
  const { method, url, headers } = request
  const { authorization, 'content-type': type, 'user-agent': agent } = headers
  return { method, url, authorization, type, agent, body: Buffer.concat(await request.toArray()).toString() }
}

export async function serve(listener: RequestListener): Promise<{ readonly origin: string }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** The clock stands three and a half minutes after START. */
export function metrics(origin: string, over: Partial<HttpMetricsOptions> = {}) {
  return createHttpMetrics({
    originsOf: (environment) => (environment === 'production' ? { [origin]: ['kpi-token'] } : {}),
    secretOf: async () => 's3cret',
    now: () => START + 3.5 * MINUTE,
    timeoutMs: 30_000,
    ...over,
  })
}

export function recorded(over: Partial<HttpMetricsOptions> = {}) {
  const sent: (string | null)[] = []
  const send: typeof fetch = async (_, init) => {
    sent.push(new Headers(init?.headers).get('authorization'))
    return new Response('{"readings":[]}')
  }
  const source = metrics('https://kpi.example', { fetch: send, ...over })
  const read = async (of: Kpi['source']) => (await source.read([query({ kpi: errorRate({ source: of }) })]))[0]
  return { read, sent }
}

export function kpiAt(origin: string, kind: (over: { source: Kpi['source'] }) => Kpi = errorRate): Kpi {
  return kind({ source: { kind: 'http', url: `${origin}/kpi`, secret: 'kpi-token' } })
}

export async function readAt(origin: string, over: Partial<HttpMetricsOptions> = {}): Promise<Reading | undefined> {
  const asked: Query = query({ id: 'a', kpi: kpiAt(origin) })
  return (await metrics(origin, over).read([asked]))[0]
}

export async function readFrom(
  answer: unknown,
  over: Partial<HttpMetricsOptions> = {},
  kind: (over: { source: Kpi['source'] }) => Kpi = errorRate,
) {
  const origin = 'https://kpi.example'
  const send = async () => new Response(typeof answer === 'string' ? answer : JSON.stringify(answer))
  return (await metrics(origin, { fetch: send, ...over }).read([query({ id: 'a', kpi: kpiAt(origin, kind) })]))[0]
}
