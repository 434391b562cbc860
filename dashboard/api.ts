import type { ProblemView } from '../lib/api.ts'
import { withPeople } from './model/people.ts'

/** An answer that is no success, as a thing to show: what, and what to do. Status 0 = there was no answer. */
export class Refused extends Error {
  readonly status: number
  readonly problem: ProblemView | null
  readonly retryAfterMs: number | null

  constructor(status: number, message: string, problem: ProblemView | null = null, retryAfterMs: number | null = null) {
    super(message)
    this.status = status
    this.problem = problem
    this.retryAfterMs = retryAfterMs
  }
}

const V1 = '/api/v1'
const part = encodeURIComponent

/** Every path of the API that the dashboard asks, written out. */
export const PATHS = {
  me: `${V1}/me`,
  services: `${V1}/services?limit=100`,
  status: (environment: string, name: string) => at(`${V1}/services/${part(name)}/status`, { environment }),
  rollouts: (environment: string, name: string) =>
    at(`${V1}/services/${part(name)}/rollouts`, { environment, limit: '20' }),
  rollout: (environment: string, name: string, number: number) =>
    at(`${V1}/services/${part(name)}/rollouts/${number}`, { environment }),
  buckets: (environment: string, name: string, number: number) =>
    at(`${V1}/services/${part(name)}/rollouts/${number}/buckets`, { environment, limit: '100' }),
  command: (environment: string, name: string, verb: string) =>
    at(`${V1}/services/${part(name)}/commands/${part(verb)}`, { environment }),
  approvals: `${V1}/approvals`,
  freezes: `${V1}/freezes`,
  freeze: (environment: string, id: string) => `${V1}/freezes/${part(environment)}/${part(id)}`,
  quarantine: `${V1}/quarantine?limit=100`,
  quarantined: (id: string) => `${V1}/quarantine/${part(id)}`,
  redrive: (id: string) => `${V1}/quarantine/${part(id)}/redrive`,
  audit: (query: Readonly<Record<string, string>>) => at(`${V1}/audit`, query),
  verify: (environment: string, service: string) => at(`${V1}/audit/verify`, { environment, service }),
  delivery: (query: Readonly<Record<string, string>>) => at(`${V1}/delivery`, query),
  signOut: '/api/auth/sign-out',
} as const

/** Where signing in begins; `back` is the page to come back to, with its place. */
export function signInLink(back: string): string {
  return `/api/auth/sign-in?back=${part(back)}`
}

function at(path: string, query: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))
  return search.size === 0 ? path : `${path}?${search}`
}

/** Asks the API on this origin with the reader's cookie. Throws Refused for everything but a success and 304. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, { credentials: 'same-origin', redirect: 'error', ...init })
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new Refused(0, 'Slipway cannot be reached.')
  }
  learnClock(response)
  if (response.ok || response.status === 304) return response
  const refused = await refusedOf(response)
  if (refused.status === 401) for (const tell of strangers) tell()
  throw refused
}

const strangers = new Set<() => void>()

/** Calls `tell` whenever the API says that it does not know who asks. Returns a function that ends it. */
export function onStranger(tell: () => void): () => void {
  strangers.add(tell)
  return () => void strangers.delete(tell)
}

/** Reads one JSON answer. Throws Refused. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, signal === undefined ? {} : { signal })
  return withPeople((await response.json()) as T)
}

/** Reads a list to its end, or until `most` items are there. Throws Refused. */
export async function readAll<T>(path: string, most = 1000, signal?: AbortSignal): Promise<readonly T[]> {
  const items: T[] = []
  for (let next: string | null = path; next !== null && items.length < most; ) {
    const page: { readonly items: readonly T[]; readonly nextLink: string | null } = await read(next, signal)
    items.push(...page.items)
    next = page.nextLink
  }
  return items
}

/** Sends a change, with the header that no foreign page can send. Throws Refused. */
export async function send<T>(
  method: 'POST' | 'DELETE',
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<T | null> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await ask(path, {
    method,
    headers: { 'x-slipway-request': '1', ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return text === '' ? null : (JSON.parse(text) as T)
}

async function refusedOf(response: Response): Promise<Refused> {
  const problem = await response.json().catch(() => null)
  const isProblem = typeof problem === 'object' && problem !== null && 'detail' in problem
  const detail = isProblem ? (problem as ProblemView) : null
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : null
  const said = forPeople(detail?.detail ?? '') || detail?.title || `Slipway answered ${response.status}.`
  return new Refused(response.status, said, detail, wait)
}

/** What a problem says, without the sentences that name paths of the API: those are for programs. */
export function forPeople(detail: string): string {
  return detail
    .split(/(?<=[.!?])\s+/)
    .filter((sentence) => !sentence.includes('/api/'))
    .join(' ')
}

let ahead = 0

/** The server's clock as far as its answers tell: countdowns count by it, so that a wrong clock here misleads nobody. */
export function serverNow(): number {
  return Date.now() + ahead
}

/** The Date header has whole seconds: differences below two are none. */
function learnClock(response: Response): void {
  const sent = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(sent)) return
  const difference = sent - Date.now()
  ahead = Math.abs(difference) < 2000 ? 0 : difference
}
