import type { AuditRow, Weights } from '../../lib/core/audit.ts'
import type { Role } from '../../lib/core/caller.ts'
import type { Manifest } from '../../lib/core/service.ts'
import type { EventRecord } from '../../lib/ports.ts'

/** The kinds of fault that a trial can meet; docs/reliability.md tells what each one does. */
export const FAULTS = [
  'F1',
  'F2',
  'F3',
  'F4',
  'F5',
  'F6',
  'F7',
  'F8',
  'F9',
  'F10',
  'F11',
  'F12',
  'F13',
  'F14',
  'F15',
  'F16',
] as const

/** One kind of fault. */
export type FaultKind = (typeof FAULTS)[number]

/** Where the newest rollout of a service stands when something happens to it; `none` before its first. */
export const PHASES = [
  'none',
  'preparing',
  'provisioning',
  'progressing',
  'paused',
  'rolling-back',
  'finished',
] as const

/** One place of a rollout's life, as coverage counts them. */
export type TrialPhase = (typeof PHASES)[number]

/** A revision as users and Azure meet it at a moment. */
export interface RevisionTold {
  readonly name: string
  /** Image reference, pinned by digest where Slipway made the revision. */
  readonly image: string
  readonly active: boolean
  /** Whether it could serve now: provisioned, healthy, running or sleeping. */
  readonly ready: boolean
}

/** What an ARM write asked for; null = that part was not asked for. */
export interface WriteAsked {
  readonly weights: Weights | null
  /** Whether any traffic entry named `latestRevision` instead of a revision. */
  readonly followsLatest: boolean
  /** The revision that it makes, switches on or switches off. */
  readonly revision: string | null
  readonly image: string | null
}

/** How an app is set up besides its weights: what else hands can change. */
export interface SetUpTold {
  /** `Multiple`, `Single` or `Labels`. */
  readonly mode: string
  readonly sticky: boolean
  /** Whether any traffic entry follows the latest revision. */
  readonly followsLatest: boolean
  /** Revision by label. */
  readonly labels: Readonly<Record<string, string>>
  /** All revisions, sorted. */
  readonly revisions: readonly string[]
  /** Those that are switched on, sorted. */
  readonly active: readonly string[]
}

/**
 * All that a trial writes down. `app` is `subscription/group/app` in lower case, `entity` is `environment/service`, `worker` is
 * a number from 0 that no later process gets again: a worker that died is followed by one with a new number.
 */
export type TraceBody =
  /** Somebody who may ask for commands, and as what. `services` null = everywhere. */
  | {
      readonly kind: 'principal'
      readonly actor: string
      readonly role: Role
      readonly services: readonly string[] | null
    }
  /** A text that nobody but those who hold it may ever read. */
  | { readonly kind: 'secret'; readonly value: string; readonly where: string }
  /** A manifest is in force: at the beginning, and whenever one was stored. */
  | { readonly kind: 'service'; readonly entity: string; readonly app: string; readonly manifest: Manifest }
  /** A fault begins, ends, or strikes once. `phase` is where the service's newest rollout stood. */
  | {
      readonly kind: 'fault'
      readonly fault: FaultKind
      readonly variant: string
      readonly moment: 'begins' | 'ends' | 'strikes'
      readonly entity: string | null
      readonly phase: TrialPhase
    }
  /** A delivery was answered 2xx: from here on it must not be lost. */
  | {
      readonly kind: 'push-accepted'
      readonly id: string
      readonly entity: string | null
      readonly tag: string
      readonly digest: string
    }
  /** A worker tries a message of a queue. `deliveries` are the ids of the events in it; `last` = it was put aside, and each is tried alone. */
  | {
      readonly kind: 'message-tried'
      readonly message: string
      readonly deliveries: readonly string[]
      readonly worker: number
      readonly tries: number
      readonly last: boolean
    }
  /** What became of a delivery was written down. */
  | { readonly kind: 'event-recorded'; readonly record: EventRecord }
  | {
      readonly kind: 'command'
      readonly id: string
      readonly verb: string
      readonly actor: string
      readonly entity: string
      readonly worker: number
    }
  | {
      readonly kind: 'command-answered'
      readonly id: string
      readonly entity: string
      readonly answer: string
      readonly because: string
    }
  /** A worker begins a piece of work; `clock` is the time that it believes in. */
  | {
      readonly kind: 'wake'
      readonly worker: number
      readonly path: 'timer' | 'queue' | 'intake' | 'command' | 'notices'
      readonly environment: string
      readonly clock: number
    }
  | { readonly kind: 'crash'; readonly worker: number; readonly call: string; readonly moment: 'before' | 'after' }
  /** A worker fell asleep right before a call, and makes it when it wakes; it may sleep for long. */
  | { readonly kind: 'asleep'; readonly worker: number; readonly call: string }
  /** A line that the function app wrote to its log. */
  | { readonly kind: 'log'; readonly worker: number; readonly level: 'info' | 'warn' | 'error'; readonly line: string }
  /** A worker's measurement: what a source answered about one KPI of one revision in `[from, to)`. */
  | {
      readonly kind: 'measurement'
      readonly worker: number
      readonly entity: string
      readonly kpi: string
      readonly revision: string
      readonly from: number
      readonly to: number
      readonly answer: 'measured' | 'missing'
      readonly bad: number
      readonly total: number
    }
  /**
   * The state of a rollout was stored: the decision, durable. `canaryWeight` is what it wants now (null = hands off). `commit`
   * numbers the transactions of a seed from 1; `cause` says why the rollout began: `push`, `retry` or `undo`.
   */
  | {
      readonly kind: 'decision'
      readonly worker: number
      readonly commit: number
      readonly cause: string
      readonly entity: string
      readonly rollout: string
      readonly canary: string
      readonly stable: string | null
      readonly phase: TrialPhase
      readonly stage: number | null
      readonly canaryWeight: number | null
      readonly outcome: string | null
      readonly wakeAt: number | null
    }
  /** An audit row was stored, in the same transaction as the decision beside it (same `commit` number). */
  | { readonly kind: 'audit'; readonly row: AuditRow; readonly commit: number }
  | {
      readonly kind: 'arm-read'
      readonly worker: number
      readonly app: string
      readonly call: string
      readonly code: string | null
    }
  /** `taken`: ARM answered 2xx. `refused` with `applied`: the answer was an error though the write took effect. */
  | {
      readonly kind: 'arm-write'
      readonly worker: number
      readonly app: string
      readonly deed: 'patch' | 'activate' | 'deactivate' | 'restart'
      readonly asked: WriteAsked
      readonly outcome: 'taken' | 'refused'
      readonly applied: boolean
      readonly code: string | null
      /** The app's revisions at that moment, before the write. */
      readonly revisions: readonly RevisionTold[]
    }
  /** A hand in the portal, `az` or a template changed the app. */
  | {
      readonly kind: 'edit'
      readonly app: string
      readonly what: string
      readonly before: Weights
      readonly after: Weights
      readonly setUpBefore: SetUpTold
      readonly setUpAfter: SetUpTold
    }
  /** What users meet from now on, whoever changed it. */
  | {
      readonly kind: 'traffic'
      readonly app: string
      readonly weights: Weights
      readonly revisions: readonly RevisionTold[]
    }
  /** A notice was handed to a sink. `taken`: it has it and said so; `unanswered`: it has it, and the answer was lost. */
  | {
      readonly kind: 'notice'
      readonly id: string
      readonly sink: string
      readonly about: string
      readonly worker: number
      readonly outcome: 'taken' | 'unanswered' | 'refused' | 'down'
    }
  /** What somebody outside hears who asks whether all that is due is looked at: told whenever the answer is another. */
  | {
      readonly kind: 'heartbeat'
      readonly environment: string
      /** Services that were due five minutes ago; null = nobody answered. */
      readonly late: readonly string[] | null
    }
  | { readonly kind: 'violation'; readonly invariant: string; readonly says: string }
  /** The last of a seed. `calmAt` is when the last fault had ended. */
  | { readonly kind: 'end'; readonly calmAt: number; readonly canaries: number; readonly violations: number }

/** One line of a trace: `n` counts from 1 within a seed and is the true order; `at` is the world's time, epoch milliseconds. */
export type TraceEvent = { readonly seed: number; readonly n: number; readonly at: number } & TraceBody
