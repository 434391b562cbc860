import type { Observed, Trouble } from './app.ts'
import type { Frozen } from './freeze.ts'
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
  /** Whether more figures are there than this look took in: what they say is of the past, and the next look comes at once. */
  readonly isBehind?: boolean
  /** Restarts of the canary's containers in the last minutes; null where nobody can tell, or nobody asked. */
  readonly restarts: number | null
  /** Since when a source that counts has given no answer; null where all do. */
  readonly blindSince: number | null
  /** The freeze that holds for this service now; null = none. `unread`: nobody asked, so that nothing may rise or thaw. */
  readonly freeze: Frozen | null | 'unread'
}

/** All that can be asked for, in the order in which people are told of it. */
export const VERBS = ['promote', 'promote-full', 'approve', 'pause', 'resume', 'abort', 'retry', 'undo'] as const

export type Verb = (typeof VERBS)[number]

/** Under which request, and known by which way in, something was asked for. */
export interface Asked {
  /** The id that the answer carried, and the log. */
  readonly request: string
  /** `token`: a bearer token; `cookie`: a session of the dashboard; `platform`: the sign-in of App Service. */
  readonly signIn: 'token' | 'cookie' | 'platform'
  /** The app that the token was given to (`azp`); null where it does not say. */
  readonly app: string | null
}

/** Who did something, and under which request; a text alone where there was none. */
export type By = string | { readonly actor: string; readonly asked?: Asked }

/** What a person wants done: the only edge in a level-triggered house, so it carries an id. */
export interface Command {
  readonly id: string
  readonly verb: Verb
  /** What people call who asks; the actor of the audit rows. */
  readonly actor: string
  /** What never changes about who asks: what an approval is counted by. */
  readonly actorId: string
  /** What else they are called, for rules that name people; never stored. Absent = nothing. */
  readonly aliases?: readonly string[]
  /** How it was asked for; goes into the audit rows of this command. Absent = nobody can say. */
  readonly asked?: Asked
  readonly reason: string
  /** For approve: the step (from 1) and the digest that are approved; null where they were not named. */
  readonly step: number | null
  readonly digest: string | null
  /** For undo: the revision, rollout or tag to go back to; null = what served before. */
  readonly to: string | null
  /** Break glass: past freezes, missing approvals and `promote-never`. Needs a reason. */
  readonly override: boolean
  /** The tags of which the rollout must still have one (`If-Match`); absent = any. */
  readonly ifMatch?: string
  /** A digest of all that is asked for: kept with the answer, so that one id cannot mean two things. */
  readonly wish?: string
}
