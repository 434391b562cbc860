/** The worker died. Nothing below the runner may catch this and go on: the dead do not write. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/** When the worker is to die: at its `call`-th call of a socket (from 1), before the call took effect or after it did. */
export interface CrashPlan {
  readonly call: number
  readonly moment: 'before' | 'after'
}

/** A worker that dies once, by plan, and may be started again. */
export interface Mortal<T> {
  readonly sockets: T
  /** Calls so far, in words: `store.commit`, `apps.perform`, … */
  readonly calls: readonly string[]
  /** A new worker on the same world; the plan is used up. */
  revive(): void
}

/** Which members of the sockets are clocks or pure functions, and so no place to die at. */
const IMMORTAL: readonly string[] = [
  'clock',
  'digest',
  'matchesTag',
  'openWindow',
  'nextWindow',
  'longestLifeMs',
  'heldBy',
]

/**
 * Wraps every method of every socket so that the worker dies at one of them, or at several one after another. From that moment every call of the dead
 * worker throws: what it had under way in parallel does not go on either.
 */
export function mortal<T extends object>(sockets: T, plan: CrashPlan | readonly CrashPlan[] | null): Mortal<T> {
  const plans = plan === null ? [] : 'call' in plan ? [plan] : plan
  const calls: string[] = []
  let dead = false
  const guard = async (name: string, call: () => unknown): Promise<unknown> => {
    if (dead) throw new Crash(`${name} was called by a dead worker`)
    calls.push(name)
    const moment = plans.find((plan) => plan.call === calls.length)?.moment
    if (moment === 'before') return die(name)
    const result = await call()
    if (moment === 'after') return die(name)
    return result
  }
  const die = (name: string): never => {
    dead = true
    throw new Crash(`the worker died at ${name}, call ${calls.length}`)
  }
  const revive = () => {
    dead = false
  }
  return { sockets: guarded(sockets, guard), calls, revive }
}

/** Stands before every call of a socket: may let it through (`call`), refuse it, or keep it waiting. */
export type Guard = (name: string, call: () => unknown) => Promise<unknown>

/**
 * The same sockets with a guard before every method, told as `store.commit`; clocks and pure functions have none. While
 * `isOpen`, calls go straight through, and the guard does not hear of them.
 */
export function guarded<T extends object>(sockets: T, guard: Guard, isOpen: () => boolean = NEVER): T {
  const wrapped: Record<string, unknown> = {}
  for (const [name, socket] of Object.entries(sockets)) {
    wrapped[name] = IMMORTAL.includes(name) ? socket : wrap(name, socket as object, guard, isOpen)
  }
  return wrapped as T
}

const NEVER = () => false

function wrap(name: string, socket: object, guard: Guard, isOpen: () => boolean): object {
  const methods: Record<string, unknown> = {}
  for (const [member, value] of Object.entries(socket) as [string, unknown][]) {
    if (typeof value !== 'function') continue
    const called = `${name}.${member}`
    methods[member] = (...given: unknown[]) =>
      isOpen() ? value.apply(socket, given) : guard(called, () => value.apply(socket, given))
  }
  return methods
}
