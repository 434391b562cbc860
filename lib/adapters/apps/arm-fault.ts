import type { Trouble } from '../../core/app.ts'
import { Fault, type FaultKind } from '../../errors.ts'

/** As much of an HTTP response as is needed to say why Azure refused. */
export interface ArmResponse {
  readonly status: number
  readonly bodyAsText?: string | null
  readonly headers: { get(name: string): string | undefined }
}

/** A refusal as ARM words it: HTTP status, error code, its own text, and the wait it asked for. */
interface Refusal {
  readonly status: number
  readonly code: string
  readonly text: string
  readonly retryAfterMs: number | null
}

const LONGEST_TEXT = 600
const JOIN_HINT =
  'The write reached the managed environment too: grant Microsoft.App/managedEnvironments/join/action there (role Container Apps Operator).'

/** Text of a stranger made fit for rows and terminals: control characters gone, white space single, at most 600 characters. */
export function tidy(text: string): string {
  const single = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return single.length > LONGEST_TEXT ? `${single.slice(0, LONGEST_TEXT - 1)}…` : single
}

/** Says an ARM refusal as a Fault. `what` names the call and the app; `now` serves a Retry-After given as a date. */
export function faultOfResponse(what: string, response: ArmResponse, now: number): Fault {
  const refusal = refusalOf(response, now)
  const kind = kindOf(refusal)
  const said = `${what}: ${refusal.status}${refusal.code === '' ? '' : ` ${refusal.code}`}: ${refusal.text}`
  const hint = kind === 'denied' ? ` ${deniedHint(refusal)}` : ''
  return new Fault(kind, `${said}${hint}`, { retryAfterMs: refusal.retryAfterMs })
}

/** Says an error that came without an HTTP answer as a Fault: no connection, no token, no time left. */
export function faultOfError(what: string, error: unknown, timeoutMs: number, now: number): Fault {
  if (error instanceof Fault) return error
  const { name, message, code, statusCode } = asError(error)
  if (name === 'AbortError' || name === 'TimeoutError') {
    return new Fault('unavailable', `${what}: no answer within ${timeoutMs} ms.`)
  }
  if (name === 'CredentialUnavailableError') {
    return new Fault('unavailable', `${what}: the managed identity gave no token: ${tidy(message)}`)
  }
  if (name === 'AuthenticationError' || name === 'AggregateAuthenticationError') {
    const passing = statusCode === undefined || statusCode === 429 || statusCode >= 500
    return new Fault(passing ? 'unavailable' : 'denied', `${what}: the identity got no token: ${tidy(message)}`)
  }
  // The cause is left out: a RestError carries its request, and that carries the token.
  if (name === 'RestError' && statusCode === undefined) {
    return new Fault('unavailable', `${what}: no answer from Azure (${code || 'connection lost'}): ${tidy(message)}`)
  }
  if (name === 'RestError' && statusCode !== undefined) {
    const retryAfterMs = retryAfterOf(headersOf(error), now)
    return new Fault(
      kindOf({ status: statusCode, code, text: message, retryAfterMs }),
      `${what}: ${statusCode} ${code}: ${tidy(message)}`,
      { retryAfterMs },
    )
  }
  return new Fault('malformed', `${what}: the request could not be made: ${tidy(message)}`, { cause: error })
}

/** A Fault, or any other error that an adapter met, as data that can be stored and shown. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Fault) return { kind: error.kind, message: error.message, retryAfterMs: error.retryAfterMs }
  return { kind: 'malformed', message: tidy(asError(error).message), retryAfterMs: null }
}

function refusalOf(response: ArmResponse, now: number): Refusal {
  const body = response.bodyAsText ?? ''
  const { code, message } = errorIn(body)
  return {
    status: response.status,
    code: tidy(code),
    text: tidy(message || body) || 'Azure gave no reason.',
    retryAfterMs: retryAfterOf(response.headers, now),
  }
}

/** ARM wraps errors as `{error: {code, message}}`; some providers leave the wrapping out; gateways send HTML. */
function errorIn(body: string): { code: string; message: string } {
  try {
    const parsed: unknown = JSON.parse(body)
    const inner = field(parsed, 'error') ?? parsed
    return { code: stringOf(field(inner, 'code')), message: stringOf(field(inner, 'message')) }
  } catch {
    return { code: '', message: body }
  }
}

function kindOf({ status, code, text }: Refusal): FaultKind {
  if (status === 401 || status === 403) return 'denied'
  // A management lock is answered as 409, and only a person can take it away.
  if (code === 'ScopeLocked' || code === 'ReadOnlyDisabledSubscription') return 'denied'
  if (status === 429) return 'throttled'
  if (status >= 500 || status === 408) return 'unavailable'
  if (status === 409 || status === 412 || saysConflict(code, text)) return 'conflict'
  if (status === 404) return 'not-found'
  return 'malformed'
}

/** Lock conflicts were seen under codes and statuses of their own; the words are what they have in common. */
function saysConflict(code: string, text: string): boolean {
  return (
    /OperationInProgress|LockConflict/i.test(code) ||
    /conflicting concurrent write|active provisioning operation in progress/i.test(text)
  )
}

function deniedHint({ code, status }: Refusal): string {
  if (code === 'LinkedAuthorizationFailed') return JOIN_HINT
  if (code === 'ScopeLocked') return 'A management lock forbids the write: take it off the app or its resource group.'
  if (code === 'RequestDisallowedByPolicy') return 'An Azure policy forbids the write: see the policy named above.'
  if (code === 'ReadOnlyDisabledSubscription') return 'The subscription is disabled: enable it first.'
  if (status === 401) return 'Azure did not accept the token of the identity: see its tenant and audience.'
  return 'The identity lacks a role: grant it Container Apps Contributor on the app.'
}

/** `Retry-After` in seconds or as a date, or its millisecond cousins; milliseconds from `now`, null where none was given. */
function retryAfterOf(headers: ArmResponse['headers'], now: number): number | null {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const value = Number(headers.get(name) ?? Number.NaN)
    if (Number.isFinite(value) && value >= 0) return value
  }
  const given = headers.get('retry-after')
  if (given === undefined || given.trim() === '') return null
  const seconds = Number(given)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(given)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

/** The headers of the response that a RestError carries, or none. */
function headersOf(error: unknown): ArmResponse['headers'] {
  const headers = field(field(error, 'response'), 'headers') as Partial<ArmResponse['headers']> | undefined
  return { get: (name) => headers?.get?.(name) }
}

function asError(error: unknown): { name: string; message: string; code: string; statusCode: number | undefined } {
  const statusCode = field(error, 'statusCode')
  return {
    name: stringOf(field(error, 'name')),
    message: stringOf(field(error, 'message')) || String(error),
    code: stringOf(field(error, 'code')),
    statusCode: typeof statusCode === 'number' ? statusCode : undefined,
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
