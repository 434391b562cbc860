import type { Trouble } from './app.ts'
import type { Frozen } from './freeze.ts'
import type { Verdict } from './judge/verdict.ts'
import type { Manifest, Push, ServiceKey } from './service.ts'

/**
 * How a rollout ended. `rolled-back`: the KPIs or the canary's health did not hold. `aborted`: a person or a deadline ended
 * it. `failed`: the revision never became ready. `refused`: the app cannot be handled safely as it is set up.
 * `unchanged`: the digest already had all traffic.
 */
export type Outcome = 'promoted' | 'rolled-back' | 'aborted' | 'superseded' | 'failed' | 'refused' | 'unchanged'

/** Why a rollout waits. At `foreign-edit` and `fault` Slipway keeps its hands off the traffic until a person speaks. */
export type PauseReason = 'gate' | 'operator' | 'inconclusive' | 'foreign-edit' | 'fault'

/**
 * Where a rollout stands. Times are epoch milliseconds; `stage` is an index into the plan.
 *
 * - `preparing`: image and app are checked, the stable revision is found. Nothing was written yet, or traffic is pinned.
 * - `provisioning`: the canary revision was asked for and is awaited; it has no weight.
 * - `progressing`: the canary is to have the weight of `stage`. `steadyAt` is when that weight was first *seen* (null
 *   before): the bake counts from there.
 * - `paused`: as `progressing` (or earlier: `stage` −1), but nothing advances until resume, promote or abort.
 * - `rolling-back`: the canary is to have no weight; this phase is left for `finished` only.
 * - `finished`: over. It is looked at until `watchUntil`, so that a writer that slept cannot bring old traffic back.
 */
export type Phase =
  | { readonly kind: 'preparing'; readonly since: number }
  | { readonly kind: 'provisioning'; readonly since: number }
  | { readonly kind: 'progressing'; readonly stage: number; readonly since: number; readonly steadyAt: number | null }
  | {
      readonly kind: 'paused'
      readonly why: PauseReason
      readonly because: string
      readonly since: number
      /** What goes on when the pause ends. */
      readonly from: 'preparing' | 'provisioning' | 'progressing'
      readonly stage: number
      readonly steadyAt: number | null
    }
  | { readonly kind: 'rolling-back'; readonly outcome: Outcome; readonly because: string; readonly since: number }
  | {
      readonly kind: 'finished'
      readonly outcome: Outcome
      readonly because: string
      readonly at: number
      readonly watchUntil: number
    }

/** The stage of the plan whose gate a phase waits at; null where it waits at none. */
export function gateStage(phase: Phase): number | null {
  return phase.kind === 'paused' && phase.why === 'gate' ? phase.stage : null
}

/** What foreign hands could change and we would want to know: compared from look to look. */
export interface Footprint {
  readonly mode: string
  readonly sticky: boolean
  /** Whether any traffic follows the latest revision, whichever that is. */
  readonly followsLatest: boolean
  /** Weight by revision, latest resolved to its name; revisions without weight are left out. */
  readonly weights: Readonly<Record<string, number>>
  /** Revision by label. */
  readonly labels: Readonly<Record<string, string>>
  /** Names of all revisions that were there. */
  readonly revisions: readonly string[]
  /** Which of stable, canary and leftovers were switched on. */
  readonly active: readonly string[]
  /** When the revisions were read, epoch milliseconds; absent in rows of earlier versions. */
  readonly revisionsAt?: number
}

/** Azure's name of a region (`westeurope`), and the hosts of single revisions by name. */
export interface Place {
  readonly region: string
  readonly hosts: Readonly<Record<string, string>>
}

/** A refusal that has not passed yet. Met at a `look` it ends with the next good look; met at a `deed`, when the deed is done. */
export interface StandingTrouble extends Trouble {
  readonly during: 'look' | 'deed'
  readonly since: number
  /** No deed is tried before this. */
  readonly retryAt: number
  /** How often it was met in a row. */
  readonly count: number
}

/** Why a rollout began. An `undo` brings an earlier release back at once, and no freeze holds it. */
export type Cause = 'push' | 'retry' | 'undo'

/** One person's yes to one step of one rollout with one digest. */
export interface Approval {
  /** A pseudonym for a person; in earlier states an object id, as `name` was a name. */
  readonly id: string
  readonly name: string
  /** What the manifest's `approvals.from` calls them, where that is neither id nor name. */
  readonly as?: string
  /** From 1. */
  readonly step: number
  readonly digest: string
  readonly at: number
  /** From then on it counts no more; null = it counts as long as the gate waits. */
  readonly expiresAt: number | null
}

/** One attempt to bring one digest to all users of one service. */
export interface Rollout {
  readonly schema: 1
  /** `<service>-<number>`, unique within its environment. */
  readonly id: string
  readonly number: number
  readonly key: ServiceKey
  readonly push: Push
  readonly cause: Cause
  /** The manifest as it stood at the start: a later one applies to later rollouts. */
  readonly manifest: Manifest
  readonly manifestVersion: number
  readonly startedAt: number
  readonly phase: Phase
  /** Name of the revision that had all traffic when the rollout began; null until it was looked up. */
  readonly stable: string | null
  /** The image that the stable revision ran then; absent where it is not known. */
  readonly stableImage?: string | undefined
  /** Name of the revision that this rollout makes. Deterministic, from number and digest. */
  readonly canary: string
  /** Canary weights that may rightly be seen now, the newest wish last; the rest of 100 belongs to stable. */
  readonly expected: readonly number[]
  /** Every canary weight that was ever wished for: what a writer that slept may still bring back. */
  readonly wished: readonly number[]
  /** When the last of `expected` was wished for. */
  readonly wishedAt: number
  /** The app as last seen; null before the first look. */
  readonly footprint: Footprint | null
  /** Where the app runs, and under which hosts its two revisions can be reached alone; null before the first look. */
  readonly place: Place | null
  /** Who agreed to which step; those of steps that are over are kept. */
  readonly approvals: readonly Approval[]
  /** The freeze that holds it back now, as it was written down; null = none does. */
  readonly frozen: Omit<Frozen, 'besides'> | null
  /** The freezes past which somebody broke the glass for the step that begins; none once its weight is real. */
  readonly unfrozen: readonly string[]
  /** When a freeze was last seen to hold for it, null = never: what must happen in time has its time from then on. */
  readonly frozenAt: number | null
  /** What the KPIs said at the last look, for status and for noticing changes. */
  readonly verdict: Verdict | null
  /** The refusal of the outside that still stands; null while all answers are good. */
  readonly trouble: StandingTrouble | null
  /** Revisions without use that are to be switched off once drained. */
  readonly leftovers: readonly string[]
  /** How many repairs of a failed template were written: makes each repair's suffix fresh. */
  readonly repairs: number
  /** Since when repairs count for the pace of the present phase, and how many there had been before; absent = there was none, or an older build wrote them. */
  readonly repairBurst?: { readonly since: number; readonly before: number } | undefined
  /** When traffic last changed by what we saw: drains count from here. */
  readonly trafficSeenAt: number
  /** Looks in a row at which the canary was unhealthy; at two of them it is rolled back. */
  readonly unwell: number
  /** Looks in a row at which the canary had restarted several times within minutes; at two of them it is rolled back. */
  readonly restarting: number
  /** Whether it was already written down that the present phase overran its deadline. */
  readonly overdue: boolean
  /** When it wants to be looked at next; null = never again. */
  readonly wakeAt: number | null
}
