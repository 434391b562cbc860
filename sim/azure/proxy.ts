import { randomUUID } from 'node:crypto'
import { request as ask, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Clock } from '../../lib/ports.ts'
import type { AccessLog, AccessRecord } from './access-log.ts'
import { send, text } from './serve.ts'
import type { Upstream } from './upstreams.ts'

/** Where one request goes, or why it goes nowhere. */
export type Route =
  | { readonly kind: 'forward'; readonly upstream: Upstream }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

/** An answer of ingress itself, with Envoy's words for the access log. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly flags: string
  readonly details: string
}

/** No active revision is behind the name: https://github.com/microsoft/azure-container-apps/issues/301 */
export const STOPPED: Refusal = {
  status: 404,
  message: 'Error 404 - This Container App is stopped or does not exist.',
  flags: 'NR',
  details: 'route_not_found',
}

/** The revision was there but did not answer in time. */
export const TIMED_OUT: Refusal = {
  status: 504,
  message: 'upstream request timeout',
  flags: 'UT',
  details: 'response_timeout',
}

const BROKEN_OFF: Refusal = {
  status: 503,
  message: 'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
  flags: 'UC',
  details: 'upstream_reset_before_response_started{connection_termination}',
}

export interface ProxyOptions {
  readonly app: string
  readonly environmentName: string
  readonly clock: Clock
  readonly log: AccessLog
  readonly timeoutMs: number
  /** Name of the revision that gets the next request; empty where none has weight. */
  readonly choose: () => string
  /** How to get there; `isGone` tells whether the client has left, so that waiting may end. */
  readonly route: (revision: string, isGone: () => boolean) => Promise<Route>
}

interface Exchange {
  readonly options: ProxyOptions
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly id: string
  readonly revision: string
  readonly startedAt: number
  readonly started: number
  upstream: Upstream | null
  flags: string
  details: string
  sent: number
  received: number
}

/** Passes one request on to the revision it belongs to, streams the answer back, and logs it when it has ended. */
export async function proxy(options: ProxyOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange: Exchange = {
    options,
    request,
    response,
    id: randomUUID(),
    revision: options.choose(),
    startedAt: options.clock.now(),
    started: performance.now(),
    upstream: null,
    flags: '',
    details: '',
    sent: 0,
    received: 0,
  }
  response.once('close', () => options.log.append(recordOf(exchange)))
  const route = await options.route(exchange.revision, () => response.destroyed)
  if (response.destroyed) return
  if (route.kind === 'refuse') return refuse(exchange, route.refusal)
  exchange.upstream = route.upstream
  response.once('close', route.upstream.enter())
  forward(exchange, route.upstream)
}

function forward(exchange: Exchange, upstream: Upstream): void {
  const { request, response, options } = exchange
  const { host, port } = upstream.server
  const { method, url: path } = request
  const headers = forwarded(request, exchange.id)
  const passed = ask({ host: host.split(':')[0], port, method, path, headers, agent: upstream.agent }, (answer) => {
    clearTimeout(timer)
    exchange.details = 'via_upstream'
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers))
    answer.on('data', (part: Buffer) => {
      exchange.sent += part.length
    })
    answer.once('error', () => response.destroy())
    answer.pipe(response)
  })
  const timer = setTimeout(() => {
    refuse(exchange, TIMED_OUT)
    passed.destroy()
  }, options.timeoutMs)
  passed.once('error', () => {
    clearTimeout(timer)
    refuse(exchange, BROKEN_OFF)
  })
  response.once('close', () => {
    clearTimeout(timer)
    if (!response.writableFinished) passed.destroy()
  })
  request.on('data', (part: Buffer) => {
    exchange.received += part.length
  })
  request.pipe(passed)
}

/** Answers in the revision's place; where its answer has begun, all that is left is to break off. */
function refuse(exchange: Exchange, refusal: Refusal): void {
  const { request, response } = exchange
  if (response.destroyed || response.writableEnded) return
  request.resume()
  exchange.flags = refusal.flags
  exchange.details = refusal.details
  if (response.headersSent) {
    response.destroy()
    return
  }
  exchange.sent = Buffer.byteLength(refusal.message)
  send(response, text(refusal.status, refusal.message))
}

/** Headers that belong to one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)))
}

function forwarded(request: IncomingMessage, id: string): IncomingHttpHeaders {
  const isSecure = 'encrypted' in request.socket
  return {
    ...endToEnd(request.headers),
    'x-forwarded-for': request.socket.remoteAddress ?? '',
    'x-forwarded-proto': isSecure ? 'https' : 'http',
    'x-request-id': id,
  }
}

function recordOf(exchange: Exchange): AccessRecord {
  const { options, request, response } = exchange
  const isGone = !response.headersSent
  const upstream = exchange.upstream?.server ?? null
  return {
    TimeGenerated: options.clock.now(),
    StartTime: exchange.startedAt,
    ContainerAppName: options.app,
    RevisionName: exchange.revision,
    ReplicaName: upstream?.replica ?? '',
    EnvironmentName: options.environmentName,
    _ResourceId: `/subscriptions/sim/resourcegroups/sim/providers/microsoft.app/managedenvironments/${options.environmentName}`,
    Method: request.method ?? '',
    Path: request.url ?? '',
    Authority: request.headers.host ?? '',
    Protocol: `HTTP/${request.httpVersion}`,
    StatusCode: isGone ? 0 : response.statusCode,
    RequestDuration: Math.floor(performance.now() - exchange.started),
    ResponseFlags: response.writableFinished || exchange.flags !== '' ? exchange.flags : 'DC',
    ResponseCodeDetails: isGone ? 'downstream_remote_disconnect' : exchange.details,
    UpstreamRequestAttemptCount: upstream === null ? 0 : 1,
    UpstreamHost: upstream?.host ?? '',
    BytesSent: exchange.sent,
    BytesReceived: exchange.received,
    RequestId: exchange.id,
    ConnectionId: `${request.socket.remotePort ?? 0}`,
    UserAgent: request.headers['user-agent'] ?? '',
    XForwardedFor: String(request.headers['x-forwarded-for'] ?? ''),
  }
}
