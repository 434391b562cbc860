import { Fault } from '../../errors.ts'
import type { Answer } from './outbound.ts'

/**
 * What an answer that is no yes means. `malformed`: this message is refused, and the same bytes would be again. Anything else
 * is about the place: it comes later, or a person mends it. The answer's text is left out: it may repeat what was secret.
 */
export function faultOfAnswer(who: string, { status, retryAfterMs }: Answer): Fault {
  const said = `${who} answered HTTP ${status}`
  const later = { retryAfterMs }
  if (status === 429) return new Fault('throttled', `${said}: it is being asked too often`, later)
  if (status >= 500 || status === 408 || status === 425)
    return new Fault('unavailable', `${said}; it is tried again`, later)
  if (status >= 300 && status < 400)
    return new Fault('denied', `${said}: redirects are not followed; put the final address in`)
  if (status === 400 || status === 413 || status === 415 || status === 422)
    return new Fault('malformed', `${said}: it refuses this notice`)
  return new Fault('denied', `${said}: check its address, its secret and what it lets Slipway do`, later)
}

/** The value of a JSON object, or an empty one where the text is none. */
export function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
