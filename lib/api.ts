/**
 * The bodies that the HTTP API answers and takes, as types and nothing else: what the command line and the dashboard
 * know of the service. Times are ISO 8601 in UTC. The schemas of lib/schema/api promise the same at run time.
 */
import type { SignedCut } from './core/audit-cut.ts'
import type { PublicKey, SignedDigest } from './core/audit-digest.ts'
import type { Role } from './core/caller.ts'
import type { PresentedRow } from './core/export.ts'
import type { Verb } from './core/facts.ts'
import type { Severity } from './core/notice.ts'
import type { RowKind } from './core/quarantine.ts'
import type { Rollout } from './core/rollout.ts'
import type { Status } from './core/status.ts'

/** One page of a list. `nextLink` is a path with its query; null = this was the last. */
export interface ListOf<T> {
  readonly items: readonly T[]
  readonly nextLink: string | null
}

/** GET /api/v1/me. */
export interface Me {
  readonly id: string
  readonly name: string
  readonly kind: 'person' | 'machine'
  readonly grants: readonly {
    readonly role: Role
    readonly environments: readonly string[] | null
    readonly services: readonly string[] | null
  }[]
}

/** A service as it stands (GET /api/v1/services, GET …/{name}/status), for this caller. */
export interface ServiceView extends Status {
  /** What the rollout's state allows now and this caller may ask for. */
  readonly may: readonly Verb[]
  /** The tag for If-Match of a command: it changes with rollout, phase and step, not with every look. */
  readonly etag: string
}

/** GET /api/v1/services/{name}/rollouts/{number}. */
export interface RolloutView extends Rollout {
  readonly etag: string
}

/** POST /api/v1/services/{name}/commands/{verb}. */
export interface CommandRequest {
  readonly id?: string
  readonly reason?: string
  /** `pricing-7`; absent = the newest. */
  readonly rollout?: string
  /** For approve: the step (from 1) and the digest that are approved. Both must be what waits. */
  readonly step?: number
  readonly digest?: string
  /** For undo: the revision, rollout (`pricing-5`) or tag to go back to; absent = what served before. */
  readonly to?: string
  /** Break glass: past freezes and approvals. Admin only, with a reason. */
  readonly override?: boolean
}

/** What a command brought. */
export interface CommandReply {
  readonly id: string
  readonly verb: Verb
  readonly repeated: boolean
  readonly rollout: string | null
  readonly because: string
  /** Why its deeds are not at Azure yet; it is stored and goes on by itself. Null = they are. */
  readonly outstanding: string | null
}

/** POST /api/v1/services/{name}/pushes: what a registry would say. The digest is asked of the registry in any case. */
export interface PushRequest {
  readonly id?: string
  readonly tag: string
  readonly digest: string
  readonly reason?: string
}

/** What became of a push by hand. */
export interface PushReply {
  readonly id: string
  readonly outcome: 'rollout' | 'queued' | 'duplicate' | 'ignored' | 'rejected' | 'quarantined' | 'superseded'
  readonly reason: string
  readonly rollout: string | null
}

/** One gate that waits (GET /api/v1/approvals). */
export interface GateView {
  readonly environment: string
  readonly service: string
  readonly rollout: string
  readonly tag: string
  readonly digest: string
  readonly gate: NonNullable<Status['gate']>
  readonly etag: string
  /** Whether this caller may approve it, and why not where not. */
  readonly mine: { readonly may: boolean; readonly because: string }
}

/** A freeze (GET /api/v1/freezes). */
export interface FreezeView {
  readonly id: string
  readonly environment: string
  readonly services: readonly string[] | null
  readonly kind: 'stop' | 'once' | 'recurring'
  readonly from: string | null
  readonly until: string | null
  readonly cron: string | null
  readonly timeZone: string | null
  /** As it is written, e.g. `62h`. */
  readonly duration: string | null
  readonly reason: string
  readonly by: string
  readonly createdAt: string
  readonly active: boolean
  /** When the present or next time of it begins and ends; null where there is none or nobody knows. */
  readonly window: { readonly from: string; readonly until: string | null } | null
}

/** POST /api/v1/freezes. Without times and cron: a stop until it is lifted. */
export interface FreezeRequest {
  readonly id?: string
  readonly environment: string
  readonly services?: readonly string[]
  readonly from?: string
  readonly until?: string
  readonly cron?: string
  readonly timeZone?: string
  readonly duration?: string
  readonly reason: string
}

export type AuditView = PresentedRow

/** GET /api/v1/audit: rows as they are stored, with pseudonyms; `sentence` has names. */
export interface AuditList extends ListOf<AuditView> {
  /** What people behind the pseudonyms of these rows are called; null = they were erased. */
  readonly people: Readonly<Record<string, string | null>>
}

/** Somebody who stands under a pseudonym (GET /api/v1/people). */
export interface PersonView {
  readonly pseudonym: string
  /** `account`: known by object id. `word`: known by what a manifest or a registry calls them. */
  readonly kind: 'account' | 'word'
  /** The object id, or the word. */
  readonly key: string
  readonly name: string
  readonly since: string
}

/** GET /api/v1/audit/verify: one chain, walked from the head that the service's state holds back to its first row. */
export interface AuditVerdict {
  /** `environment/service`, or the environment alone for what concerns all of it. */
  readonly entityId: string
  /** Nothing that was walked so far is wrong; the whole chain is intact only where `nextLink` is null too. */
  readonly intact: boolean
  /** Rows walked so far, those of earlier parts counted in. */
  readonly rows: number
  /** The newest row that was checked; null for an empty chain. */
  readonly head: { readonly id: string; readonly hash: string; readonly happenedAt: string } | null
  readonly broken: { readonly id: string; readonly because: string } | null
  /** The row up to which older ones were removed under the retention; null = the chain has its first row. */
  readonly removed: { readonly seq: number; readonly hash: string } | null
  /** Time was up before the first row was reached: the rest is walked there. Null = all of it was walked, or it is broken. */
  readonly nextLink: string | null
}

/** GET /api/v1/audit/digests: newest first, exactly as they were signed, with the public keys of those that sign now. */
export interface DigestList extends ListOf<SignedDigest> {
  readonly keys: readonly PublicKey[]
  /** What was removed from the audit under its retention, as it was signed; null = nothing ever was. */
  readonly cut: SignedCut | null
}

/** POST /api/v1/services/{name}/plan: what storing this manifest, and the next push with it, would do. Nothing is stored. */
export interface PlanView {
  readonly service: string
  readonly environment: string
  readonly version: { readonly now: number; readonly next: number }
  /** What would change, by dotted path; a value that is absent is null. */
  readonly changes: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[]
  /** The rollout that goes on with the manifest it began with; null = none runs. */
  readonly running: string | null
  readonly steps: readonly PlannedStep[]
  /** How long a push takes at the least until it serves all traffic, and when that were if it came now. */
  readonly leastMs: number
  readonly endsAt: string
  /** Freezes that a push now would meet on its way. */
  readonly freezes: readonly {
    readonly id: string
    readonly reason: string
    readonly from: string
    readonly until: string | null
  }[]
  /** All of it as sentences, in the order in which things happen. */
  readonly sentences: readonly string[]
}

/** One step of the push that a plan supposes. */
export interface PlannedStep {
  readonly number: number
  readonly weight: number
  readonly bakeMs: number
  readonly gate: boolean
  /** If a push came now and every look passed. */
  readonly startsAt: string
}

/** Times to something, in ms, over the cases that had one. Null where there was no case. */
export interface Spread {
  readonly cases: number
  readonly medianMs: number | null
  readonly p90Ms: number | null
}

/** The four measures of delivery over a window, for one service or (service null) one environment. */
export interface DeliveryView {
  readonly environment: string
  readonly service: string | null
  readonly deployments: number
  readonly deploymentsPerDay: number
  readonly leadTime: Spread
  readonly changeFailure: { readonly failed: number; readonly total: number; readonly ratio: number | null }
  readonly timeToRestore: Spread
}

/** GET /api/v1/delivery. */
export interface DeliveryReport {
  readonly from: string
  readonly to: string
  readonly items: readonly DeliveryView[]
}

/** GET /api/v1/doctor. */
export interface DoctorReport {
  readonly findings: readonly Finding[]
}

/** One thing that the doctor checked, and how it is mended. */
export interface Finding {
  /** Stable name of what was checked, e.g. `app-mode`. */
  readonly check: string
  /** What it was checked of: a service (`production/pricing`), an environment, or the installation. */
  readonly subject: string
  readonly result: 'ok' | 'warning' | 'error' | 'unknown'
  readonly message: string
  /** The command that repairs it, ready to be pasted; null where there is nothing to repair or no command does it. */
  readonly fix: string | null
}

/** A notice that one sink does not have yet (GET /api/v1/notices): those that were given up first. */
export interface NoticeView {
  /** The id of the audit row that it tells. */
  readonly id: string
  readonly environment: string
  readonly service: string | null
  readonly rollout: string | null
  readonly sink: string
  /** `dead`: given up; it goes out again only when somebody asks for it. */
  readonly state: 'waiting' | 'dead'
  readonly severity: Severity
  readonly title: string
  readonly happenedAt: string
  readonly tries: number
  readonly lastError: string | null
  /** When it is tried next at the earliest; null where it is dead, or goes with the next round. */
  readonly nextTryAt: string | null
  readonly deadAt: string | null
}

/** POST /api/v1/notices/retry. */
export interface NoticesRetried {
  readonly environment: string
  readonly sink: string
  /** How many notices are in the sink's line again. */
  readonly revived: number
}

/** Something that cannot be read or acted on (GET /api/v1/quarantine). */
export interface QuarantineView {
  readonly id: string
  /** `service`: its rows can be read, and Slipway's own code breaks on them. */
  readonly kind: 'row' | 'message' | 'service'
  /** What kind of row or message it is; of a service `turn`. */
  readonly what: RowKind | 'delivery' | 'registry-event' | 'turn'
  /** `table/partition/row`, the name of the queue that it came from, or `environment/service`. */
  readonly place: string
  /** Null = of no environment alone. */
  readonly environment: string | null
  readonly service: string | null
  /** The field that is wrong; null = no single one. */
  readonly field: string | null
  readonly why: string
  /** Whether its service is left alone as long as this lasts. */
  readonly holds: boolean
  readonly state: 'waiting' | 'redriven' | 'dismissed'
  readonly since: string
  readonly triedAt: string
  readonly tries: number
  /** When it is read again at the earliest; null = when somebody asks. */
  readonly nextTryAt: string | null
  readonly redriven: { readonly by: string; readonly at: string } | null
  readonly dismissed: { readonly by: string; readonly at: string; readonly reason: string } | null
  /** A message's text: in lists its beginning; null for a row. */
  readonly content: string | null
}

/** POST /api/v1/quarantine/{id}/redrive. */
export interface QuarantineRedriven {
  /** `released`: the row can be read, or is gone. `unreadable`: it still cannot. `queued`: the message is in its queue again. */
  readonly outcome: 'released' | 'unreadable' | 'queued'
  readonly item: QuarantineView
}

/** A problem document (RFC 9457). */
export interface ProblemView {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly requestId: string
  /** `line` and `column` count from 1, and are there where a text was sent. */
  readonly errors?: readonly {
    readonly path: string
    readonly message: string
    readonly line?: number
    readonly column?: number
  }[]
}
