import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { EventRecord } from '../../lib/ports.ts'
import { type Overrides, type Stack, startStack } from '../../sim/start/stack.ts'
import { localToken } from '../../sim/start/token.ts'
import { departures } from '../support/conform.ts'

/** What a door answered. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; null where it is none. */
  readonly json: Readonly<Record<string, unknown>> | null
}

/** The real local stack, and a client that remembers everything it was told. */
export interface Scene {
  readonly stack: Stack
  /** Below `/api`, with nothing added. */
  ask(path: string, init?: RequestInit): Promise<Answer>
  /** As `ask`, with a token of the local admin. */
  api(path: string, init?: RequestInit): Promise<Answer>
  /** Posts JSON to a hook with the shared key; `headers` replace. */
  hook(source: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** Where a condition is needed and `headers` give none: whichever version stands. */
  put(service: string, manifest: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** With `If-Match: *` (whatever stands) where the headers say nothing else. */
  command(service: string, verb: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** Every event there is, newest first. */
  events(): Promise<readonly EventRecord[]>
  rollouts(service: string): Promise<readonly { readonly id: string; readonly phase: { readonly kind: string } }[]>
  /** What the functions host wrote so far. */
  log(): Promise<string>
  /** Fails when a secret stands in an answer, an event, an audit row or the log. `more` are secrets of the test's own. */
  expectNoSecrets(more?: readonly string[]): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a scene; `manifests` are stored when the app starts, from `0.yaml`, `1.yaml` and so on, `settings` laid over those of
 * the local Azure. `token` gives the one that `api` shows; default: the local admin's.
 */
export async function openScene(
  manifests: readonly string[],
  settings: Overrides = {},
  token?: () => Promise<string>,
): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-doors-'))
  for (const [index, text] of manifests.entries()) await writeFile(join(folder, `${index}.yaml`), text)
  const stack = await startStack(join(folder, 'stack'), async (azure) => ({
    SLIPWAY_MANIFESTS: folder,
    ...(typeof settings === 'function' ? await settings(azure) : settings),
  }))
  const said: string[] = []
  const log = () => readFile(join(folder, 'stack', 'functions.log'), 'utf8')
  const calls = callsTo(stack, said, token ?? (() => localToken(stack.local)))
  return {
    stack,
    ...calls,
    log,
    expectNoSecrets: async (more = []) => {
      await calls.events()
      for (const environment of ['production', 'staging']) {
        await all(calls.api, `/v1/audit?environment=${environment}&limit=100`)
      }
      expectClean(stack, [...said, await log()], more)
    },
    close: async () => {
      await stack.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function callsTo(
  { local }: Stack,
  said: string[],
  token: () => Promise<string>,
): Omit<Scene, 'stack' | 'log' | 'expectNoSecrets' | 'close'> {
  const ask: Scene['ask'] = async (path, init) => {
    const response = await fetch(`${local.api}${path}`, init)
    const text = await response.text()
    said.push(text, JSON.stringify([...response.headers]))
    expectAsDocumented(`${local.api}${path}`, init?.method ?? 'GET', response, text)
    return { status: response.status, headers: response.headers, text, json: jsonOf(text) }
  }
  const api: Scene['api'] = async (path, init = {}) => {
    const headers = new Headers(init.headers)
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${await token()}`)
    return ask(path, { ...init, headers })
  }
  const json = { 'content-type': 'application/json' }
  return {
    ask,
    api,
    hook: (source, body, headers = { 'x-slipway-key': local.hookKey }) =>
      ask(`/hooks/${source}`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) }),
    put: async (service, body, headers = {}) => {
      const sent = { 'content-type': 'application/yaml', ...headers }
      const path = `/v1/services/${service}/manifest`
      const answer = await api(path, { method: 'PUT', headers: sent, body })
      if (answer.status !== 428) return answer
      return api(path, { method: 'PUT', headers: { ...sent, 'if-match': '*' }, body })
    },
    command: (service, verb, body, headers = {}) => {
      const sent = { ...json, 'if-match': '*', ...headers }
      const path = `/v1/services/${service}/commands/${verb}`
      return api(path, { method: 'POST', headers: sent, body: JSON.stringify(body) })
    },
    events: async () => (await all(api, '/v1/events?limit=100')) as readonly EventRecord[],
    rollouts: async (service) => {
      const answer = await api(`/v1/services/${service}/rollouts?limit=100`)
      return itemsOf(answer) as Awaited<ReturnType<Scene['rollouts']>>
    },
  }
}

/** Looks until there is something to see. The ceiling is generous: it is no measure of speed. */
export async function until<T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> {
  const end = Date.now() + 60_000
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`it did not happen that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
}

/** The items of a list. */
export function itemsOf({ json }: Answer): readonly Readonly<Record<string, unknown>>[] {
  return (json?.items ?? []) as readonly Readonly<Record<string, unknown>>[]
}

/** What a problem document says is wrong, one by one. */
export function errorsOf({
  json,
}: Answer): readonly { readonly path: string; readonly message: string; line?: number }[] {
  return (json?.errors ?? []) as ReturnType<typeof errorsOf>
}

/** Follows `nextLink` to the end. */
export async function all(api: Scene['api'], first: string): Promise<readonly unknown[]> {
  const items: unknown[] = []
  for (let path: string | null = first; path !== null; ) {
    const answer: Answer = await api(path)
    expect(answer.status).toBe(200)
    items.push(...itemsOf(answer))
    path = linkOf(answer)
  }
  return items
}

/** Where the next page is, below `/api`; null at the end. */
export function linkOf({ json }: Answer): string | null {
  const link = json?.nextLink
  return typeof link === 'string' ? link.replace(/^\/api/, '') : null
}

/** A problem document as RFC 9457 has it, and no more said than that. */
export function expectProblem(answer: Answer, status: number, kind: string, detail: RegExp | string = /./): void {
  expect({ status: answer.status, type: answer.headers.get('content-type') }).toEqual({
    status,
    type: 'application/problem+json',
  })
  expect(answer.json).toMatchObject({
    type: `https://slipway.dev/problems/${kind}`,
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(detail),
    instance: expect.stringMatching(/^\/api\/[^?]*$/),
    requestId: answer.headers.get('x-request-id'),
  })
}

/** Every answer that a test ever sees is held to the OpenAPI document. */
function expectAsDocumented(url: string, method: string, { status, headers }: Response, text: string): void {
  expect(departures({ method, path: new URL(url).pathname, status, headers, text })).toEqual([])
}

function expectClean(stack: Stack, texts: readonly string[], more: readonly string[]): void {
  const { hookKey, auth, settings } = stack.local
  const secrets = [hookKey, auth.clientSecret, settings.IDENTITY_HEADER ?? '', ...more]
  expect(secrets.every((secret) => secret.length >= 8)).toBe(true)
  const token = /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/
  const leaks = texts.filter((text) => token.test(text) || secrets.some((secret) => text.includes(secret)))
  expect(leaks).toEqual([])
}

function jsonOf(text: string): Answer['json'] {
  try {
    return JSON.parse(text) as Answer['json']
  } catch {
    return null
  }
}
