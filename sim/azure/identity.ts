import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../lib/ports.ts'
import { createFaultSwitch, type FaultSwitch } from './faults.ts'
import { json, listen, type Reply, send, urlOf } from './serve.ts'

/** `down`: 503. `denied`: no such identity (400). `throttled`: 429. `malformed`: an answer without a token. */
export type IdentityFault = 'down' | 'denied' | 'throttled' | 'malformed'

export interface IdentityOptions {
  readonly clock: Clock
  /** Directory (tenant) that the tokens name. Default: a fresh one. */
  readonly tenantId?: string
  /** Client ids of user-assigned identities that exist beside the system-assigned one. */
  readonly clientIds?: readonly string[]
  /** Default 24 hours, as Azure gives managed identities. */
  readonly lifetimeMs?: number
}

/** The managed-identity endpoint that App Service and Functions give an app, and the judge of the tokens it hands out. */
export interface IdentityServer {
  /** Value for `IDENTITY_ENDPOINT`. */
  readonly url: string
  /** Value for `IDENTITY_HEADER`. */
  readonly header: string
  readonly tenantId: string
  readonly faults: FaultSwitch<IdentityFault>
  /** How many tokens were handed out, by resource. */
  readonly issued: ReadonlyMap<string, number>
  /** A token as the endpoint would hand it out. */
  issue(resource: string): string
  /** Whether `token` was made here, for `audience` (a slash at the end makes no difference), and is valid now. */
  accept(token: string | null, audience: string): boolean
  close(): Promise<void>
}

interface Identity {
  readonly options: IdentityOptions
  readonly header: string
  readonly tenantId: string
  readonly systemId: string
  readonly key: Buffer
  readonly faults: FaultSwitch<IdentityFault>
  readonly issued: Map<string, number>
}

/**
 * Serves tokens over HTTP, as App Service does:
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export async function createIdentity(options: IdentityOptions): Promise<IdentityServer> {
  const identity: Identity = {
    options,
    header: randomUUID(),
    tenantId: options.tenantId ?? randomUUID(),
    systemId: randomUUID(),
    key: randomBytes(32),
    faults: createFaultSwitch(),
    issued: new Map(),
  }
  const listening = await listen((request, response) => send(response, answer(identity, request)))
  return {
    url: `${listening.url}/msi/token`,
    header: identity.header,
    tenantId: identity.tenantId,
    faults: identity.faults,
    issued: identity.issued,
    issue: (resource) => issue(identity, resource, identity.systemId).token,
    accept: (token, audience) => accept(identity, token, audience),
    close: listening.close,
  }
}

function answer(identity: Identity, request: IncomingMessage): Reply {
  const url = urlOf(request)
  const refuse = (status: number, message: string, headers = {}) =>
    json(status, { statusCode: status, message }, headers)
  if (request.method !== 'GET' || url.pathname !== '/msi/token') return refuse(404, 'Not found.')
  if (!isSame(String(request.headers['x-identity-header'] ?? ''), identity.header)) {
    return refuse(403, 'The header X-IDENTITY-HEADER does not hold the value of IDENTITY_HEADER.')
  }
  const fault = identity.faults.meet()
  if (fault === 'down') return refuse(503, 'The managed identity endpoint is not available.')
  if (fault === 'throttled') return refuse(429, 'Too many requests.', { 'retry-after': '1' })
  if (fault === 'malformed') return json(200, { token_type: 'Bearer' })
  if (url.searchParams.get('api-version') !== '2019-08-01') return refuse(400, 'The api-version must be 2019-08-01.')
  const resource = url.searchParams.get('resource')
  if (!resource) return refuse(400, 'The query parameter resource is missing.')
  const clientId = url.searchParams.get('client_id') ?? identity.systemId
  const isKnown = clientId === identity.systemId || identity.options.clientIds?.includes(clientId)
  if (!isKnown || fault === 'denied') {
    return refuse(400, `No User Assigned or Delegated Managed Identity found for specified ClientId '${clientId}'.`)
  }
  const { token, expiresAtS } = issue(identity, resource, clientId)
  identity.issued.set(resource, (identity.issued.get(resource) ?? 0) + 1)
  return json(200, {
    access_token: token,
    client_id: clientId,
    expires_on: String(expiresAtS),
    resource,
    token_type: 'Bearer',
  })
}

/** Claims are those of a v1 token, which is what managed identities get. */
function issue(identity: Identity, resource: string, clientId: string): { token: string; expiresAtS: number } {
  const nowS = Math.floor(identity.options.clock.now() / 1000)
  const expiresAtS = nowS + Math.floor((identity.options.lifetimeMs ?? 24 * 3_600_000) / 1000)
  const claims = {
    aud: resource,
    iss: `https://sts.windows.net/${identity.tenantId}/`,
    iat: nowS,
    nbf: nowS - 300,
    exp: expiresAtS,
    appid: clientId,
    idtyp: 'app',
    oid: identity.systemId,
    sub: identity.systemId,
    tid: identity.tenantId,
    ver: '1.0',
  }
  const content = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`
  return { token: `${content}.${signature(identity, content)}`, expiresAtS }
}

function accept(identity: Identity, token: string | null, audience: string): boolean {
  const [head, body, signed, ...more] = token?.split('.') ?? []
  if (!head || !body || !signed || more.length > 0) return false
  if (!isSame(signed, signature(identity, `${head}.${body}`))) return false
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))
  const nowS = identity.options.clock.now() / 1000
  return claims.nbf <= nowS && nowS < claims.exp && bare(claims.aud) === bare(audience)
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function signature(identity: Identity, content: string): string {
  return createHmac('sha256', identity.key).update(content).digest('base64url')
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function bare(audience: string): string {
  return audience.replace(/\/+$/, '')
}
