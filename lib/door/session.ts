import type { Cookie } from '@azure/functions'
import { problem, Refusal } from './problem.ts'

/** What a session's cookie may be: browsers drop a larger one without a word. */
export const MAX_COOKIE_CHARS = 4000

/** Where people reach the API, as SLIPWAY_PUBLIC_URL says it. Cookies are told to be secure wherever there is TLS. */
export interface Site {
  readonly publicUrl: string
}

/** The cookie that carries a person's access token: no script can read it, and other sites never cause it to be sent. */
export function sessionCookie(site: Site, token: string, maxAge: number): Cookie {
  return {
    name: sessionName(site),
    value: token,
    path: '/',
    httpOnly: true,
    secure: isSecure(site),
    sameSite: 'Strict',
    maxAge,
  }
}

/** The same cookie, taken away. */
export function noSession(site: Site): Cookie {
  return sessionCookie(site, '', 0)
}

/** The token of the session's cookie; null where there is none. */
export function tokenOfSession(site: Site, headers: Headers): string | null {
  return cookieOf(headers, sessionName(site))
}

/** The value of a cookie; null where there is none. */
export function cookieOf(headers: Headers, name: string): string | null {
  const pairs = (headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  const found = pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
  return found === undefined || found === '' ? null : decoded(found)
}

/** Whether there is TLS between people and the API. */
export function isSecure({ publicUrl }: Site): boolean {
  return publicUrl.startsWith('https:')
}

/**
 * Refuses with 403 what changes something and was not asked for by our own page: it sends `x-slipway-request: 1`, which no
 * form of another site can, and the browser names our own origin. Reading needs neither.
 */
export function checkOrigin(site: Site | null, method: string, headers: Headers): void {
  if (method === 'GET' || method === 'HEAD') return
  const origin = site === null ? null : headers.get('origin')
  const isOurs =
    site === null || origin === null
      ? headers.get('sec-fetch-site') === 'same-origin'
      : origin === new URL(site.publicUrl).origin
  if (isOurs && headers.get('x-slipway-request') === '1') return
  const detail =
    'Who is signed in by a browser may change things only from the dashboard itself: same origin, and the header x-slipway-request: 1.'
  throw new Refusal(problem(403, 'forbidden', detail))
}

/** `__Host-` makes browsers refuse a cookie of this name from a subdomain, or without TLS. Loopback has no TLS. */
function sessionName(site: Site): string {
  return isSecure(site) ? '__Host-slipway' : 'slipway'
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
