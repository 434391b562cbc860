import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createRegistry, type RegistryOptions } from '../../../lib/adapters/registry/distribution.ts'
import type { RegistryEntry } from '../../../lib/adapters/registry/place.ts'
import { Fault } from '../../../lib/errors.ts'
import type { Presence, Secrets } from '../../../lib/ports.ts'

export interface RegistryAsk {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly authorization: string | undefined
  readonly accept: string | undefined
  readonly form: URLSearchParams
}

export interface RegistryAnswer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A small registry on loopback that answers by script; null leaves a request hanging. */
export interface RegistryStub {
  readonly url: string
  /** `127.0.0.1:<port>`, as it would stand in image names. */
  readonly host: string
  readonly asked: RegistryAsk[]
  close(): Promise<void>
}

const open: RegistryStub[] = []

/** Ends every stub that was started since. */
export async function closeRegistries(): Promise<void> {
  await Promise.all(open.splice(0).map((stub) => stub.close()))
}

export async function startRegistry(script: (ask: RegistryAsk) => RegistryAnswer | null): Promise<RegistryStub> {
  const asked: RegistryAsk[] = []
  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      const url = new URL(incoming.url ?? '/', 'http://stub')
      const ask: RegistryAsk = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        authorization: incoming.headers.authorization,
        accept: incoming.headers.accept,
        form: new URLSearchParams(body),
      }
      asked.push(ask)
      const answer = script(ask)
      if (answer !== null) outgoing.writeHead(answer.status, answer.headers ?? {}).end(answer.body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  const stub: RegistryStub = { url: `http://${host}`, host, asked, close }
  open.push(stub)
  return stub
}

export const DIGEST = `sha256:${'a'.repeat(64)}`
export const HOST = 'shop.example.io'
export const NOW = Date.parse('2026-11-20T10:00:00Z')
const noSecrets: Secrets = { read: (name) => Promise.reject(new Fault('not-found', `no secret ${name}`)) }

/** The plug with one registry on its list. */
export function plug(entry: RegistryEntry, options: Partial<RegistryOptions> = {}) {
  return createRegistry({ registries: { [HOST]: entry }, secrets: noSecrets, clock: { now: () => NOW }, ...options })
}

export async function ask(
  has: ReturnType<typeof plug>,
  over: Partial<{ registry: string; repository: string; digest: string }> = {},
) {
  const [presence] = await has.has([{ registry: HOST, repository: 'team/shop', digest: DIGEST, ...over }])
  if (presence === undefined) throw new Error('no answer')
  return presence
}

export function trouble(presence: Presence) {
  if (presence.kind !== 'unknown') throw new Error(`it is ${presence.kind}`)
  return presence.trouble
}

export const isManifest = ({ path }: RegistryAsk) => path.startsWith('/v2/')
export const present: RegistryAnswer = { status: 200, headers: { 'docker-content-digest': DIGEST } }

/** A registry with token authentication: hands out tokens at /token, knows one manifest, takes `t-<number>` as token. */
export async function tokenRegistry(
  lives: { expires_in?: number } = {},
  admits: (ask: RegistryAsk) => boolean = () => true,
): Promise<RegistryStub> {
  let issued = 0
  const stub = await startRegistry((request) => {
    if (request.path === '/token') {
      if (!admits(request)) return { status: 401 }
      issued += 1
      return { status: 200, body: JSON.stringify({ token: `t-${issued}`, ...lives }) }
    }
    if (request.authorization === `Bearer t-${issued}` && issued > 0) return present
    const challenge = `Bearer realm="${stub.url}/token",service="registry.test",scope="repository:x:pull,push,delete"`
    return { status: 401, headers: { 'www-authenticate': challenge } }
  })
  return stub
}

export const tokensIn = (stub: RegistryStub) => stub.asked.filter(({ path }) => path === '/token')
