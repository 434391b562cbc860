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

/**
 * The one error an adapter may throw. Its message says what, which one and what to do; it never holds a secret.
 * `retryAfterMs` is the wait that the other side asked for, or null where it named none.
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly kind: FaultKind
  readonly retryAfterMs: number | null

  constructor(kind: FaultKind, message: string, options: { cause?: unknown; retryAfterMs?: number | null } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}
