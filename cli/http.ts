import type { ListOf } from '../lib/api.ts'
import type { ConnectionOptions } from './address.ts'
import { type Connection, connectionOf } from './connection.ts'
import { EXIT, Refusal } from './exit.ts'
import { type Io, sleep } from './io.ts'
import { type Answered, ApiRefusal, problemOf } from './problem.ts'

/** One request. `path` lies below `/api` and begins with a slash. */
export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Query
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a text as it is, with the `content-type` of `headers`. */
  readonly body?: unknown
  /** The Idempotency-Key: with it a request that changes something may be sent again. */
  readonly key?: string
  readonly timeoutMs?: number
  /** False = one attempt only: who asks goes on by itself. */
  readonly isPatient?: boolean
  /** Stops it, beside Ctrl-C. */
  readonly signal?: AbortSignal
}

/** Parts of a query string; null and undefined are left out, a list stands several times. */
export type Query = Readonly<Record<string, string | number | readonly string[] | null | undefined>>

/** The API of Slipway, asked with a token. Refusals of it are thrown as ApiRefusal, all else that fails as Refusal. */
export interface Api {
  readonly connection: Connection
  ask(asked: Asked): Promise<Answered>
  get<T>(path: string, query?: Query): Promise<T>
  /** The items of all pages of a list, or the first `most`. `onPage` is told of every page before its items. */
  items<T>(path: string, query: Query, most?: number, onPage?: (page: ListOf<T>) => void): AsyncGenerator<T>
}

const TIMEOUT_MS = 30_000
const TRIES = 4
const LONGEST_WAIT_MS = 30_000

/** Makes a client of the API by the options and the environment. */
export function connect(io: Io, options: ConnectionOptions): Api {
  const connection = connectionOf(io, options)
  const ask = (asked: Asked) => askWithPatience(io, connection, asked)
  const get = async <T>(path: string, query: Query = {}) => (await ask({ path, query })).body as T
  return {
    connection,
    ask,
    get,
    items: (path, query, most, onPage) => items(ask, connection, { path, query }, most, onPage),
  }
}

async function* items<T>(
  ask: Api['ask'],
  { api }: Connection,
  first: Asked,
  most = Number.POSITIVE_INFINITY,
  onPage: (page: ListOf<T>) => void = () => {},
): AsyncGenerator<T> {
  let left = most
  for (let asked: Asked | null = first; asked !== null; ) {
    const page = (await ask(asked)).body as ListOf<T>
    if (!Array.isArray(page?.items))
      throw new Refusal(EXIT.error, `${asked.path} answered something that is no list; is this Slipway?`)
    onPage(page)
    for (const item of page.items as readonly T[]) {
      if (left-- <= 0) return
      yield item
    }
    asked = page.nextLink === null || left <= 0 ? null : { path: pathBelow(api, page.nextLink) }
  }
}

/** A link of an answer as a path of ours: a token goes to no other house. */
function pathBelow(api: string, link: string): string {
  const base = new URL(`${api}/`)
  const target = new URL(link, base)
  if (target.origin !== base.origin || !target.pathname.startsWith(base.pathname))
    throw new Refusal(EXIT.error, `the next page lies at ${target.origin}${target.pathname}, and not below ${api}`)
  return `${target.pathname.slice(base.pathname.length - 1)}${target.search}`
}

/** Asks again where that does no harm: the service is busy or was not reached, or the token had run out. */
async function askWithPatience(io: Io, connection: Connection, asked: Asked): Promise<Answered> {
  const mayRepeat = asked.isPatient !== false && (asked.method !== 'POST' || asked.key !== undefined)
  let isFresh = false
  for (let turn = 1; ; turn += 1) {
    const answer = await askOnce(io, connection, asked, isFresh).catch((error: unknown) => {
      if (!mayRepeat || turn === TRIES || !(error instanceof Unreached) || error.isHopeless) throw error
      return null
    })
    if (answer !== null && answer.status < 400) return answer
    if (answer?.status === 401 && !isFresh) {
      isFresh = true
      continue
    }
    const isBusy = answer === null || answer.status === 429 || answer.status === 503
    if (answer !== null && (!isBusy || !mayRepeat || turn === TRIES)) throw problemOf(answer, connection.api)
    const waitMs = Math.min(LONGEST_WAIT_MS, waitOf(answer, turn))
    io.talk(
      `slipway: ${answer === null ? 'no answer' : `${answer.status}, busy`}; trying again in ${Math.ceil(waitMs / 1000)} s`,
    )
    await sleep(io, waitMs)
  }
}

/** How long to wait: as Retry-After says (seconds or a date), else longer each time. */
function waitOf(answer: Answered | null, turn: number): number {
  const said = answer?.headers.get('retry-after') ?? ''
  if (/^\d{1,6}$/.test(said)) return Number(said) * 1000
  const at = Date.parse(said)
  return Number.isNaN(at) ? 500 * 2 ** turn : Math.max(0, at - Date.now())
}

/** Nobody answered. */
class Unreached extends Refusal {
  /** Whether asking again at once cannot help: nobody listens there. */
  readonly isHopeless: boolean

  constructor(connection: Connection, cause: { message: string; cause?: { message?: string; code?: string } }) {
    const { origin } = new URL(connection.api)
    const cure = connection.local === null ? 'check SLIPWAY_URL' : 'is npm start still running?'
    super(EXIT.error, `${origin} does not answer (${cause.cause?.message ?? cause.message}); ${cure}`, { cause })
    this.isHopeless =
      ['ECONNREFUSED', 'ENOTFOUND'].includes(cause.cause?.code ?? '') ||
      /redirect|bad port/.test(cause.cause?.message ?? '')
  }
}

async function askOnce(io: Io, connection: Connection, asked: Asked, isFresh: boolean): Promise<Answered> {
  const token = await connection.token(isFresh)
  const { method = 'GET', path, query = {}, headers = {}, body, key, timeoutMs = TIMEOUT_MS } = asked
  const stop = AbortSignal.any([io.interrupted, ...(asked.signal === undefined ? [] : [asked.signal])])
  const target = new URL(`${connection.api}${path}`)
  for (const [name, value] of Object.entries(query))
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== null && each !== undefined) target.searchParams.append(name, String(each))
  const isText = typeof body === 'string'
  try {
    const response = await fetch(target, {
      method,
      // A redirect would take the token along to wherever it points.
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), stop]),
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        'user-agent': 'slipway-cli',
        ...(body === undefined || isText ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    })
    return { status: response.status, headers: response.headers, body: jsonOrText(await response.text()) }
  } catch (cause) {
    if (stop.aborted) throw cause
    throw new Unreached(connection, cause as { message: string })
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Whether Slipway answered so. */
export function isAnswer(error: unknown, ...statuses: readonly number[]): error is ApiRefusal {
  return error instanceof ApiRefusal && statuses.includes(error.status)
}
