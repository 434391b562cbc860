import { createHash, randomBytes } from 'node:crypto'
import type { Cookie, HttpResponseInit } from '@azure/functions'
import type { Identified } from '../core/caller.ts'
import type { Visit } from '../door.ts'
import { Fault } from '../errors.ts'
import { escaped } from '../schema/pages/html.ts'
import { checkOrigin, cookieOf, isSecure, MAX_COOKIE_CHARS, noSession, type Site, sessionCookie } from './session.ts'

/** What it takes to let people sign in by browser. */
export interface SignIn {
  readonly site: Site
  readonly authorizeUrl: string
  readonly clientId: string
  readonly scope: string
  /** Null = the issuer did not take the code. Throws Fault. */
  readonly exchange: (code: string, verifier: string) => Promise<{ token: string; expiresInSeconds: number } | null>
  readonly checkToken: (token: string) => Promise<Identified>
  /** Counts what comes from an address, and refuses with 429 what is too much. */
  readonly meet: (headers: Headers) => void
}

/** What is remembered, in a cookie, between leaving for the issuer and coming back. */
interface Errand {
  readonly state: string
  readonly verifier: string
  readonly back: string
}

const HOME = '/api/ui/'
const ERRAND_SECONDS = 600

/** Where the issuer sends people back to. */
export function redirectUriOf({ publicUrl }: Site): string {
  return `${publicUrl}/auth/callback`
}

/**
 * Sends a browser to the issuer: authorization code with PKCE. The code is bound to this browser by the verifier and the
 * state, which no script can read; no ID token is used, so there is no nonce to check (RFC 9700 §2.1.1).
 */
export function beginSignIn(signIn: SignIn, { query }: Pick<Visit, 'query'>): HttpResponseInit {
  const errand: Errand = { state: random(), verifier: random(), back: backOf(query.get('back')) }
  const hint = query.get('as') ?? ''
  const asked = new URLSearchParams({
    client_id: signIn.clientId,
    response_type: 'code',
    redirect_uri: redirectUriOf(signIn.site),
    scope: signIn.scope,
    state: errand.state,
    code_challenge: createHash('sha256').update(errand.verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(/^[\w.@+-]{1,100}$/.test(hint) ? { login_hint: hint } : {}),
  })
  const value = Buffer.from(JSON.stringify(errand)).toString('base64url')
  return {
    status: 303,
    headers: { location: `${signIn.authorizeUrl}?${asked}` },
    cookies: [errandCookie(signIn.site, value, ERRAND_SECONDS)],
  }
}

/** Takes a browser in that comes back from the issuer: the code becomes a token, and the token a cookie. Answers with a page. */
export async function endSignIn(signIn: SignIn, { query, headers }: Pick<Visit, 'query' | 'headers'>) {
  const { site } = signIn
  const errand = errandIn(cookieOf(headers, errandName(site)))
  const over = errandCookie(site, '', 0)
  const fail = (status: number, text: string, cookies: readonly Cookie[] = [over]) =>
    page(status, { title: 'Not signed in', text, link: { to: '/api/auth/sign-in', text: 'Sign in again' } }, cookies)
  if (errand === null || query.get('state') !== errand.state) {
    return fail(400, 'This sign-in did not begin in this browser, or took longer than ten minutes.')
  }
  const code = query.get('code')
  if (code === null || code.length > 4096) return fail(400, 'The issuer of tokens did not let you in.')
  try {
    const issued = await signIn.exchange(code, errand.verifier)
    if (issued === null) return fail(400, 'The issuer of tokens does not take this code any more.')
    const { token, expiresInSeconds } = issued
    const who = await signIn.checkToken(token)
    if (who.kind === 'unknown') return fail(403, who.because)
    if (token.length > MAX_COOKIE_CHARS) {
      return fail(403, 'Your access token is too large for a cookie. Give it fewer claims: roles, and no groups.')
    }
    const cookies = [over, sessionCookie(site, token, Math.floor(expiresInSeconds))]
    return page(
      200,
      { title: 'Signed in', text: `As ${who.caller.name}.`, link: { to: errand.back, text: 'Go on' } },
      cookies,
    )
  } catch (error) {
    if (error instanceof Fault)
      return fail(503, 'The issuer of tokens cannot be reached right now. Try again later.', [])
    throw error
  }
}

/** Takes the session's cookie away. The issuer goes on knowing the person. */
export function signOut({ site }: SignIn, { headers }: Pick<Visit, 'headers'>): HttpResponseInit {
  checkOrigin(site, 'POST', headers)
  return { status: 204, cookies: [noSession(site)] }
}

/** Only pages of the dashboard, and never another host: whatever else is asked for becomes its first page. */
export function backOf(asked: string | null): string {
  if (asked === null || asked.length > 1000 || !/^\/api\/ui(?:[/?#]|$)/.test(asked) || /[\\\p{Cc}]/u.test(asked))
    return HOME
  const base = 'https://slipway.invalid'
  const url = URL.parse(asked, base)
  return url?.origin === base && url.pathname.startsWith('/api/ui') ? `${url.pathname}${url.search}${url.hash}` : HOME
}

interface Page {
  readonly title: string
  readonly text: string
  readonly link: { readonly to: string; readonly text: string }
}

/**
 * A page of our own, not a redirect: browsers count a redirect from the issuer as coming from another site, and would not
 * send the new cookie along (SameSite=Strict). From this page on, it is our own site that leads on.
 */
function page(status: number, { title, text, link }: Page, cookies: readonly Cookie[]): HttpResponseInit {
  const to = escaped(link.to)
  const onward = status === 200 ? `<meta http-equiv="refresh" content="0; url=${to}">` : ''
  const body = [
    '<!doctype html><html lang="en"><meta charset="utf-8">',
    `<meta name="viewport" content="width=device-width">${onward}<title>${escaped(title)} · Slipway</title>`,
    `<main><h1>${escaped(title)}</h1><p>${escaped(text)}</p><p><a href="${to}">${escaped(link.text)}</a></p></main></html>`,
  ].join('')
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, cookies: [...cookies], body }
}

function errandIn(value: string | null): Errand | null {
  if (value === null) return null
  try {
    const { state, verifier, back } = JSON.parse(Buffer.from(value, 'base64url').toString('utf8')) as Partial<Errand>
    if (typeof state !== 'string' || typeof verifier !== 'string' || typeof back !== 'string') return null
    return { state, verifier, back: backOf(back) }
  } catch {
    return null
  }
}

/**
 * Lax: it has to come back with the redirect from the issuer's site. `__Host-` and the path `/` that goes with it: no
 * subdomain can put an errand of its own here, and so sign somebody in as somebody else.
 */
function errandCookie(site: Site, value: string, maxAge: number): Cookie {
  return { name: errandName(site), value, path: '/', httpOnly: true, secure: isSecure(site), sameSite: 'Lax', maxAge }
}

function errandName(site: Site): string {
  return isSecure(site) ? '__Host-slipway-sign-in' : 'slipway-sign-in'
}

function random(): string {
  return randomBytes(32).toString('base64url')
}
