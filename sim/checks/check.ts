import type { TraceEvent } from '../trial/trace.ts'

/** The promises that are checked after every effect (S) and at the end (L); docs/reliability.md says each in a sentence. */
export type Invariant =
  | `S${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18}`
  | `L${1 | 2 | 3 | 4 | 5 | 6 | 7}`

/** A promise that was broken, and by what. */
export interface Violation {
  readonly invariant: Invariant
  /** What was promised, what happened instead, and where: a sentence with names and times. */
  readonly says: string
  /** `n` of the event at which it was seen. */
  readonly n: number
}

type Kind = TraceEvent['kind']

/**
 * Watches a trial for one promise. It sees the events of one seed in their order and nothing else: neither the engine nor its
 * state. Whatever it must remember it keeps itself.
 */
export interface Check {
  readonly invariant: Invariant
  /** What it is told of, and nothing else. */
  readonly kinds: readonly Kind[]
  /** Whether time alone may break its promise: then it is told of the first event of every moment as well, whatever that is. */
  readonly timed?: true
  /** Called at every such event, right after the effect. */
  see(event: TraceEvent): readonly Violation[]
  /** Called once, after the last event. */
  end(): readonly Violation[]
}

/** A check that looks at those kinds of events alone that it names: the compiler sees to that, save where time may break its promise. */
export function checkOf<K extends Kind>(check: {
  readonly invariant: Invariant
  readonly kinds: readonly K[]
  see(event: Extract<TraceEvent, { readonly kind: K }>): readonly Violation[]
  end(): readonly Violation[]
}): Check
export function checkOf(check: Check & { readonly timed: true }): Check
export function checkOf(check: Check): Check {
  return check
}
