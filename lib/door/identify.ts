import type { Identified } from '../core/caller.ts'
import type { Identify } from './operator.ts'
import { problem, Refusal } from './problem.ts'
import { checkOrigin, noSession, type Site, tokenOfSession } from './session.ts'

/** The ways in which a caller can be known. */
export interface WaysIn {
  readonly checkToken: (token: string) => Promise<Identified>
  /** Reads X-MS-CLIENT-PRINCIPAL; null = that header is never believed. */
  readonly readPrincipal: ((principal: string) => Identified) | null
  /** Null = nobody is known by cookie. */
  readonly site: Site | null
}

/** The header that the platform's own sign-in (Easy Auth) sets, and strips where a client sends it. */
const PRINCIPAL = 'x-ms-client-principal'

/**
 * Knows a caller by the first of these that the request carries: a bearer token, the platform's header where it is
 * believed, the session's cookie. A wrong one is not made good by another.
 */
export function createIdentify({ checkToken, readPrincipal, site }: WaysIn): Identify {
  return async ({ headers, method }) => {
    const authorization = headers.get('authorization')
    if (authorization !== null) return byHeader(checkToken, authorization)
    const principal = headers.get(PRINCIPAL)
    if (readPrincipal !== null && principal !== null) {
      // The platform, too, knows browsers by a cookie.
      checkOrigin(site, method, headers)
      return readPrincipal(principal)
    }
    const token = site === null ? null : tokenOfSession(site, headers)
    if (site === null || token === null) return unknown('Send an access token: Authorization: Bearer <token>.')
    checkOrigin(site, method, headers)
    const who = await checkToken(token)
    if (who.kind === 'known') return { kind: 'known', caller: { ...who.caller, method: 'cookie' } }
    const detail = `The session has ended: sign in again. ${who.because}`
    const asking = { 'www-authenticate': 'Bearer realm="slipway"' }
    throw new Refusal(problem(401, 'unauthenticated', detail, { headers: asking, cookies: [noSession(site)] }))
  }
}

function byHeader(checkToken: WaysIn['checkToken'], authorization: string): Promise<Identified> | Identified {
  const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization)?.[1]
  return token === undefined ? unknown('Authorization is not of the form `Bearer <token>`.') : checkToken(token)
}

function unknown(because: string): Identified {
  return { kind: 'unknown', because }
}
