import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type Configuration, type JWTStructured, type KoaContextWithOIDC } from 'oidc-provider'
import { memoryStore } from './openid-store.ts'
import { listen } from './serve.ts'

/** Whom the provider knows: one person, and one app, for each role. */
export const LOCAL_ROLES = ['viewer', 'operator', 'approver', 'admin'] as const

export type LocalRole = (typeof LOCAL_ROLES)[number]

export interface OpenIdOptions {
  /** The directory that the tokens name. */
  readonly tenantId: string
  /** Where people reach the API, e.g. `http://127.0.0.1:40001/api`: the sign-in comes back there. */
  readonly publicUrl: string
}

/** A provider of tokens on loopback that writes them as Microsoft Entra does. */
export interface OpenIdServer {
  readonly issuer: string
  readonly keysUrl: string
  readonly authorizeUrl: string
  readonly tokenUrl: string
  readonly audience: string
  readonly scope: string
  /** The app that people sign in with, and one app for each role that gets tokens for itself; all with the same secret. */
  readonly clients: Readonly<Record<LocalRole | 'dashboard', string>>
  readonly clientSecret: string
  close(): Promise<void>
}

interface Registered {
  readonly tenantId: string
  readonly audience: string
  readonly scope: string
  readonly clients: OpenIdServer['clients']
  readonly oids: Readonly<Record<LocalRole, string>>
}

const LIFETIME_S = 3600

/**
 * Serves authorization code with PKCE and client credentials, by a real implementation of OpenID Connect. Whoever comes by
 * browser is signed in at once: as the admin, or as the role that `login_hint` names.
 */
export async function createOpenId(options: OpenIdOptions): Promise<OpenIdServer> {
  const audience = randomUUID()
  const clientSecret = randomBytes(24).toString('base64url')
  const clients = { ...ids(), dashboard: randomUUID() }
  const registered: Registered = { ...options, audience, scope: `${audience}/.default`, clients, oids: ids() }
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = { ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256', kid: randomUUID() }
  const handler: { current: (request: IncomingMessage, response: ServerResponse) => void } = { current: () => {} }
  const listening = await listen((request, response) => handler.current(request, response))
  const issuer = listening.url
  const provider = new Provider(issuer, {
    ...configuration(registered),
    jwks: { keys: [key] },
    clients: clientsOf(registered, clientSecret, `${options.publicUrl}/auth/callback`),
  })
  const serve = provider.callback()
  handler.current = (request, response) => {
    forgetSession(request)
    if (request.url?.startsWith('/interaction/') !== true) return void serve(request, response)
    signIn(provider, request, response).catch((error: unknown) => response.writeHead(400).end(String(error)))
  }
  return {
    issuer,
    keysUrl: `${issuer}/jwks`,
    authorizeUrl: `${issuer}/auth`,
    tokenUrl: `${issuer}/token`,
    audience,
    scope: registered.scope,
    clients,
    clientSecret,
    close: listening.close,
  }
}

function ids(): Record<LocalRole, string> {
  return { viewer: randomUUID(), operator: randomUUID(), approver: randomUUID(), admin: randomUUID() }
}

function clientsOf({ clients }: Registered, secret: string, callback: string): NonNullable<Configuration['clients']> {
  const shared = { client_secret: secret, token_endpoint_auth_method: 'client_secret_post' } as const
  const machines = LOCAL_ROLES.map((role) => ({
    ...shared,
    client_id: clients[role],
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  }))
  return [
    ...machines,
    {
      ...shared,
      client_id: clients.dashboard,
      grant_types: ['authorization_code'],
      redirect_uris: [callback],
      response_types: ['code'],
    },
  ]
}

function configuration(registered: Registered): Configuration {
  const { audience, scope } = registered
  const resource = `api://${audience}`
  return {
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    adapter: memoryStore(Date.now),
    scopes: ['openid'],
    ttl: {
      AccessToken: LIFETIME_S,
      ClientCredentials: LIFETIME_S,
      Session: LIFETIME_S,
      Grant: LIFETIME_S,
      Interaction: 600,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope,
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: LIFETIME_S,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    pkce: { required: () => true },
    renderError: (ctx, { error, error_description: why }) => {
      ctx.type = 'text'
      ctx.body = `${error}: ${why ?? ''}`
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    loadExistingGrant: (ctx) => granted(ctx, resource, scope),
    formats: { customizers: { jwt: (_ctx, token, parts) => asEntra(registered, token, parts) } },
  }
}

function roleWanted(hint: unknown): LocalRole {
  return LOCAL_ROLES.find((role) => role === hint) ?? 'admin'
}

/** Every sign-in is a new one, so that one browser can be first the admin and then a viewer. */
function forgetSession({ headers }: IncomingMessage): void {
  const cookies = headers.cookie?.split('; ') ?? []
  headers.cookie = cookies.filter((cookie) => !cookie.startsWith('_session')).join('; ')
}

async function signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { params } = await provider.interactionDetails(request, response)
  const accountId = roleWanted(params.login_hint)
  await provider.interactionFinished(request, response, { login: { accountId } })
}

/** Nobody is asked whether they agree. */
async function granted({ oidc }: KoaContextWithOIDC, resource: string, scope: string) {
  const [clientId, accountId] = [oidc.client?.clientId, oidc.session?.accountId]
  if (clientId === undefined || accountId === undefined) return undefined
  const grant = new oidc.provider.Grant({ clientId, accountId })
  grant.addOIDCScope('openid')
  grant.addResourceScope(resource, scope)
  await grant.save()
  return grant
}

/** The claims that Entra writes: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
function asEntra(registered: Registered, token: { readonly kind: string }, parts: JWTStructured): void {
  const { iss, aud, exp, iat, sub, client_id: azp } = parts.payload as Readonly<Record<string, unknown>>
  const isMachine = token.kind === 'ClientCredentials'
  const { clients, oids, tenantId } = registered
  const role = LOCAL_ROLES.find((one) => (isMachine ? clients[one] === azp : one === sub))
  if (role === undefined) throw new Error('a token for nobody was asked for')
  const who = isMachine
    ? { idtyp: 'app', oid: clients[role], sub: clients[role], app_displayname: `local-${role}` }
    : {
        scp: 'access',
        oid: oids[role],
        sub: `subject-${role}`,
        preferred_username: `${role}@local`,
        name: `Local ${role}`,
      }
  const roles = [`Slipway.${role.charAt(0).toUpperCase()}${role.slice(1)}`]
  parts.header = { ...parts.header, typ: 'JWT' }
  parts.payload = {
    aud,
    iss,
    iat,
    nbf: iat,
    exp,
    azp,
    ...who,
    roles,
    tid: tenantId,
    ver: '2.0',
  } as typeof parts.payload
}
