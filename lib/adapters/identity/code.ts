import { Fault } from '../../errors.ts'

/** The app that people sign in with, and where its codes become tokens. */
export interface CodeRules {
  readonly tokenUrl: string
  readonly clientId: string
  /** Gives the app's secret; null = a public client, which PKCE alone protects. */
  readonly secret: (() => Promise<string>) | null
  readonly redirectUri: string
}

/** An access token, or null where the issuer did not take the code: it was used, is too old, or is not ours. */
export type ExchangeCode = (code: string, verifier: string) => Promise<IssuedToken | null>

/** An access token as the issuer gave it, and how long it lives. */
export interface IssuedToken {
  readonly token: string
  readonly expiresInSeconds: number
}

const TIMEOUT_MS = 5_000
const MAX_CHARS = 64 * 1024

/**
 * Turns a code into an access token (RFC 6749 §4.1.3 with the verifier of RFC 7636), from server to server. No other token
 * is kept. Throws Fault: unavailable where the issuer does not answer, denied where it does not take the app's secret.
 */
export function createCodeExchange({ tokenUrl, clientId, secret, redirectUri }: CodeRules): ExchangeCode {
  return async (code, verifier) => {
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
      client_id: clientId,
      ...(secret === null ? {} : { client_secret: await secret() }),
    })
    const { status, body } = await post(tokenUrl, form)
    if (status === 200) return tokenIn(body)
    const { error } = body
    if (error === 'invalid_grant') return null
    const said = typeof error === 'string' && /^[\w.-]{1,60}$/.test(error) ? error : 'no reason'
    const kind = status >= 500 || status === 429 ? 'unavailable' : 'denied'
    throw new Fault(kind, `the token issuer answered ${status} (${said}) to the sign-in of the dashboard`)
  }
}

async function post(url: string, form: URLSearchParams): Promise<{ status: number; body: Record<string, unknown> }> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(url, { method: 'POST', body: form, redirect: 'error', signal })
    const text = await response.text()
    if (text.length > MAX_CHARS) throw new Error('its answer is too long')
    return { status: response.status, body: JSON.parse(text) as Record<string, unknown> }
  } catch (cause) {
    const why = cause instanceof Error ? cause.name : 'no answer'
    throw new Fault('unavailable', `the token issuer gives no readable answer to the sign-in: ${why}`, { cause })
  }
}

function tokenIn(body: Record<string, unknown>): IssuedToken {
  const { access_token: token, expires_in: seconds } = body
  if (typeof token !== 'string' || typeof seconds !== 'number') {
    throw new Fault('malformed', 'the token issuer answered a sign-in without an access token')
  }
  return { token, expiresInSeconds: seconds }
}
