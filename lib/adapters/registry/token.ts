import { Fault } from '../../errors.ts'
import type { Clock } from '../../ports.ts'

/** A token and the time (epoch milliseconds) from which it is not used any more. */
export interface Token {
  readonly value: string
  readonly until: number
}

const LONGEST_BODY = 65_536
/** The token specification's value where a registry names none. */
const DEFAULT_LIFE_S = 60
const MARGIN_MS = 10_000

/**
 * Reads a token service's answer: the first of `names` that is there. It lives until the JWT's own `exp`, or for
 * `expires_in` seconds from now, less ten seconds. Throws Fault `malformed`; the message never quotes the body.
 */
export async function readToken(
  what: string,
  response: Response,
  names: readonly string[],
  clock: Clock,
): Promise<Token> {
  const text = await response.text()
  const body = text.length > LONGEST_BODY ? null : parse(text)
  const value = names.map((name) => body?.[name]).find((one) => typeof one === 'string' && one !== '')
  if (typeof value !== 'string') {
    throw new Fault('malformed', `${what}: the answer holds no ${names.join(' or ')}.`)
  }
  const life = typeof body?.expires_in === 'number' ? body.expires_in : DEFAULT_LIFE_S
  const until = expiryOf(value) ?? clock.now() + life * 1000
  return { value, until: until - MARGIN_MS }
}

/** `exp` of a JWT in milliseconds; null for tokens that are none. Read for caching only, so the signature is not looked at. */
function expiryOf(token: string): number | null {
  const payload = token.split('.')[1]
  if (payload === undefined) return null
  const exp = parse(Buffer.from(payload, 'base64url').toString('utf8'))?.exp
  return typeof exp === 'number' ? exp * 1000 : null
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null
  } catch {
    return null
  }
}
