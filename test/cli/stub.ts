import { createServer, type IncomingMessage } from 'node:http'
import type { ListOf, ProblemView, ServiceView } from '../../lib/api.ts'
import type { Evidence } from '../../lib/core/judge/verdict.ts'
import { type Said, slipway } from './run.ts'

/** A request as the stub received it. */
export interface Received {
  readonly method: string
  /** Below `/api`, without its query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What the stub answers; a body that is no text is sent as JSON. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** A service on loopback that stands in for Slipway, and the command beside it. */
export interface Stub {
  readonly url: string
  readonly received: Received[]
  /** Requests with a method that changes something. */
  changes(): readonly Received[]
  /** Runs the command against it, with a token. */
  run(args: readonly string[], more?: Parameters<typeof slipway>[1]): Promise<Said>
}

export const TOKEN = 'a-token-that-nobody-may-see'

/** Opens a stub that answers what `answer` says (null = 404), and closes it after the work. */
export async function withStub<T>(
  answer: (received: Received) => Reply | null | Promise<Reply | null>,
  work: (stub: Stub) => Promise<T>,
): Promise<T> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const one = await receivedOf(request)
    received.push(one)
    const { status = 200, headers = {}, body } = (await answer(one)) ?? notFound(one.path)
    const type =
      typeof body === 'string' ? 'text/plain' : status < 400 ? 'application/json' : 'application/problem+json'
    response.writeHead(status, { 'content-type': type, ...headers })
    response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  const url = `http://127.0.0.1:${address.port}`
  try {
    return await work({
      url,
      received,
      changes: () => received.filter(({ method }) => method !== 'GET'),
      run: (args, more = {}) =>
        slipway(args, { ...more, env: { SLIPWAY_URL: url, SLIPWAY_TOKEN: TOKEN, TZ: 'UTC', ...more.env } }),
    })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

async function receivedOf(request: IncomingMessage): Promise<Received> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://stub')
  const { method = 'GET', headers } = request
  return {
    method,
    path: pathname.replace(/^\/api/, ''),
    query: searchParams,
    headers,
    body: Buffer.concat(parts).toString(),
  }
}

function notFound(path: string): Reply {
  return { status: 404, body: aProblem(404, 'not-found', `There is nothing at ${path}.`) }
}

/** A problem document as the service writes it. */
export function aProblem(status: number, kind: string, detail: string, errors?: ProblemView['errors']): ProblemView {
  const type = `https://slipway.dev/problems/${kind}`
  const problem = { type, title: kind, status, detail, instance: '/api/v1', requestId: 'request-17' }
  return errors === undefined ? problem : { ...problem, errors }
}

/** A list on one page. */
export function aList<T>(items: readonly T[], nextLink: string | null = null): ListOf<T> {
  return { items, nextLink }
}

export const DIGEST = `sha256:${'1febbce9'.repeat(8)}`

/** A service in its first step; `change` is laid over it. */
export function aView(change: Partial<ServiceView> = {}): ServiceView {
  return {
    service: 'pricing',
    environment: 'production',
    phase: 'progressing',
    outcome: null,
    rollout: 'pricing-7',
    tag: 'v2',
    digest: DIGEST,
    step: { number: 1, of: 3 },
    stable: 'pricing--r6-0a0b0c0d',
    canary: 'pricing--r7-1febbce9',
    weights: {
      wanted: { 'pricing--r6-0a0b0c0d': 90, 'pricing--r7-1febbce9': 10 },
      actual: { 'pricing--r6-0a0b0c0d': 95, 'pricing--r7-1febbce9': 5 },
    },
    what: 'pricing-7 (v2) is in step 1',
    why: 'inconclusive: p95: 2,400 more requests needed',
    next: 'step 2 of 3 with 50 % when the KPIs hold over the whole step',
    nextAt: '2026-11-21T10:14:56.000Z',
    nextInMs: 251_000,
    kpis: [anEvidence()],
    trouble: null,
    pending: [],
    manifestVersion: 3,
    gate: null,
    freeze: null,
    commands: ['promote', 'promote-full', 'pause', 'abort'],
    may: ['pause', 'abort'],
    etag: '"7-progressing-0"',
    ...change,
  }
}

/** What is known of the p95 of a canary so far. */
export function anEvidence(change: Partial<Evidence> = {}): Evidence {
  return {
    kpi: 'p95',
    role: 'required',
    source: 'azure-logs',
    from: 0,
    to: 60_000,
    revision: 'pricing--r7-1febbce9',
    query: 'ContainerAppHTTPLogs',
    bad: 31,
    total: 1000,
    value: 0.031,
    limit: 0.05,
    unit: 'ratio',
    interval: [0.019, 0.047],
    baseline: { bad: 29, total: 1000 },
    evalues: { absolute: 0.4, relative: 1.2, warmUp: 0, needed: 500, neededWarmUp: 50, support: 3, overDispersion: 1 },
    silent: null,
    provisional: false,
    approximate: false,
    missing: '2,400 more requests',
    passAt: null,
    verdict: 'inconclusive',
    because: 'p95: 2,400 more requests needed',
    ...change,
  }
}

/** Answers of a service that has one service, as `view` stands. */
export function aService(
  view: ServiceView | (() => ServiceView),
  more: (received: Received) => Reply | null = () => null,
) {
  return (received: Received): Reply | null => {
    const now = typeof view === 'function' ? view() : view
    const answered = more(received)
    if (answered !== null) return answered
    if (received.method !== 'GET') return null
    if (received.path === '/v1/services') return { body: aList([now]) }
    if (received.path === `/v1/services/${now.service}/status`) return { body: now, headers: { etag: now.etag } }
    return received.path === `/v1/services/${now.service}/rollouts` ? { body: aList([]) } : null
  }
}
