import { type Freeze, type FreezeWindow, type Frozen, frozenBy } from '../core/freeze.ts'
import { Fault } from '../errors.ts'
import type { Wheel } from './wheel.ts'

/** Tells which freeze holds for a service at a moment; null = none. */
export type FrozenAt = (name: string, at: number) => Frozen | null

/**
 * Reads the freezes of an environment, in one call; each window is worked out once, however many services are asked about.
 * Where the record cannot be read, or the store gives no answer, everything is held until it can: what is frozen must not
 * go on because nobody can read it, and what makes things safe goes on all the same. Never throws Fault.
 */
export async function freezesNow(wheel: Wheel, environment: string): Promise<FrozenAt> {
  try {
    const { freezes } = await wheel.freezes.freezesOf(environment)
    const openWindow = windowsOf(wheel)
    return (name, at) => frozenBy(freezes, name, at, openWindow)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { message } = error
    return (_, at) => ({ id: 'unreadable', reason: message, by: 'slipway', since: at, until: null, unreadable: true })
  }
}

/** Tells open windows, each worked out anew only when the one that was found before has ended. */
function windowsOf({ nextWindow }: Pick<Wheel, 'nextWindow'>): (freeze: Freeze, at: number) => FreezeWindow | null {
  const found = new Map<Freeze, { readonly at: number; readonly window: FreezeWindow | null }>()
  return (freeze, at) => {
    const known = found.get(freeze)
    const holds = known !== undefined && at >= known.at && (known.window?.until ?? Number.POSITIVE_INFINITY) > at
    const window = holds ? known.window : nextWindow(freeze, at)
    if (!holds) found.set(freeze, { at, window })
    return window !== null && window.from <= at ? window : null
  }
}
