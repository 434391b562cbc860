/**
 * What the outside did to us, in the six ways that call for different deeds.
 *
 * - `not-found`: asked and answered, the thing is not there.
 * - `conflict`: somebody else is writing (ETag race, ARM operation in progress): look again, decide again.
 * - `throttled`: too many calls; `retryAfterMs` says when the other side wants to hear from us.
 * - `unavailable`: no answer, or an answer that says "later" (5xx, time-out, connection reset). The deed may have happened.
 * - `denied`: the identity lacks a role. Nobody but a person can mend it.
 * - `malformed`: the other side answered something we cannot read, or refused our request as wrong.
 */
export type FaultKind = 'not-found' | 'conflict' | 'throttled' | 'unavailable' | 'denied' | 'malformed'

const SECRETS: readonly [RegExp, string][] = [
  [/([?&](?:code|sig|secret|token|access_token|key)=)[^&\s"']+/gi, '$1***'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***'],
  [/\b((?:AccountKey|SharedAccessKey)=)[^;\s"']+/gi, '$1***'],
  [/(:\/\/[^/\s:@"']*:)[^/\s@"']+@/g, '$1***@'],
]

/** The text with what looks like a secret blotted out: keys in URLs and connection strings, tokens in headers, passwords before a host. */
export function withoutSecrets(text: string): string {
  return SECRETS.reduce((left, [secret, blot]) => left.replace(secret, blot), text)
}

/**
 * The one error an adapter may throw. Its message says what, which one and what to do; what looks like a secret in it is blotted out.
 * `retryAfterMs` is the wait that the other side asked for, or null where it named none.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly kind: FaultKind
  readonly retryAfterMs: number | null

  constructor(kind: FaultKind, message: string, options: { cause?: unknown; retryAfterMs?: number | null } = {}) {
    super(withoutSecrets(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** How many causes of causes a line for the log tells. */
const MOST_CAUSES = 5

/** An error for a log, in one line: what was being done, each error with the ones that caused it, and where, as seen from the app's own folder; no secrets. */
export function errorLine(what: string, error: unknown): string {
  const parts = [what]
  let next = error
  for (let depth = 0; next !== undefined && next !== null && depth < MOST_CAUSES; depth += 1) {
    parts.push(next instanceof Error ? (next.stack ?? `${next.name}: ${next.message}`) : String(next))
    next = next instanceof Error ? next.cause : undefined
  }
  return withoutSecrets(fromHere(parts.join(' | ').replace(/\s*\n\s*/g, ' ')))
}

/** Where the app lies says nothing about the error, and would make each machine's line another one. */
function fromHere(text: string): string {
  const root = process.cwd()
  return root.length < 2 ? text : text.replaceAll(`file://${root}/`, '').replaceAll(`${root}/`, '')
}
