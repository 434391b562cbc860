/** Which service is meant: names are unique within an environment. Both match `^[a-z][a-z0-9-]{0,30}[a-z0-9]$`. */
export interface ServiceKey {
  readonly environment: string
  readonly name: string
}

/** The container app that a service runs as. `container` is null when the app has one container only. */
export interface Target {
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly app: string
  readonly container: string | null
}

/** Which tags of a repository start a rollout: a glob (`v*`, `*` and `?` only) or a semver range (`>=1 <3`). */
export type TagPattern =
  | { readonly kind: 'glob'; readonly pattern: string }
  | { readonly kind: 'semver'; readonly range: string }

/** Where a service's images come from. `registry` is the exact host, with a port where it has one. */
export interface ImageSource {
  readonly registry: string
  readonly repository: string
  readonly tags: TagPattern
}

/**
 * One step of a canary as the engine walks it: take `weight` percent (1–100, strictly rising from stage to stage unless
 * a gate parts them), stay for `bakeMs` after the weight was seen to be real, then wait for a person where `gate` is set.
 * A plan always ends with a stage of weight 100.
 */
export interface Stage {
  readonly weight: number
  readonly bakeMs: number
  readonly gate: boolean
}

/** How a service names its metrics in Prometheus. Every name matches `^[a-zA-Z_:][a-zA-Z0-9_:]*$`. */
export interface PrometheusNames {
  /** Counter of requests, e.g. `http_requests_total`. */
  readonly requests: string
  /** Histogram of request durations in seconds, without the `_bucket` ending. */
  readonly duration: string
  /** Label that holds the revision's name. */
  readonly revisionLabel: string
  /** Label that holds the HTTP status (`500` or `5xx`). */
  readonly statusLabel: string
  /** Labels that every series must carry with exactly this value, at most 5; absent = none. For a server that several environments share. */
  readonly labels?: Readonly<Record<string, string>>
}

/** A pair of counters in Prometheus whose increases are bad events and all events. */
export interface PrometheusCounters {
  readonly bad: string
  readonly total: string
}

/**
 * Where a KPI is measured, with what that source must know.
 *
 * - `azure-logs`: the ingress's access log `ContainerAppHTTPLogs` in Log Analytics.
 * - `azure-metrics`: Azure Monitor's platform metrics; knows errors, but no latency of a revision.
 * - `app-insights`: requests in the workspace of Application Insights. The revision stands in the custom dimension
 *   `dimension`; null = it is the beginning of the role instance, which on Container Apps is the replica's name.
 * - `prometheus`: the environment's server. `counters` only for KPIs of kind `ratio`, `gauge` only for kind `gauge`.
 * - `http`: a service of the team that answers JSON; `url` lies under an origin that the environment allows, `secret`
 *   names the bearer token in Key Vault.
 * - `probe`: Slipway itself asks `path` of the revision's own host, `count` times per look.
 */
export type Source =
  | { readonly kind: 'azure-logs' }
  | { readonly kind: 'azure-metrics' }
  | { readonly kind: 'app-insights'; readonly dimension: string | null }
  | {
      readonly kind: 'prometheus'
      readonly names: PrometheusNames
      readonly counters: PrometheusCounters | null
      readonly gauge: string | null
    }
  | { readonly kind: 'http'; readonly url: string; readonly secret: string | null }
  | { readonly kind: 'probe'; readonly path: string; readonly count: number; readonly timeoutMs: number }

export type SourceName = Source['kind']

/** `required` must pass and can abort; `guard` can abort and need not pass; `advisory` is only shown. */
export type KpiRole = 'required' | 'guard' | 'advisory'

/**
 * One KPI and its limit, as *bad events out of total*. For `latency` bad is "slower than `limitMs`" and at most
 * `1 − percentile/100` of the requests may be bad; for `error-rate` bad is a status of 500 and above, none, or one of
 * `alsoBad`; for `uptime` a failed request or probe; for `ratio` whatever the source counts as bad. A `gauge` is a bare
 * figure per bucket that is to stay on the `wanted` side of `limit`.
 */
export type Kpi = {
  readonly name: string
  readonly role: KpiRole
  readonly source: Source
  /** How long after a bucket has ended the source may still be missing part of it. */
  readonly lagMs: number
  /** A step passes on no fewer events than this; null = 3 divided by the share that may be bad. */
  readonly minRequests: number | null
} & Measure

export type Measure =
  | { readonly kind: 'latency'; readonly percentile: number; readonly limitMs: number }
  | { readonly kind: 'error-rate'; readonly limitRatio: number; readonly alsoBad: readonly number[] }
  | { readonly kind: 'uptime'; readonly limitRatio: number }
  | { readonly kind: 'ratio'; readonly limitRatio: number }
  | { readonly kind: 'gauge'; readonly limit: number; readonly wanted: 'below' | 'above' }

/**
 * What becomes of a step that is neither pass nor fail once it was extended as far as it may be. `wait`: it pauses, and a
 * person promotes, resumes or aborts. `promote-never`: it pauses, and a person resumes or aborts. `abort`: it rolls back.
 */
export type WhenUnclear = 'wait' | 'abort' | 'promote-never'

/** How a canary is judged while it takes traffic. */
export interface Analysis {
  /** How often the rollout is looked at. */
  readonly intervalMs: number
  /** Length of a bucket: what the judge counts in. Whole minutes where a source knows only those. */
  readonly bucketMs: number
  /** From the first traffic on, how long a cold start is tolerated. */
  readonly warmUpMs: number
  readonly kpis: readonly Kpi[]
  /** How long past its bake a step may stay unclear (null = as long as it bakes, at least an hour), and what happens then. */
  readonly onInconclusive: { readonly afterMs: number | null; readonly then: WhenUnclear }
  /** Worse than the baseline without evidence that the limit is broken. */
  readonly onRelative: 'hold' | 'abort' | 'ignore'
  /** How long a source may be blind before an alarm, and whether the rollout is then aborted. */
  readonly onBlind: { readonly afterMs: number; readonly then: 'wait' | 'abort' }
  /** Whether a pass also needs evidence that the limit holds, not only none against it. */
  readonly requireEvidence: boolean
}

/** When waiting has lasted long enough to end or to raise an alarm. */
export interface Deadlines {
  /** From the request for a revision until it is ready to serve; afterwards the rollout is rolled back. */
  readonly readyMs: number
  /** From the wish for a weight until it is seen at the ingress; afterwards the rollout says that it is stuck. */
  readonly trafficMs: number
  /** How long a manual gate stays open before the rollout is rolled back; null = for ever. */
  readonly gateMs: number | null
}

/** Who must agree before a manual gate opens. */
export interface Approvals {
  /** How many different people it takes, 1–10. */
  readonly required: number
  /** The only ones who may approve, by name or id; null = every Approver. At least as many as `required`. */
  readonly from: readonly string[] | null
  /** Whether the author of the push is one too few: they may not approve it. */
  readonly notAuthor: boolean
  /** How long an approval counts; null = as long as the gate waits. */
  readonly validForMs: number | null
}

export type OnNewRevision = 'supersede' | 'queue' | 'reject'

/** A service as its team declared it, checked and with every default filled in. */
export interface Manifest {
  readonly name: string
  readonly environment: string
  readonly target: Target
  readonly image: ImageSource
  readonly stages: readonly Stage[]
  readonly analysis: Analysis
  readonly onNewRevision: OnNewRevision
  readonly deadlines: Deadlines
  /** What it takes to open a manual gate; null = one Approver, who may also go past gates. */
  readonly approvals: Approvals | null
  /** How long a revision without weight keeps running so that open requests can end. */
  readonly drainMs: number
  /** How long the previous stable revision is kept ready after a promotion. */
  readonly scaleDownDelayMs: number
  /** How long a finished rollout is watched for late writes; longer than a function may live. */
  readonly watchMs: number
}

/** An image that arrived: what was pushed, and when the registry says so (epoch milliseconds). */
export interface Push {
  readonly registry: string
  readonly repository: string
  readonly tag: string
  /** `sha256:` and 64 hex digits. */
  readonly digest: string
  readonly pushedAt: number
  /** The sender's id of the event; delivered twice, it is the same. */
  readonly eventId: string
  readonly source: string
  /** Who pushed, as far as the registry says so: a name there, or the id of a caller of the API. Null = nobody knows. */
  readonly author: string | null
}

/** What Slipway remembers about a service between rollouts. */
export interface ServiceState {
  readonly schema: 1
  readonly key: ServiceKey
  readonly manifest: Manifest
  /** Counts manifests stored, from 1. */
  readonly manifestVersion: number
  /** Number of the newest rollout, 0 before the first. */
  readonly rolloutNumber: number
  /** Pushes that wait for the running rollout to end, oldest first. */
  readonly pending: readonly Push[]
  /** The release that is to be brought back once the running rollout has ended, before any push; null = none. */
  readonly undo: PendingUndo | null
  /** The newest pushes that were acted on, newest first, at most 20: what makes a second delivery harmless. */
  readonly handled: readonly HandledPush[]
  /** Head of the service's audit chain: number of rows written, and the hash of the newest. */
  readonly chain: { readonly seq: number; readonly hash: string }
}

/** A wish to bring an earlier release back that waits until the rollout that it ended has lost its traffic. */
export interface PendingUndo {
  readonly push: Push
  readonly actor: string
  /** Why, as a sentence for the audit. */
  readonly because: string
}

/** A push that was acted on, as far as a second delivery must be recognised. */
export interface HandledPush {
  readonly digest: string
  readonly tag: string
  readonly pushedAt: number
  readonly eventId: string
  /** The rollout it started, or null while it waits. */
  readonly rollout: string | null
  /** When it came and from which source, as its record says; absent in what was stored before this was kept. */
  readonly receivedAt?: number
  readonly source?: string
  /** The event of the newer push that took its place while it waited; absent = none did. */
  readonly replacedBy?: string
}

/** `environment/name`: how a service is written in audit rows and messages. */
export function entityId(key: ServiceKey): string {
  return `${key.environment}/${key.name}`
}

/** The image that runs: pinned by digest, whatever the tag does later. */
export function pinnedImage(push: Pick<Push, 'registry' | 'repository' | 'digest'>): string {
  return `${push.registry}/${push.repository}@${push.digest}`
}
