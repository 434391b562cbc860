import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../lib/ports.ts'
import { createFaultSwitch, type FaultSwitch } from './faults.ts'
import { bearerOf, json, listen, type Reply, readText, type ServerCertificate, send, text, urlOf } from './serve.ts'
import { createVaultKeys, type VaultKeys } from './vault-keys.ts'

/** `down`: 503. `denied`: no role (403). `throttled`: 429 with Retry-After. `malformed`: 200 with half a JSON text. */
export type VaultFault = 'down' | 'denied' | 'throttled' | 'malformed'

export interface VaultOptions {
  readonly clock: Clock
  readonly tls: ServerCertificate
  /** Whether a bearer token is good for an audience. */
  readonly accept: (token: string | null, audience: string) => boolean
  /** Directory that the challenge names. */
  readonly tenantId: string
  /** Most versions on one page of a list. Default 25, as Key Vault has it. */
  readonly pageSize?: number
}

/** A pretend Key Vault that holds secrets and keys; over HTTP it is read and signs, its own methods write. */
export interface VaultServer {
  readonly url: string
  readonly faults: FaultSwitch<VaultFault>
  /** Answers to requests that carried a good token, for counting reads. */
  readonly reads: () => number
  /** Adds a version, which becomes the current one; returns its id. */
  put(name: string, value: string): string
  /** Switches a version on or off. Throws RangeError where there is none. */
  enable(name: string, version: string, enabled: boolean): void
  /** Removes a secret with all its versions. */
  remove(name: string): void
  /** Its keys, which sign and are given out by nobody. */
  readonly keys: VaultKeys
  close(): Promise<void>
}

interface Version {
  readonly id: string
  readonly value: string
  readonly createdS: number
  readonly updatedS: number
  readonly enabled: boolean
}

interface Vault {
  readonly options: VaultOptions
  /** Versions of a secret, oldest first. */
  readonly secrets: Map<string, readonly Version[]>
  readonly faults: FaultSwitch<VaultFault>
  readonly keys: VaultKeys
  url: string
  reads: number
}

/** Where Key Vault's tokens are good, in the public cloud. */
export const VAULT_AUDIENCE = 'https://vault.azure.net'

/** Serves `GET /secrets/{name}`, `…/{version}` and `…/versions` over TLS, as `@azure/keyvault-secrets` calls them, and keys. */
export async function createVault(options: VaultOptions): Promise<VaultServer> {
  const keys = createVaultKeys(options.clock, () => vault.url, options.pageSize)
  const vault: Vault = { options, secrets: new Map(), faults: createFaultSwitch(), keys, url: '', reads: 0 }
  const listening = await listen(async (request, response) => {
    const body = request.method === 'POST' ? await readText(request) : ''
    send(response, answer(vault, request, body))
  }, options.tls)
  vault.url = listening.url
  return {
    url: listening.url,
    faults: vault.faults,
    reads: () => vault.reads,
    put: (name, value) => put(vault, name, value),
    enable: (name, version, enabled) => enable(vault, name, version, enabled),
    remove: (name) => void vault.secrets.delete(name),
    keys,
    close: listening.close,
  }
}

function put(vault: Vault, name: string, value: string): string {
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name)) throw new RangeError(`"${name}" is no name for a secret: letters, digits, -`)
  const id = randomBytes(16).toString('hex')
  const nowS = Math.floor(vault.options.clock.now() / 1000)
  const version = { id, value, createdS: nowS, updatedS: nowS, enabled: true }
  vault.secrets.set(name, [...(vault.secrets.get(name) ?? []), version])
  return id
}

function enable(vault: Vault, name: string, id: string, enabled: boolean): void {
  const versions = vault.secrets.get(name) ?? []
  if (!versions.some((version) => version.id === id)) throw new RangeError(`secret ${name} has no version ${id}`)
  const updatedS = Math.floor(vault.options.clock.now() / 1000)
  const changed = versions.map((version) => (version.id === id ? { ...version, enabled, updatedS } : version))
  vault.secrets.set(name, changed)
}

function answer(vault: Vault, request: IncomingMessage, body: string): Reply {
  request.resume()
  if (!vault.options.accept(bearerOf(request), VAULT_AUDIENCE)) return challenge(vault)
  vault.reads++
  const fault = vault.faults.meet()
  if (fault !== null) return faulty(fault)
  const url = urlOf(request)
  if (!url.searchParams.has('api-version')) return refuse(400, 'BadParameter', 'api-version must be specified')
  const [room, name = '', id = '', ...more] = url.pathname.split('/').slice(1)
  const byKey = room === 'keys' ? vault.keys.answer(request.method ?? '', url, body) : null
  if (byKey !== null) return byKey
  const isKnown = request.method === 'GET' && room === 'secrets' && name !== '' && more.length === 0
  if (!isKnown) return refuse(404, 'NotFound', `Nothing is served at ${request.method} ${url.pathname}.`)
  const versions = vault.secrets.get(name)
  if (id === 'versions') return listed(vault, name, versions ?? [], url)
  const version = id === '' ? versions?.at(-1) : versions?.find((candidate) => candidate.id === id)
  if (version === undefined) return refuse(404, 'SecretNotFound', notFound(name, id))
  if (!version.enabled) return refuse(403, 'Forbidden', DISABLED, 'SecretDisabled')
  return json(200, { value: version.value, ...described(vault, name, version) })
}

const DISABLED = 'Operation get is not allowed on a disabled secret.'

function notFound(name: string, id: string): string {
  return `A secret with (name/id) ${id === '' ? name : `${name}/${id}`} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`
}

/** Key Vault makes a client ask for a token by name of directory and resource (its authentication challenge). */
function challenge(vault: Vault): Reply {
  const authority = `https://login.microsoftonline.com/${vault.options.tenantId}`
  const header = `Bearer authorization="${authority}", resource="${VAULT_AUDIENCE}"`
  const message = 'AKV10000: Request is missing a Bearer or PoP token.'
  return refuse(401, 'Unauthorized', message, undefined, { 'www-authenticate': header })
}

/** Versions come in the order of their ids, which says nothing about their age. */
function listed(vault: Vault, name: string, all: readonly Version[], url: URL): Reply {
  const pageSize = vault.options.pageSize ?? 25
  const asked = Number(url.searchParams.get('maxresults') ?? pageSize)
  if (!Number.isInteger(asked) || asked < 1 || asked > 25) {
    return refuse(400, 'BadParameter', 'maxresults must be a whole number from 1 to 25')
  }
  const after = url.searchParams.get('$skiptoken') ?? ''
  const rest = all.filter((version) => version.id > after).sort((a, b) => (a.id < b.id ? -1 : 1))
  const page = rest.slice(0, Math.min(asked, pageSize))
  const last = page.at(-1)
  const query = new URLSearchParams({
    'api-version': url.searchParams.get('api-version') ?? '',
    $skiptoken: last?.id ?? '',
    maxresults: String(asked),
  })
  const nextLink = last !== undefined && rest.length > page.length ? `${vault.url}${url.pathname}?${query}` : null
  return json(200, { value: page.map((version) => described(vault, name, version)), nextLink })
}

function described(vault: Vault, name: string, version: Version): Record<string, unknown> {
  const { enabled, createdS: created, updatedS: updated } = version
  const attributes = { enabled, created, updated, recoveryLevel: 'Recoverable+Purgeable', recoverableDays: 90 }
  return { id: `${vault.url}/secrets/${name}/${version.id}`, attributes, tags: {} }
}

function faulty(fault: VaultFault): Reply {
  switch (fault) {
    case 'down':
      return refuse(503, 'ServiceUnavailable', 'The service is not available right now.')
    case 'denied':
      return refuse(403, 'Forbidden', 'Caller is not authorized to perform action on resource.', 'ForbiddenByRbac')
    case 'throttled':
      return refuse(429, 'Throttled', 'Too many requests were received.', undefined, { 'retry-after': '1' })
    case 'malformed':
      return text(200, '{"value": "', 'application/json')
  }
}

function refuse(
  status: number,
  code: string,
  message: string,
  inner?: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return json(status, { error: { code, message, ...(inner && { innererror: { code: inner } }) } }, headers)
}
