import { Fault } from '../../errors.ts'
import type { Clock, Secrets } from '../../ports.ts'
import type { Challenge } from './challenge.ts'
import type { Place } from './place.ts'
import { faultOfStatus, type Send } from './send.ts'
import { readToken, type Token } from './token.ts'

/** Gets the right to ask a registry. Tokens are kept by registry and repository until they end. */
export interface Authorizer {
  /** The Authorization header of a token that still lives, or null. */
  kept(place: Place, repository: string): string | null
  /** Drops a token that the registry no longer takes. */
  forget(place: Place, repository: string): void
  /** Authorization headers that answer the challenges, to be tried one after the other. Throws Fault. */
  answers(place: Place, repository: string, challenges: readonly Challenge[]): AsyncGenerator<string, void>
}

interface Means {
  readonly send: Send
  readonly secrets: Secrets
  /** Entra access token of Slipway's identity, for Azure Container Registry. */
  readonly token: (() => Promise<string>) | undefined
  readonly clock: Clock
}

/** Makes the authorizer: token authentication of the Distribution specification, basic logins, and ACR's exchange. */
export function createAuthorizer(means: Means): Authorizer {
  const tokens = new Map<string, Token>()
  const refreshTokens = new Map<string, Token>()
  const alive = (token: Token | undefined) =>
    token !== undefined && token.until > means.clock.now() ? token : undefined
  const keep = (place: Place, repository: string, token: Token) => {
    tokens.set(tokenKey(place, repository), token)
    return `Bearer ${token.value}`
  }
  return {
    kept: (place, repository) => {
      const token = alive(tokens.get(tokenKey(place, repository)))
      return token === undefined ? null : `Bearer ${token.value}`
    },
    forget: (place, repository) => {
      tokens.delete(tokenKey(place, repository))
      refreshTokens.delete(place.host)
    },
    answers: async function* (place, repository, challenges) {
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
      if (bearer !== undefined && place.entry.auth === 'acr') {
        const kept = alive(refreshTokens.get(place.host))
        const refresh = kept ?? (await exchange(means, place, serviceOf(place, bearer)))
        refreshTokens.set(place.host, refresh)
        yield keep(place, repository, await acrToken(means, place, repository, serviceOf(place, bearer), refresh))
      } else if (bearer !== undefined) {
        for await (const login of logins(means, place)) {
          const token = await realmToken(means, place, repository, bearer, login)
          if (token !== null) yield keep(place, repository, token)
        }
      } else if (challenges.some(({ scheme }) => scheme === 'basic') && place.entry.auth === 'basic') {
        for await (const login of logins(means, place)) if (login !== null) yield login
      }
    },
  }
}

/** What to do when a registry lets us not in. */
export function loginHint({ host, entry }: Place): string {
  if (entry.auth === 'acr') return `Grant Slipway's identity the role AcrPull on ${host}.`
  if (entry.auth === 'basic')
    return `Put a login for ${host} as user:password into the secret ${entry.secret ?? '(none named)'}.`
  return `Registry ${host} wants a login: set "auth" and "secret" in SLIPWAY_REGISTRIES.`
}

function tokenKey(place: Place, repository: string): string {
  return `${place.host} ${repository}`
}

function scopeOf(repository: string): string {
  return `repository:${repository}:pull`
}

function serviceOf(place: Place, challenge: Challenge): string {
  return challenge.parameters.service ?? place.host
}

/** The live logins, newest first, as Basic headers; null stands for none. What changed since is read once all were tried. */
async function* logins({ secrets }: Means, { host, entry }: Place): AsyncGenerator<string | null, void> {
  if (entry.auth !== 'basic') {
    yield null
    return
  }
  if (entry.secret === undefined) {
    throw new Fault('denied', `Registry ${host}: "auth": "basic" needs "secret" in SLIPWAY_REGISTRIES.`)
  }
  const tried = new Set<string>()
  for (const fresh of [false, true]) {
    for (const value of await secrets.read(entry.secret, { fresh })) {
      if (!tried.has(value)) yield `Basic ${Buffer.from(value, 'utf8').toString('base64')}`
      tried.add(value)
    }
  }
}

/** A token from the realm that the challenge names; null when the login was refused. */
async function realmToken(
  { send, clock }: Means,
  place: Place,
  repository: string,
  challenge: Challenge,
  login: string | null,
): Promise<Token | null> {
  const url = realmOf(place, challenge)
  url.searchParams.set('service', serviceOf(place, challenge))
  url.searchParams.set('scope', scopeOf(repository))
  const what = `Token for ${place.host}/${repository}`
  const headers: Record<string, string> = login === null ? {} : { authorization: login }
  const response = await send({ what, url: url.href, method: 'GET', headers })
  if (response.status === 200) return readToken(what, response, ['token', 'access_token'], clock)
  await response.body?.cancel()
  if (response.status === 401) return null
  throw faultOfStatus(what, response, loginHint(place), clock)
}

/** The realm is the registry's word and is not trusted: a foreign one would get the login, or make us call inward. */
function realmOf(place: Place, challenge: Challenge): URL {
  const url = URL.parse(challenge.parameters.realm ?? '')
  if (url !== null && place.trusted.has(url.origin) && url.username === '' && url.password === '') return url
  throw new Fault(
    'denied',
    `Registry ${place.host} sends us for a token to ${JSON.stringify(url?.origin ?? 'no URL')}, which its entry does not name: set "tokenUrl" in SLIPWAY_REGISTRIES if that is right.`,
  )
}

/** ACR: the Entra token for a refresh token (Azure/acr docs/AAD-OAuth.md). */
async function exchange({ send, token, clock }: Means, place: Place, service: string): Promise<Token> {
  if (token === undefined)
    throw new Fault('denied', `Registry ${place.host}: no identity is set up to ask for a token.`)
  const what = `Token exchange with ${place.host}`
  const form = { grant_type: 'access_token', service, access_token: await entraToken(token, what) }
  const response = await send(post(what, `${place.baseUrl}/oauth2/exchange`, form))
  if (response.status === 200) return readToken(what, response, ['refresh_token'], clock)
  await response.body?.cancel()
  throw faultOfStatus(what, response, loginHint(place), clock)
}

async function entraToken(token: () => Promise<string>, what: string): Promise<string> {
  try {
    return await token()
  } catch (error) {
    if (error instanceof Fault) throw error
    const reason = error instanceof Error ? error.message.slice(0, 300) : String(error)
    throw new Fault('unavailable', `${what}: the identity gave no token: ${reason}`, { cause: error })
  }
}

async function acrToken(
  { send, clock }: Means,
  place: Place,
  repository: string,
  service: string,
  refresh: Token,
): Promise<Token> {
  const what = `Token for ${place.host}/${repository}`
  const form = { grant_type: 'refresh_token', service, scope: scopeOf(repository), refresh_token: refresh.value }
  const response = await send(post(what, `${place.baseUrl}/oauth2/token`, form))
  if (response.status === 200) return readToken(what, response, ['access_token'], clock)
  await response.body?.cancel()
  throw faultOfStatus(what, response, loginHint(place), clock)
}

function post(what: string, url: string, form: Record<string, string>) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { what, url, method: 'POST', headers, body: new URLSearchParams(form).toString() } as const
}
