import type { Action, Observed } from './core/app.ts'
import type { AuditKind, AuditRow } from './core/audit.ts'
import type { AppSetUp } from './core/doctor/app.ts'
import type { LogRoute } from './core/doctor/sources.ts'
import type { StorageAnswer } from './core/doctor/storage.ts'
import type { Presence } from './core/facts.ts'
import type { Freeze, Lifted } from './core/freeze.ts'
import type { Query, Reading } from './core/judge/reading.ts'
import type { BucketLine, JudgeState } from './core/judge/state.ts'
import type { Notice } from './core/notice.ts'
import type { Told } from './core/quarantine-row.ts'
import type { Quiet } from './core/revision-turns.ts'
import type { Rollout } from './core/rollout.ts'
import type { Push, ServiceKey, ServiceState, Target } from './core/service.ts'
import type { Page } from './ports-page.ts'

export type { Presence } from './core/facts.ts'
export type {
  Notifier,
  Outbox,
  Parcel,
  Quarantine,
  QuarantinedLoaded,
  Requeue,
  SinkState,
  Unsent,
} from './ports-aside.ts'
export type * from './ports-audit.ts'
export type { Page } from './ports-page.ts'

/** Time comes through here and nowhere else. Epoch milliseconds. */
export interface Clock {
  now(): number
}

/** A service with its newest rollout, and the token that a commit must bring back. */
export interface Loaded {
  readonly service: ServiceState
  readonly rollout: Rollout | null
  /** What the judge remembers of that rollout; null before its first look at traffic. */
  readonly judge: JudgeState | null
  /** Opaque to everyone but the store: which versions of which rows were read. */
  readonly token: unknown
}

/** The stored answer to a command, so that asking again with the same id gives the same answer. */
export interface CommandRecord {
  readonly id: string
  readonly verb: string
  readonly actor: string
  readonly at: number
  readonly rollout: string | null
  readonly answer: string
  /** A digest of all that was asked for; absent in records of earlier versions. */
  readonly wish?: string
}

/** Everything one decision changes, for one service. All of it is stored, or none. */
export interface Change {
  readonly key: ServiceKey
  /** The token of the load that the decision rests on; null creates the service, which must not exist yet. */
  readonly token: unknown
  /** Absent = unchanged, and not written. */
  readonly service?: ServiceState
  readonly rollout?: Rollout
  /** Belongs to `rollout`, which must be given too. */
  readonly judge?: JudgeState
  /** The buckets that the judge absorbed with this change; stored once, in the order of the looks. */
  readonly buckets?: BucketLine
  readonly audit: readonly AuditRow[]
  /** What is to be told outside of these audit rows; stored in the outbox with them. Absent = nothing. */
  readonly notices?: readonly Notice[]
  readonly command?: CommandRecord
}

/** What a worker got of what is due. */
export interface Claimed {
  readonly names: readonly string[]
  /** How much more is due and in nobody's hands, at least. */
  readonly left: number
  /** When the first claim of others ends, epoch milliseconds; null = others have nothing in hand. */
  readonly othersUntil: number | null
}

/**
 * Where state lives. One `commit` is one atomic transaction of one environment's partition: service, rollout, judge, buckets,
 * audit rows, command record and the due row (taken from `rollout.wakeAt`) are stored together or not at all.
 */
export interface RolloutStore {
  /** Names of services of `environment` whose newest rollout's `wakeAt` is at or before `until`: rollbacks first, then the earliest. */
  due(environment: string, until: number, limit: number): Promise<readonly string[]>
  /**
   * As `due`, for a worker that looks at them now: without `except`, and without what others have in hand. Where more is due
   * than `limit`, or than a hundred, those named are claimed for some seconds. A rollback is due also where a clock that ran ahead set its time, any other is found
   * by a search that goes on beside the claims. A claim is a hint and no right: it may be lost or overlooked,
   * two may get the same name, and a claim whose worker died ends by itself (`lib/core/claims.ts`).
   */
  claim(environment: string, now: number, limit: number, except: ReadonlySet<string>): Promise<Claimed>
  /** The named services; unknown names are left out. A row that cannot be read is left out and quarantined. */
  load(environment: string, names: readonly string[]): Promise<readonly Loaded[]>
  /** `conflict`: something was written since the load (or the command id is known); nothing was stored. */
  commit(change: Change): Promise<'saved' | 'conflict'>
  /** The record of an earlier command with this id, or null. */
  answered(key: ServiceKey, commandId: string): Promise<CommandRecord | null>
}

/** Which services exist, and which of them an image belongs to. */
export interface Catalogue {
  /** Remembers that `key` takes images of `registry`/`repository`; doing it twice does no harm. */
  index(key: ServiceKey, registry: string, repository: string): Promise<void>
  /** Services that were ever indexed for this image source; the caller checks against the manifest of today. */
  servicesFor(registry: string, repository: string): Promise<readonly ServiceKey[]>
  list(environment: string, limit: number, from: string | null): Promise<Page<ServiceState>>
  /** Past and present rollouts of a service, newest first. */
  rollouts(key: ServiceKey, limit: number, from: string | null): Promise<Page<Rollout>>
}

/** Reading what the judge absorbed. Writing it is part of `RolloutStore.commit` and nowhere else. */
export interface BucketLog {
  /** Lines of one rollout, the oldest first. */
  lines(key: ServiceKey, rolloutNumber: number, limit: number, from: string | null): Promise<Page<BucketLine>>
  /** What the judge remembers of a rollout, past or present; null where nothing was judged. */
  judged(key: ServiceKey, rolloutNumber: number): Promise<JudgeState | null>
}

/** The freezes of an environment, and the head of the audit chain of what concerns all of it. */
export interface FreezesLoaded {
  /** Those that were added and not lifted, oldest first; a time of the past may be among them. */
  readonly freezes: readonly Freeze[]
  /** Ids of those that were lifted in the last days: asking for one again adds nothing. Absent = none. */
  readonly lifted?: readonly Lifted[]
  /** What the quarantine had told of late: nothing of it is told again. Absent = none. */
  readonly told?: readonly Told[]
  readonly chain: ServiceState['chain']
  /** Opaque to everyone but the store. */
  readonly token: unknown
}

/** What changes an environment's freezes: all of it is stored, or none. */
export interface FreezesChange {
  readonly environment: string
  /** The token of the load that the change rests on. */
  readonly token: unknown
  readonly freezes: readonly Freeze[]
  /** Absent = none is remembered. */
  readonly lifted?: readonly Lifted[]
  /** Absent = none is remembered. */
  readonly told?: readonly Told[]
  readonly chain: ServiceState['chain']
  /** Rows of the environment's own chain: their entity is the environment alone. */
  readonly audit: readonly AuditRow[]
  /** What is to be told outside of these audit rows; stored in the outbox with them. Absent = nothing. */
  readonly notices?: readonly Notice[]
}

/** What holds the line. One environment, one record, with its own audit chain. Both throw Fault. */
export interface Freezes {
  /** None, and a chain before its first row, where nothing was ever stored. */
  freezesOf(environment: string): Promise<FreezesLoaded>
  /** `conflict`: something was written since the load; nothing was stored. */
  commitFreezes(change: FreezesChange): Promise<'saved' | 'conflict'>
}

/** Which audit rows are asked for. Absent = any; `service` null = those of the environment's own chain. `since` inclusive and `until` exclusive, epoch milliseconds. */
export interface AuditQuery {
  readonly environment: string
  readonly service?: string | null
  readonly rollout?: string
  readonly kind?: AuditKind
  readonly since?: number
  readonly until?: number
  readonly limit: number
  readonly from: string | null
}

/** Reading the audit, newest first. Writing it is part of `RolloutStore.commit` and nowhere else. */
export interface AuditLog {
  page(query: AuditQuery): Promise<Page<AuditRow>>
}

/** What became of an event: every accepted delivery ends as exactly one of these. */
export interface EventRecord {
  readonly id: string
  readonly receivedAt: number
  readonly source: string
  readonly outcome: 'rollout' | 'queued' | 'duplicate' | 'ignored' | 'rejected' | 'quarantined' | 'superseded'
  readonly reason: string
  readonly image: string | null
  readonly digest: string | null
  /** `environment/service` where one was matched. */
  readonly entityId: string | null
  readonly rollout: string | null
}

/** What became of events, kept for people to read back. */
export interface EventLog {
  record(events: readonly EventRecord[]): Promise<void>
  page(limit: number, from: string | null): Promise<Page<EventRecord>>
}

/** What the hooks hand over: a push to act on, or something to be written down as ignored. */
export type Delivery =
  | { readonly kind: 'push'; readonly push: Push; readonly receivedAt: number }
  | { readonly kind: 'ignored'; readonly record: EventRecord }

/** Accepted means stored: resolves only after every delivery is durable. */
export interface Inbox {
  accept(deliveries: readonly Delivery[]): Promise<void>
}

/** How a rollback calls: past the queue of ordinary calls, and again where it is throttled. */
export interface Urgent {
  /** No call is made again after this, epoch milliseconds. */
  readonly until: number
  /** Asked before a call is made again; false = it is wanted no more. */
  readonly goOn?: () => Promise<boolean>
}

/** Container apps, seen and changed. */
export interface ContainerApps {
  /**
   * Looks at all targets, in as few calls as possible; the answer has one entry per target, in order. Never throws.
   * `quiet` tells of each target, in order, what is known where this look can do without its revisions: then its answer may
   * be a glance. Null or absent = they are read.
   */
  observe(targets: readonly Target[], urgent?: Urgent, quiet?: readonly (Quiet | null)[]): Promise<readonly Observed[]>
  /** Asks for the deed and returns when Azure has taken the request, not when it is done. Throws Fault. */
  perform(target: Target, action: Action, urgent?: Urgent): Promise<void>
}

/** Measurements. One reading per query, in order; a source that is down gives `missing` readings. Never throws. */
export interface Metrics {
  read(queries: readonly Query[]): Promise<readonly Reading[]>
}

/** One revision whose restarts are asked for, in `[from, to)`: whole minutes, epoch milliseconds. */
export type RestartAsk = Pick<Query, 'target' | 'region' | 'revision' | 'from' | 'to'>

/** How often containers of revisions were restarted. */
export interface Restarts {
  /** In as few calls as possible; one answer per ask, in order, null where it cannot be told. Never throws. */
  count(asks: readonly RestartAsk[]): Promise<readonly (number | null)[]>
}

/** Registries, asked whether what was pushed is really there. */
export interface Registry {
  /** Asks by digest. One answer per image, in order. Never throws. */
  has(images: readonly Pick<Push, 'registry' | 'repository' | 'digest'>[]): Promise<readonly Presence[]>
}

/** A vault of secrets. */
export interface Secrets {
  /**
   * The live values of a secret (during a rotation there are two), newest first; never none. Values may be some minutes
   * old; `fresh` asks for a new look (where a value did not match), as often as the vault can bear. Throws Fault.
   */
  read(name: string, options?: { readonly fresh?: boolean }): Promise<readonly string[]>
}

/** One call to sweep an environment at a time, epoch milliseconds. */
export interface Call {
  readonly environment: string
  readonly at: number
  /** Somebody who sweeps calls for help: whoever comes calls nobody else. Absent = no. */
  readonly isHelp?: boolean
}

/** Wakes an environment's turn at a time to come. Lost or doubled calls do no harm: the timer sweeps too. */
export interface Bell {
  ring(calls: readonly Call[]): Promise<void>
}

/** How things are set up in Azure, read with the identity of this app and changed by nobody. */
export interface SetUps {
  /** An app, and how `revision` of it scales (null = its newest template). Throws Fault. */
  app(target: Target, revision: string | null): Promise<AppSetUp>
  /** Where the logs of a managed environment are sent. Throws Fault. */
  logRoutes(environmentId: string): Promise<readonly LogRoute[]>
  /** Object id of this app's identity; null where its token does not say. Throws Fault. */
  principal(): Promise<string | null>
}

/** Storage, tried without changing anything: each table and queue is read, and asked to delete what is not there. */
export interface StorageTrial {
  /** One answer per table and queue. Never throws. */
  run(): Promise<readonly StorageAnswer[]>
}
