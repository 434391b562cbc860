import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../lib/ports.ts'
import { createFaultSwitch, type FaultSwitch } from './faults.ts'
import { type Question, type Resource, readQuestion } from './metrics-question.ts'
import type { MeasuredApp, Metric, Span } from './metrics-series.ts'
import { bearerOf, json, listen, type Reply, readText, type ServerCertificate, send, text, urlOf } from './serve.ts'

/**
 * `down`: 503. `denied`: 401, as for an identity without Monitoring Reader on the subscription. `throttled`: 429 with
 * Retry-After. `busy`: 529. `partial`: the first app's metric is answered with an error. `missing`: the first app is left
 * out. `malformed`: 200 with half a JSON text. `slow`: no answer before the server is closed.
 */
export type MetricsFault = 'down' | 'denied' | 'throttled' | 'busy' | 'partial' | 'missing' | 'malformed' | 'slow'

export interface MetricsServerOptions {
  readonly clock: Clock
  readonly tls: ServerCertificate
  /** Whether a bearer token is good for an audience. */
  readonly accept: (token: string | null, audience: string) => boolean
  /** A container app, or null where there is none; names come as they were asked. */
  readonly find: (subscription: string, resourceGroup: string, app: string) => MeasuredApp | null
}

/** A pretend Azure Monitor: the data plane that answers platform metrics of container apps, region by region. */
export interface MetricsServer {
  readonly url: string
  /** Where a region is asked: `{region}` stands for its name. */
  readonly endpoint: string
  readonly faults: FaultSwitch<MetricsFault>
  /** Calls that carried a good token, oldest first: how many apps each asked about, and its filter. */
  readonly calls: readonly { readonly region: string; readonly apps: number; readonly filter: string }[]
  /**
   * From now on requests appear only when they are this old, and minutes without any say 0 (`zero`, the default, also for
   * minutes that are not finished) or nothing.
   */
  setLag(ms: number, silence?: 'zero' | 'nothing'): void
  close(): Promise<void>
}

interface Monitor {
  readonly options: MetricsServerOptions
  readonly faults: FaultSwitch<MetricsFault>
  readonly calls: { region: string; apps: number; filter: string }[]
  lagMs: number
  silence: 'zero' | 'nothing'
}

/** Where the tokens of the metrics data plane are good. */
export const METRICS_AUDIENCE = 'https://metrics.monitor.azure.com'

const MINUTE_MS = 60_000

/**
 * Serves `POST /{region}/subscriptions/{id}/metrics:getBatch`, also without the region, over TLS, as `@azure/monitor-query-metrics` calls it. Formats:
 * https://github.com/Azure/azure-rest-api-specs/tree/main/specification/monitor/data-plane/Insights/stable/2024-02-01
 */
export async function createMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const monitor: Monitor = { options, faults: createFaultSwitch(), calls: [], lagMs: 0, silence: 'zero' }
  const listening = await listen((request, response) => {
    answer(monitor, request).then(
      (reply) => reply !== null && send(response, reply),
      () => cut(response),
    )
  }, options.tls)
  return {
    url: listening.url,
    endpoint: `${listening.url}/{region}`,
    faults: monitor.faults,
    calls: monitor.calls,
    setLag: (ms, silence = 'zero') => {
      if (!(ms >= 0)) throw new RangeError(`a lag must not be negative: ${ms}`)
      monitor.lagMs = ms
      monitor.silence = silence
    },
    close: listening.close,
  }
}

function cut(response: ServerResponse): void {
  response.destroy()
}

/** The reply; null where none is to be given. */
async function answer(monitor: Monitor, request: IncomingMessage): Promise<Reply | null> {
  const body = await readText(request)
  if (!monitor.options.accept(bearerOf(request), METRICS_AUDIENCE)) {
    return refuse(401, 'InvalidAuthenticationToken', 'The access token is invalid for this resource.')
  }
  const url = urlOf(request)
  const [, region, subscription] =
    /^(?:\/([a-z0-9]+))?\/subscriptions\/([^/]+)\/metrics:getBatch$/.exec(url.pathname) ?? []
  const fault = monitor.faults.meet()
  const filter = url.searchParams.get('filter') ?? ''
  monitor.calls.push({ region: region ?? '', apps: body.split(/\/containerapps\//i).length - 1, filter })
  if (fault === 'slow') return null
  if (fault !== null && fault !== 'partial' && fault !== 'missing') return faulty(fault)
  if (request.method !== 'POST' || subscription === undefined) {
    return refuse(404, 'NotFound', 'The requested path does not exist.')
  }
  const now = monitor.options.clock.now()
  try {
    return replyTo(
      monitor,
      readQuestion(region ?? null, decodeURIComponent(subscription), url.searchParams, body, now),
      fault,
    )
  } catch (cause) {
    if (cause instanceof RangeError) return refuse(400, 'BadRequest', cause.message)
    throw cause
  }
}

function replyTo(monitor: Monitor, question: Question, fault: 'partial' | 'missing' | null): Reply {
  const now = monitor.options.clock.now()
  const from = question.from - (question.from % MINUTE_MS)
  const to = Math.max(from, Math.min(Math.ceil(question.to / MINUTE_MS), Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS)
  const span = { from, to, until: now - monitor.lagMs + 1, silence: monitor.silence }
  const values: object[] = []
  let { region } = question
  for (const resource of question.resources) {
    const app = monitor.options.find(question.subscription, resource.resourceGroup, resource.app)
    if (app === null) return refuse(404, 'ResourceNotFound', `The Resource '${resource.id}' was not found.`)
    region ??= app.region
    if (app.region !== region) {
      return refuse(400, 'BadRequest', `The resource ${resource.id} does not lie in the region ${region}.`)
    }
    const isFirst = values.length === 0
    values.push(measured(question, resource, app, span, isFirst && fault === 'partial'))
  }
  return json(200, { values: fault === 'missing' ? values.slice(1) : values })
}

function measured(question: Question, resource: Resource, app: MeasuredApp, span: Span, isBroken: boolean): object {
  const metricOf = (metric: Metric) => {
    const all = isBroken ? [] : metric.series(resource.app, app, question.wanted, span)
    return {
      id: `${resource.id}/providers/Microsoft.Insights/metrics/${metric.name}`,
      type: 'Microsoft.Insights/metrics',
      name: { value: metric.name, localizedValue: metric.shown },
      displayDescription: metric.description,
      unit: 'Count',
      timeseries: all.slice(0, question.top),
      ...(isBroken ? { errorCode: 'InternalError', errorMessage: 'The metrics backend did not answer.' } : SUCCESS),
    }
  }
  return {
    starttime: new Date(question.from).toISOString(),
    endtime: new Date(question.to).toISOString(),
    interval: 'PT1M',
    value: question.metrics.map(metricOf),
    namespace: 'microsoft.app/containerapps',
    resourceregion: app.region,
    resourceid: resource.id,
  }
}

const SUCCESS = { errorCode: 'Success' }

function faulty(fault: Exclude<MetricsFault, 'partial' | 'missing' | 'slow'>): Reply {
  switch (fault) {
    case 'down':
      return refuse(503, 'ServiceUnavailable', 'The service is temporarily unavailable.')
    case 'denied':
      return refuse(
        401,
        'AuthorizationFailed',
        'The client does not have authorization to read metrics of the subscription.',
      )
    case 'throttled':
      return refuse(429, 'TooManyRequests', 'Too many requests.', { 'retry-after': '17' })
    case 'busy':
      return refuse(529, 'Throttled', 'The metrics backend is throttling.')
    case 'malformed':
      return text(200, '{"values": [{"starttime": "20', 'application/json')
  }
}

/** The error as the specification's example shows it, with its header. */
function refuse(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): Reply {
  const additionalInfo = [{ type: 'string', info: `TraceId=${randomUUID().replaceAll('-', '')}` }]
  return json(status, { error: { additionalInfo, code, message } }, { 'x-ms-error-code': code, ...headers })
}
