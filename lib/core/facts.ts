import type { Observed, Trouble } from './app.ts'
import type { Verdict } from './judge/verdict.ts'

/** Whether a manifest is really in its registry, or why nobody can say. */
export type Presence =
  | { readonly kind: 'present' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly trouble: Trouble }

/** What one look brought together for one rollout: all that a decision may rest on, besides the rollout itself. */
export interface Facts {
  readonly now: number
  readonly app: Observed
  /** Answer of the registry; null where it was not asked (only a rollout in `preparing` asks). */
  readonly image: Presence | null
  /** What the KPIs say; null where the canary takes no traffic, or where nothing was asked. */
  readonly verdict: Verdict | null
  /** Restarts of the canary's containers in the last minutes; null where nobody can tell, or nobody asked. */
  readonly restarts: number | null
  /** Since when a source that counts has given no answer; null where all do. */
  readonly blindSince: number | null
}

export type Verb = 'promote' | 'promote-full' | 'pause' | 'resume' | 'abort' | 'retry'

/** What a person wants done: the only edge in a level-triggered house, so it carries an id. */
export interface Command {
  readonly id: string
  readonly verb: Verb
  readonly actor: string
  readonly reason: string
}
