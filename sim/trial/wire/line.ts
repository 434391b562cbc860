import type { SimClock } from '../../clock.ts'
import { Crash } from '../../crash.ts'
import type { Body } from '../footing.ts'

/** What becomes of a request besides what the service says: an error instead of the effect, or of the answer. */
export type Mishap<T> =
  | {
      readonly moment: 'before' | 'after'
      /** What the worker hears instead: a reply, or the error of its connection. */
      readonly hears: T | Error
      /** How long it waits for that, milliseconds. */
      readonly lastsMs: number
    }
  /** Something on the way sends it again: what the worker hears is the answer to the second. */
  | { readonly moment: 'twice'; readonly lastsMs: 0 }

/** The wire of one worker: it may die before and after any request, and requests may come to grief. */
export interface Line {
  /** Sends a request that `effect` answers, all at once; `call` names it. Throws Crash where the worker is dead by then. */
  send<T>(call: string, mishap: Mishap<T> | null, effect: () => T): Promise<T>
}

/** The line of a worker whose time is told by `clock`. */
export function createLine(body: Body, clock: SimClock): Line {
  const alive = (call: string) => {
    if (body.isDead) throw new Crash(`${call} was sent by worker ${body.number}, which is dead`)
  }
  const answered = <T>(mishap: Mishap<T> | null, effect: () => T): T => {
    if (mishap === null) return effect()
    if (mishap.moment !== 'before') effect()
    if (mishap.moment === 'twice') return effect()
    if (mishap.hears instanceof Error) throw mishap.hears
    return mishap.hears
  }
  return {
    send: async (call, mishap, effect) => {
      alive(call)
      const fate = body.fateOf(call)
      if (fate === 'before') body.die(call, 'before')
      try {
        return answered(mishap, effect)
      } finally {
        if (fate === 'after') body.die(call, 'after')
        if (mishap !== null && mishap.lastsMs > 0) await pass(clock, mishap.lastsMs)
        alive(call)
      }
    },
  }
}

/** Lets time pass once everybody who waits at this moment has begun to wait; several who wait at once share the time. */
export async function pass(clock: SimClock, ms: number): Promise<void> {
  const until = clock.now() + ms
  await new Promise((resolve) => setImmediate(resolve))
  if (clock.now() < until) clock.set(until)
}
