import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'

/** What a token is to say; what is left out is as it should be: the name Ada, the role Slipway.Admin, an hour to live. */
export interface TokenWish {
  readonly roles?: readonly string[]
  readonly name?: string
  readonly oid?: string
  readonly azp?: string
  readonly aud?: string | readonly string[]
  readonly tid?: string
  readonly iss?: string
  /** Seconds from now; negative = it has expired. */
  readonly expiresIn?: number
  /** Seconds from now. */
  readonly notBefore?: number
  /** `foreign`: signed with another key under the same key id. `unknown`: under a key id that the issuer does not have. */
  readonly key?: 'own' | 'foreign' | 'unknown'
  /** `HS256`: signed with the issuer's public key as if it were a shared secret. */
  readonly alg?: 'RS256' | 'PS256' | 'HS256' | 'none'
  readonly ver?: string
  readonly typ?: string
  /** A token of an app for itself, without a person. */
  readonly machine?: boolean
  /** Laid over all other claims; undefined takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Epoch seconds that count as now. Default: the machine's clock. */
  readonly now?: number
}

/** An issuer of tokens whose keys are served on loopback. */
export interface TestIssuer {
  readonly tenant: string
  readonly audience: string
  readonly client: string
  readonly url: string
  readonly keysUrl: string
  /** Settings with which the app trusts this issuer. */
  readonly settings: Readonly<Record<string, string>>
  token(wish?: TokenWish): Promise<string>
  /** Changes the key: tokens from now on are signed with a new one, and the old one is no longer served. */
  rotate(): Promise<void>
  /** What is answered instead of the keys; null = the keys again. */
  answer(
    instead: { readonly status: number; readonly body?: string; readonly location?: string } | 'silence' | null,
  ): void
  /** How often the keys were asked for. */
  asked(): number
  close(): Promise<void>
}

interface Key {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** Starts an issuer. */
export async function createTestIssuer(): Promise<TestIssuer> {
  const [tenant, audience, client] = [randomUUID(), randomUUID(), randomUUID()]
  let own = await newKey()
  const foreign = await newKey()
  let instead: Parameters<TestIssuer['answer']>[0] = null
  let count = 0
  const server = createServer(async (_request, response) => {
    count += 1
    if (instead === 'silence') return
    if (instead !== null) {
      response.writeHead(instead.status, instead.location === undefined ? {} : { location: instead.location })
      response.end(instead.body ?? '')
      return
    }
    const jwk = { ...(await exportJWK(own.publicKey)), kid: own.kid, use: 'sig', alg: 'RS256' }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2.0`
  const keysUrl = url.replace('/v2.0', '/keys')
  const defaults = { tenant, audience, client, url }
  return {
    ...defaults,
    keysUrl,
    settings: {
      SLIPWAY_AUTH_TENANT: tenant,
      SLIPWAY_AUTH_AUDIENCE: audience,
      SLIPWAY_AUTH_CLIENTS: client,
      SLIPWAY_AUTH_ISSUER: url,
      SLIPWAY_AUTH_KEYS_URL: keysUrl,
    },
    token: (wish = {}) =>
      signed(claimsOf(wish, defaults), wish, wish.key === 'foreign' ? { ...foreign, kid: own.kid } : own),
    rotate: async () => {
      own = await newKey()
    },
    answer: (given) => {
      instead = given
    },
    asked: () => count,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function newKey(): Promise<Key> {
  const pair = await generateKeyPair('RS256', { extractable: true })
  return { kid: randomUUID(), ...pair }
}

function claimsOf(
  wish: TokenWish,
  { tenant, audience, client, url }: Pick<TestIssuer, 'tenant' | 'audience' | 'client' | 'url'>,
): JWTPayload {
  const now = wish.now ?? Math.floor(Date.now() / 1000)
  const oid = wish.oid ?? guidOf(wish.name ?? 'Ada')
  const who =
    wish.machine === true
      ? { idtyp: 'app', sub: oid }
      : { scp: 'access', sub: `subject of ${oid}`, preferred_username: wish.name ?? 'Ada' }
  const claims = {
    iss: wish.iss ?? url,
    aud: wish.aud ?? audience,
    tid: wish.tid ?? tenant,
    azp: wish.azp ?? client,
    ver: wish.ver ?? '2.0',
    iat: now,
    nbf: now + (wish.notBefore ?? 0),
    exp: now + (wish.expiresIn ?? 3600),
    oid,
    roles: wish.roles ?? ['Slipway.Admin'],
    ...who,
    ...wish.claims,
  }
  return JSON.parse(JSON.stringify(claims)) as JWTPayload
}

async function signed(claims: JWTPayload, { alg = 'RS256', typ = 'JWT', key }: TokenWish, pair: Key): Promise<string> {
  if (alg === 'none') return new UnsecuredJWT(claims).encode()
  const kid = key === 'unknown' ? randomUUID() : pair.kid
  const unsigned = new SignJWT(claims).setProtectedHeader({ alg, typ, kid })
  if (alg === 'HS256') return unsigned.sign(new TextEncoder().encode(await exportSPKI(pair.publicKey)))
  if (alg === 'RS256') return unsigned.sign(pair.privateKey)
  const der = await crypto.subtle.exportKey('pkcs8', pair.privateKey)
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-256' }
  return unsigned.sign(await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']))
}

/** The same name is always the same person. */
function guidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}
