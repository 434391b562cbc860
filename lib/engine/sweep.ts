import { Fault } from '../errors.ts'
import type { Call } from '../ports.ts'
import { type Turned, turn } from './turn.ts'
import { ringFor, type Wheel } from './wheel.ts'

/** How a sweep goes about it. */
export interface Sweeping {
  /** How many services one turn takes at most; a sweep turns as often as it must. */
  readonly slice: number
  /** Somebody who sweeps has called for help: this one calls nobody. */
  readonly isHelp: boolean
}

/** Each slice asks ARM and the sources anew, for all of its own at once: as many as one text to Log Analytics can ask about. */
const USUAL: Sweeping = { slice: 500, isHelp: false }
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
    for (const turned of await turnApart(wheel, environment, names)) {
      if (turned instanceof Fault) troubles.push(turned)
      else all.push(...turned.filter((one) => !isLeft(one, done)))
    }
    // What has become due meanwhile has rung for itself: storage is asked again only where something was left, or may be.
    const isAll = left === 0 && othersUntil === null && names.every((name) => done.has(name))
    if (isAll || troubles.length >= MOST_TROUBLES) return unlessTroubled(environment, all, troubles)
  }
}

/** Whether a turn did not come to it, so that it is claimed and measured anew. */
function isLeft({ name, result }: Turned, done: Set<string>): boolean {
  return result === 'left' && done.delete(name)
}

/** Those that broke our code the last time are turned by themselves: whatever they break, the others meet nothing of it. */
async function turnApart(
  wheel: Wheel,
  environment: string,
  names: readonly string[],
): Promise<readonly (readonly Turned[] | Fault)[]> {
  const { infirmary } = wheel
  const sick = (await infirmary?.sickIn(environment)) ?? NOBODY
  const { true: ill = [], false: well = [] } = Object.groupBy(names, (name) => `${sick.has(name)}` as const)
  const groups = [well, ill].filter((group) => group.length > 0)
  const turned = await Promise.all(groups.map((group) => turnHalved(wheel, environment, group)))
  await infirmary?.note(
    environment,
    turned.flatMap((one) => (one instanceof Fault ? [] : one)),
  )
  return turned
}

const NOBODY: ReadonlySet<string> = new Set()

/** Where our own code breaks on all at once, each half is turned by itself, until it is known on whom it breaks; it is thrown where nobody looks after those. */
async function turnHalved(
  wheel: Wheel,
  environment: string,
  names: readonly string[],
): Promise<readonly Turned[] | Fault> {
  try {
    return await turn(wheel, environment, names)
  } catch (error) {
    if (error instanceof Fault) return error
    if (wheel.infirmary === undefined) throw error
    const [name = ''] = names
    if (names.length === 1) return [{ name, result: 'broken', decision: null, error }]
    const middle = Math.ceil(names.length / 2)
    const halves = [names.slice(0, middle), names.slice(middle)]
    const turned = await Promise.all(halves.map((half) => turnHalved(wheel, environment, half)))
    return turned.find((half) => half instanceof Fault) ?? turned.flatMap((half) => (half instanceof Fault ? [] : half))
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
