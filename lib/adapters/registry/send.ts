import { Fault } from '../../errors.ts'
import type { Clock } from '../../ports.ts'

/** As much of `fetch` as a registry needs. */
export type RegistryFetch = (
  url: string,
  init: {
    readonly method: 'HEAD' | 'GET' | 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<Response>

/** One request to a registry or its token service. */
export interface RegistryRequest {
  /** How the request is named in messages. */
  readonly what: string
  readonly url: string
  readonly method: 'HEAD' | 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends one request and gives whatever was answered. Throws Fault `unavailable` where nothing was. */
export type Send = (request: RegistryRequest) => Promise<Response>

/** Makes the one way out of this adapter: redirects are not followed, and each request ends within `timeoutMs`. */
export function createSend(fetch: RegistryFetch, timeoutMs: number): Send {
  return async ({ what, url, method, headers = {}, body }) => {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const init = { method, headers, redirect: 'manual', signal } as const
      return await fetch(url, body === undefined ? init : { ...init, body })
    } catch (error) {
      const reason = signal.aborted ? `no answer within ${timeoutMs} ms` : `no connection: ${causeOf(error)}`
      throw new Fault('unavailable', `${what}: ${reason}.`, { cause: error })
    }
  }
}

/** Says an unwelcome status as a Fault; `hint` is what to do when access was refused. */
export function faultOfStatus(what: string, response: Response, hint: string, clock: Clock): Fault {
  const { status } = response
  if (status === 401 || status === 403) return new Fault('denied', `${what}: ${status}. ${hint}`)
  const retryAfterMs = retryAfterOf(response.headers.get('retry-after'), clock.now())
  if (status === 429) return new Fault('throttled', `${what}: 429, too many requests.`, { retryAfterMs })
  if (status >= 500 || status === 408) return new Fault('unavailable', `${what}: ${status}.`, { retryAfterMs })
  if (status >= 300 && status < 400) {
    return new Fault(
      'malformed',
      `${what}: ${status}, a redirect, is not followed: set the registry's url in SLIPWAY_REGISTRIES.`,
    )
  }
  return new Fault('malformed', `${what}: ${status} is no answer that a registry gives here.`)
}

/** `Retry-After` in seconds or as a date; milliseconds from `now`, null where none was given. */
function retryAfterOf(given: string | null, now: number): number | null {
  if (given === null || given.trim() === '') return null
  const seconds = Number(given)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(given)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message.slice(0, 200) : String(cause).slice(0, 200)
}
