import { randomUUID } from 'node:crypto'
import type { HttpHandler, HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import { checkMediaType, decodeText, MAX_BODY_BYTES, parseJson, readBytes } from './door/body.ts'
import { type DoorLog, doorLog } from './door/log.ts'
import { askAgain, type Problem, problem, problemDocument, problemOfFault, Refusal } from './door/problem.ts'
import { API_VERSION, checkParameters, checkVersion } from './door/query.ts'
import { countAnswer } from './door/tally.ts'
import { Fault } from './errors.ts'

export { EVENT_BODY, JSON_TYPES, YAML_TYPES } from './door/body.ts'
export { type DoorLog, oneLine } from './door/log.ts'
export { type Problem, problem, Refusal } from './door/problem.ts'
export { sharedSecret } from './door/secret.ts'

/** Every method that HTTP triggers know: a door is registered for all of them, so that it can say 405 itself. */
export const ALL_METHODS: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** What a door lets in. */
export interface DoorRules {
  /** Others are answered 405 with Allow, but HEAD, which is GET without a body, and OPTIONS, which says what is allowed. */
  readonly methods: readonly HttpMethod[]
  /** The query parameters that a method knows; others are refused with 400. Absent: none is looked at. */
  readonly parameters?: (method: string) => readonly string[]
  /** Media types that a body may have (JSON_TYPES, EVENT_TYPES, YAML_TYPES). Absent: this door takes no body, and reads none. */
  readonly accepts?: readonly string[]
  /** May a request of a method with a body come without one? Then `body` is null. Default false: 415 for want of a type. */
  readonly bodyOptional?: boolean
  /** May `code` stand in the URL? Only where a sign-in ends: that code works once, and in one browser. Default false. */
  readonly takesCode?: boolean
  /** Default 256 KiB. Enforced before anything else is looked at. */
  readonly maxBytes?: number
  /** Keys that all objects of a JSON body may have together; default 1,000. */
  readonly maxKeys?: number
  /** Is the caller known? Asked after the size check and before the body is parsed; false is answered 401, any Fault 503. */
  readonly authorize?: (visit: Visit) => boolean | Promise<boolean>
  /**
   * What a Fault of the handler is answered with: `explain` (default) its own status; `ask-again` always 503, for senders
   * of events, who drop what is answered 4xx.
   */
  readonly onFault?: 'explain' | 'ask-again'
}

/** A request that passed the size check. */
export interface Visit {
  readonly requestId: string
  readonly method: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Headers
  /** The body as it came; empty when there was none. */
  readonly bytes: Uint8Array
  readonly log: DoorLog
}

/** A request that passed the door. */
export interface Admitted extends Visit {
  /** In lower case, without parameters; null when there was no body. */
  readonly mediaType: string | null
  /** The parsed value of a JSON type, the text of any other type, or null when there was no body. */
  readonly body: unknown
}

/** What an operator's or a sender's handler answers. */
export type Reply = HttpResponseInit | Problem

const SECRET_PARAMETERS: readonly string[] = ['code', 'secret', 'token', 'access_token', 'sig', 'x-functions-key']
const BODILESS: readonly string[] = ['GET', 'HEAD', 'OPTIONS']
const GOOD_REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
}

/**
 * Frames a handler: method, size, secrets in the URL, media type, caller, body, in this order. Every refusal, Fault and
 * error leaves as application/problem+json; the text of an unknown error is logged with the request id and never sent.
 */
export function door(rules: DoorRules, handler: (visit: Admitted) => Promise<Reply> | Reply): HttpHandler {
  return async (request, context) => {
    const requestId = requestIdOf(request)
    const log = doorLog(context, requestId)
    try {
      const reply = await admit(rules, handler, request, requestId, log)
      if ('problem' in reply) report(log, context, reply, reply.detail)
      return counted(context, request, render(reply, request, requestId))
    } catch (error) {
      const refused = problemOf(error, rules.onFault ?? 'explain')
      report(log, context, refused, error)
      return counted(context, request, render(refused, request, requestId))
    }
  }
}

function counted(context: InvocationContext, request: HttpRequest, answer: HttpResponseInit): HttpResponseInit {
  countAnswer(context.functionName, request.method, answer.status ?? 200)
  return answer
}

async function admit(
  rules: DoorRules,
  handler: (visit: Admitted) => Promise<Reply> | Reply,
  request: HttpRequest,
  requestId: string,
  log: DoorLog,
): Promise<Reply> {
  const allowed = allowedBy(rules)
  if (request.method === 'OPTIONS' && !rules.methods.includes('OPTIONS'))
    return { status: 204, headers: { allow: allowed } }
  checkMethod(rules, request, allowed)
  const takesBody = rules.accepts !== undefined && !BODILESS.includes(request.method)
  const bytes = takesBody ? await readBytes(request, rules.maxBytes ?? MAX_BODY_BYTES) : new Uint8Array()
  checkUrl(request, rules)
  const { params, query, headers } = request
  const method = request.method === 'HEAD' && !rules.methods.includes('HEAD') ? 'GET' : request.method
  const visit: Visit = { requestId, method, params, query, headers, bytes, log }
  const mediaType = takesBody ? mediaTypeOf(rules, visit) : null
  await checkCaller(rules, visit)
  if (isOfApi(request)) checkVersion(query, headers)
  if (rules.parameters !== undefined) checkParameters(query, rules.parameters(method))
  return handler({ ...visit, mediaType, body: bodyOf(mediaType, bytes, rules.maxKeys) })
}

function allowedBy({ methods }: DoorRules): string {
  const head = methods.includes('GET') ? ['HEAD' as const] : []
  return [...new Set([...methods, ...head, 'OPTIONS' as const])].join(', ')
}

function checkMethod(rules: DoorRules, request: HttpRequest, allow: string): void {
  const meant = request.method === 'HEAD' ? ['HEAD', 'GET'] : [request.method]
  if (rules.methods.some((method) => meant.includes(method))) return
  const detail = `${request.method} is not allowed here. Use ${rules.methods.join(' or ')}.`
  throw new Refusal(problem(405, 'method-not-allowed', detail, { headers: { allow } }))
}

/** Hosts and proxies write URLs to their logs: a secret that came in one is refused even if it is right. */
function checkUrl(request: HttpRequest, { takesCode = false }: DoorRules): void {
  const names = [...request.query.keys()].map((name) => name.toLowerCase())
  const found = names.find((name) => SECRET_PARAMETERS.includes(name) && !(takesCode && name === 'code'))
  if (found === undefined) return
  const detail = `Take "${found}" out of the URL, where logs keep it, and change that key. Send it in a header: Authorization, or x-slipway-key for hooks.`
  throw new Refusal(problem(400, 'secret-in-url', detail))
}

function mediaTypeOf(rules: DoorRules, visit: Visit): string | null {
  if (visit.bytes.byteLength === 0 && rules.bodyOptional === true) return null
  return checkMediaType(visit.headers, rules.accepts ?? [])
}

async function checkCaller(rules: DoorRules, visit: Visit): Promise<void> {
  if (rules.authorize === undefined) return
  const known = await askWhoItIs(rules.authorize, visit)
  if (known) return
  const headers = { 'www-authenticate': 'Bearer realm="slipway"' }
  const detail = 'Send the shared key in the x-slipway-key header or in Authorization.'
  throw new Refusal(problem(401, 'unauthenticated', detail, { headers }))
}

/** Senders never retry a 401, so when the keys cannot be read the answer is "ask again". */
async function askWhoItIs(authorize: NonNullable<DoorRules['authorize']>, visit: Visit): Promise<boolean> {
  try {
    return await authorize(visit)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const refused = askAgain('The keys cannot be read right now. Try again later.', error.retryAfterMs)
    throw new Refusal(refused, { cause: error })
  }
}

function bodyOf(mediaType: string | null, bytes: Uint8Array, maxKeys: number | undefined): unknown {
  if (mediaType === null) return null
  const text = decodeText(bytes)
  return mediaType.endsWith('json') ? parseJson(text, maxKeys) : text
}

function problemOf(error: unknown, onFault: 'explain' | 'ask-again'): Problem {
  if (error instanceof Refusal) return error.problem
  if (!(error instanceof Fault)) {
    return problem(500, 'internal-error', 'An unexpected error was logged under this request id.')
  }
  if (onFault === 'explain') return problemOfFault(error)
  return askAgain('The event could not be stored. Send it again later.', error.retryAfterMs)
}

function report(log: DoorLog, context: InvocationContext, refused: Problem, error: unknown): void {
  const said = `${context.functionName} answers ${refused.status} ${refused.problem}`
  if (refused.status < 500) log.info(`${said}: ${refused.detail}`)
  else log.error(`${said}: ${causeOf(error)}`)
}

function causeOf(error: unknown): string {
  if (error instanceof Refusal && error.cause !== undefined) return causeOf(error.cause)
  if (error instanceof Error) return error.stack ?? error.message
  return String(error)
}

/** Whether a request is to the API that has a version. */
function isOfApi(request: HttpRequest): boolean {
  return /^\/api\/v1(?:\/|$)/i.test(new URL(request.url).pathname)
}

function render(reply: Reply, request: HttpRequest, requestId: string): HttpResponseInit {
  const version: Record<string, string> = isOfApi(request) ? { 'api-version': API_VERSION } : {}
  const answer = rendered(reply, request, requestId, version)
  if (request.method !== 'HEAD') return answer
  const { body: _, jsonBody, ...head } = answer
  const type: Record<string, string> = jsonBody === undefined ? {} : { 'content-type': 'application/json' }
  return { ...head, headers: { ...type, ...head.headers } }
}

function rendered(
  reply: Reply,
  request: HttpRequest,
  requestId: string,
  version: Readonly<Record<string, string>>,
): HttpResponseInit {
  const always = { ...SECURITY_HEADERS, ...version, 'x-request-id': requestId }
  if (!('problem' in reply)) return { ...reply, headers: { ...always, ...Object.fromEntries(headersOf(reply)) } }
  const document = problemDocument(reply, new URL(request.url).pathname, requestId)
  return {
    status: reply.status,
    headers: { ...reply.headers, ...always, 'content-type': 'application/problem+json' },
    body: JSON.stringify(document),
    ...(reply.cookies === undefined ? {} : { cookies: [...reply.cookies] }),
  }
}

/** Header names in lower case, so that a handler's own `Cache-Control` replaces the door's. */
function headersOf(reply: HttpResponseInit): Iterable<[string, string]> {
  return new Headers(reply.headers)
}

function requestIdOf(request: HttpRequest): string {
  const given = request.headers.get('x-request-id')
  return given !== null && GOOD_REQUEST_ID.test(given) ? given : randomUUID()
}
