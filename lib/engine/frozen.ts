import { type Frozen, frozenBy } from '../core/freeze.ts'
import { Fault } from '../errors.ts'
import type { Wheel } from './wheel.ts'

/** Tells which freeze holds for a service at a moment; null = none. */
export type FrozenAt = (name: string, at: number) => Frozen | null

/**
 * Reads the freezes of an environment, in one call. Where the record is there and cannot be read, everything is held until
 * somebody mends it: what is frozen must not go on because nobody can read it, and rollbacks go on all the same. Throws
 * Fault where the store gives no answer.
 */
export async function freezesNow(wheel: Wheel, environment: string): Promise<FrozenAt> {
  try {
    const { freezes } = await wheel.freezes.freezesOf(environment)
    return (name, at) => frozenBy(freezes, name, at, wheel.openWindow)
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'malformed') throw error
    const { message } = error
    return (_, at) => ({ id: 'unreadable', reason: message, by: 'slipway', since: at, until: null })
  }
}
