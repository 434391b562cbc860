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

/**
 * Watches a trial for one promise. It sees the events of one seed in their order and nothing else: neither the engine nor its
 * state. Whatever it must remember it keeps itself.
 */
export interface Check {
  readonly invariant: Invariant
  /** Called at every event, right after the effect. */
  see(event: TraceEvent): readonly Violation[]
  /** Called once, after the last event. */
  end(): readonly Violation[]
}
