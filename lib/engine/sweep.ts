import { Fault } from '../errors.ts'
import type { Call } from '../ports.ts'
import { type Turned, turn } from './turn.ts'
import { ringFor, type Wheel } from './wheel.ts'

/** How a sweep goes about it. */
export interface Sweeping {
  /** How many services one turn takes at most; a sweep turns as often as it must. At most 100. */
  readonly slice: number
  /** Somebody who sweeps has called for help: this one calls nobody. */
  readonly isHelp: boolean
}

/** As many as one transaction claims: each slice asks ARM and the sources anew, for all of its own at once. */
const USUAL: Sweeping = { slice: 100, isHelp: false }
/** How many are called to help at most: more than the instances of an installation that this could be too little for. */
const MOST_HELP = 16
/** Slices that cannot be looked at before a sweep gives up: storage that is away is not asked a hundred times. */
const MOST_TROUBLES = 5

/**
 * Does everything that is due in an environment now, whatever was missed before: each due service gets one turn, rollbacks
 * first. Harmless when run twice, late, or by several at once: then they share what is due, slice by slice, and where one
 * dies with a slice in hand, a call of the bell brings somebody to it. Where more is due than one slice, others are called
 * to help. Services that fail are in the answer and stay due. A slice that could not be looked at stops none of the others,
 * up to a bound; what kept it from being looked at is thrown once they are done.
 */
export async function sweep(
  wheel: Wheel,
  environment: string,
  how: Partial<Sweeping> = {},
): Promise<readonly Turned[]> {
  const { slice, isHelp } = { ...USUAL, ...how }
  const done = new Set<string>()
  const all: Turned[] = []
  const troubles: Fault[] = []
  for (;;) {
    const now = wheel.clock.now()
    const { names, left, othersUntil } = await wheel.store.claim(environment, now, slice, done)
    if (done.size === 0 && !isHelp) await ringFor(wheel, helpers(environment, now, left / slice))
    if (names.length === 0) {
      if (othersUntil !== null) await ringFor(wheel, [{ environment, at: othersUntil }])
      return unlessTroubled(environment, all, troubles)
    }
    for (const name of names) done.add(name)
    const turned = await unlessRefused(() => turn(wheel, environment, names))
    if (turned instanceof Fault) troubles.push(turned)
    else all.push(...turned)
    if (troubles.length === MOST_TROUBLES) return unlessTroubled(environment, all, troubles)
  }
}

async function unlessRefused<T>(work: () => Promise<T>): Promise<T | Fault> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

function unlessTroubled<T>(environment: string, all: T, troubles: readonly Fault[]): T {
  const [first] = troubles
  if (first === undefined) return all
  if (troubles.length === 1) throw first
  const words = `${troubles.length} slices of ${environment} could not be looked at: ${first.message}`
  throw new Fault(first.kind, words, { cause: first })
}

function helpers(environment: string, at: number, slices: number): readonly Call[] {
  return Array.from({ length: Math.min(Math.ceil(slices), MOST_HELP) }, () => ({ environment, at, isHelp: true }))
}
