import type { Trouble } from './trouble.ts'
import { TimedOut, within } from './within.ts'

/** The bearer token for an audience, or why there is none. */
export type Tokens = (audience: string) => Promise<{ readonly token: string } | Trouble>

/**
 * Tokens for one read: each audience's is asked for once, for `timeoutMs` at most. Never throws, and never says a word of a
 * token or of the error it was refused with.
 */
export function createTokens(tokenOf: (audience: string) => Promise<string>, timeoutMs: number): Tokens {
  const asked = new Map<string, ReturnType<Tokens>>()
  return (audience) => {
    const token = asked.get(audience) ?? readToken(audience, tokenOf, timeoutMs)
    asked.set(audience, token)
    return token
  }
}

async function readToken(
  audience: string,
  tokenOf: (audience: string) => Promise<string>,
  timeoutMs: number,
): ReturnType<Tokens> {
  const none = `no token for ${audience} (prometheusAudience in SLIPWAY_ENVIRONMENTS)`
  try {
    const token = await within(tokenOf(audience), timeoutMs)
    if (/^[\x21-\x7e]+$/.test(token)) return { token }
    return { silence: 'denied', why: `${none}: what Slipway's identity was given is none` }
  } catch (error) {
    if (!(error instanceof TimedOut))
      return { silence: 'denied', why: `${none} could be had: check that audience and Slipway's identity` }
    return { silence: 'late', why: `${none} came within ${timeoutMs} ms: it is asked for again at the next look` }
  }
}
