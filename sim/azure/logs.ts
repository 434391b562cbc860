import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../lib/ports.ts'
import type { AccessLog } from './access-log.ts'
import { createFaultSwitch, type FaultSwitch } from './faults.ts'
import { squeezed, takeApart } from './kql.ts'
import { answerAccessLog, answerRequests, type Sight, type Table } from './log-answer.ts'
import { readAsks } from './log-asks.ts'
import { bearerOf, json, listen, type Reply, readText, type ServerCertificate, send, text, urlOf } from './serve.ts'
import { intervalOf } from './timespan.ts'

/**
 * `down`: 503. `denied`: no role (403). `throttled`: 429 with Retry-After. `partial`: the rows, and a PartialError.
 * `malformed`: 200 with half a JSON text. `late`: no answer at all while the caller waits.
 */
export type LogsFault = 'down' | 'denied' | 'throttled' | 'partial' | 'malformed' | 'late'

export interface LogsOptions {
  readonly clock: Clock
  readonly tls: ServerCertificate
  /** Whether a bearer token is good for an audience. */
  readonly accept: (token: string | null, audience: string) => boolean
  /** What each workspace holds, by workspace id. */
  readonly workspaces: ReadonlyMap<string, AccessLog>
  /** The one query text per table that is understood, without the `let` that binds `asks` before it; white space may differ. */
  readonly bodies: Readonly<Record<'ContainerAppHTTPLogs' | 'AppRequests', string>>
}

/** A pretend Log Analytics query service. It understands one query per table, and answers from the ingress's access log. */
export interface LogsServer {
  /** Base without the version; the SDK's `endpoint` is this and `/v1`. */
  readonly url: string
  readonly faults: FaultSwitch<LogsFault>
  /** Requests that carried a good token. */
  readonly queries: () => number
  /** From now on rows appear only when they are this old. At the start they appear at once. */
  setLag(ms: number): void
  /** From now on `AppRequests` holds one of so many requests, each standing for as many. At the start it holds all. */
  setSampling(oneIn: number): void
  close(): Promise<void>
}

interface Logs {
  readonly options: LogsOptions
  readonly faults: FaultSwitch<LogsFault>
  lagMs: number
  oneIn: number
  queries: number
}

/** Where the tokens of the query service are good. */
export const LOGS_AUDIENCE = 'https://api.loganalytics.io'

/** Serves `POST /v1/workspaces/{id}/query` over TLS, as `@azure/monitor-query-logs` calls it. */
export async function createLogs(options: LogsOptions): Promise<LogsServer> {
  const logs: Logs = { options, faults: createFaultSwitch(), lagMs: 0, oneIn: 1, queries: 0 }
  const listening = await listen((request, response) => {
    answer(logs, request).then(
      (reply) => reply === null || send(response, reply),
      () => response.destroy(),
    )
  }, options.tls)
  return {
    url: listening.url,
    faults: logs.faults,
    queries: () => logs.queries,
    setLag: (ms) => {
      if (!(ms >= 0)) throw new RangeError(`a lag must not be negative: ${ms}`)
      logs.lagMs = ms
    },
    setSampling: (oneIn) => {
      if (!(Number.isInteger(oneIn) && oneIn >= 1)) throw new RangeError(`one in ${oneIn} is no sampling`)
      logs.oneIn = oneIn
    },
    close: listening.close,
  }
}

/** Null: there is no answer, and the connection stays open. */
async function answer(logs: Logs, request: IncomingMessage): Promise<Reply | null> {
  const body = await readText(request)
  if (!logs.options.accept(bearerOf(request), LOGS_AUDIENCE)) {
    return refuse(401, 'InvalidTokenError', 'The provided authentication is not valid for this resource')
  }
  logs.queries++
  const fault = logs.faults.meet()
  if (fault === 'late') return null
  if (fault !== null && fault !== 'partial') return faulty(fault)
  const workspace = /^\/v1\/workspaces\/([^/]+)\/query$/.exec(urlOf(request).pathname)?.[1]
  if (request.method !== 'POST' || workspace === undefined) {
    return refuse(404, 'PathNotFoundError', 'The requested path does not exist')
  }
  const log = logs.options.workspaces.get(decodeURIComponent(workspace))
  if (log === undefined) return refuse(404, 'WorkspaceNotFoundError', 'The workspace could not be found')
  return ask(logs, log, body, fault === 'partial')
}

function ask(logs: Logs, log: AccessLog, body: string, isPartial: boolean): Reply {
  const sent = readBody(body)
  const query = sent === null ? null : takeApart(sent.query)
  if (sent === null || query === null)
    return badQuery('SyntaxError', 'A recognition error occurred in the query.', 'SYN0002')
  const { bodies, clock } = logs.options
  const isRequests = query.body === squeezed(bodies.AppRequests)
  if (query.name !== 'asks' || !(isRequests || query.body === squeezed(bodies.ContainerAppHTTPLogs))) {
    return badQuery('SemanticError', 'A semantic error occurred.', 'SEM0100')
  }
  const now = clock.now()
  const interval = intervalOf(sent.timespan, now)
  if (interval === null)
    return refuse(400, 'BadArgumentError', `The timespan "${sent.timespan}" is not an ISO 8601 interval`)
  // A row that is exactly as old as the lag is there.
  const sight: Sight = { ...interval, written: now - logs.lagMs + 1 }
  try {
    const asks = readAsks(query.value)
    return tables(
      isRequests ? answerRequests(log, asks, sight, logs.oneIn) : answerAccessLog(log, asks, sight),
      isPartial,
    )
  } catch (cause) {
    if (cause instanceof RangeError) return refuse(400, 'BadArgumentError', cause.message)
    throw cause
  }
}

function readBody(body: string): { query: string; timespan: string } | null {
  try {
    const sent = JSON.parse(body)
    return typeof sent?.query === 'string' ? { query: sent.query, timespan: String(sent.timespan ?? '') } : null
  } catch {
    return null
  }
}

function tables(table: Table, isPartial: boolean): Reply {
  const details = [{ code: 'EngineError', message: 'Something went wrong processing your query on the server.' }]
  const message = 'There were some errors when processing your query.'
  const error = { code: 'PartialError', message, details }
  return json(200, isPartial ? { tables: [table], error } : { tables: [table] })
}

function faulty(fault: Exclude<LogsFault, 'partial' | 'late'>): Reply {
  switch (fault) {
    case 'down':
      return refuse(503, 'ServiceUnavailable', 'The service is temporarily unavailable')
    case 'denied':
      return refuse(403, 'InsufficientAccessError', 'The provided credentials have insufficient access')
    case 'throttled':
      return refuse(429, 'ThrottledError', 'Rate limit is exceeded', undefined, { 'retry-after': '2' })
    case 'malformed':
      return text(200, '{"tables": [{"name": "Prim', 'application/json')
  }
}

function badQuery(code: string, message: string, inner: string): Reply {
  const what = 'The text is not the query that this server was told to understand.'
  const innererror = { code, message, innererror: { code: inner, message: what } }
  return refuse(400, 'BadArgumentError', 'The request had some invalid properties', innererror)
}

function refuse(status: number, code: string, message: string, innererror?: object, headers = {}): Reply {
  return json(status, { error: { message, code, correlationId: randomUUID(), innererror } }, headers)
}
