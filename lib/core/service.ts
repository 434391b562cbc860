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

export type SourceName = 'azure-logs' | 'prometheus'

/** The percentiles that the access log is asked for: KQL takes constants only, so each of them stands in the query's text. */
export const LOG_PERCENTILES: readonly number[] = [50, 75, 90, 95, 99, 99.9]

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
}

/**
 * One KPI and its limit, as *bad events out of total*: for `latency` bad is "slower than `limitMs`" and at most
 * `1 − percentile/100` of the requests may be bad; for `error-rate` bad is "failed" and at most `limitRatio` may be.
 */
export type Kpi = {
  readonly name: string
  readonly source: SourceName
  /** How long after a minute has ended the source may still be missing part of it. */
  readonly lagMs: number
  readonly prometheus: PrometheusNames | null
} & (
  | { readonly kind: 'latency'; readonly percentile: number; readonly limitMs: number }
  | { readonly kind: 'error-rate'; readonly limitRatio: number }
)

/** How a canary is judged while it takes traffic. */
export interface Analysis {
  /** How often the rollout is looked at. */
  readonly intervalMs: number
  /** Length of the window of the fast check that runs at every look. */
  readonly windowMs: number
  /** A window with fewer canary requests than this is inconclusive. */
  readonly minRequests: number
  readonly kpis: readonly Kpi[]
  /** How long past its bake a step may stay inconclusive, and what happens then. */
  readonly onInconclusive: { readonly afterMs: number; readonly then: 'pause' | 'abort' }
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
  /** The newest pushes that were acted on, newest first, at most 20: what makes a second delivery harmless. */
  readonly handled: readonly HandledPush[]
  /** Head of the service's audit chain: number of rows written, and the hash of the newest. */
  readonly chain: { readonly seq: number; readonly hash: string }
}

/** A push that was acted on, as far as a second delivery must be recognised. */
export interface HandledPush {
  readonly digest: string
  readonly tag: string
  readonly pushedAt: number
  readonly eventId: string
  /** The rollout it started, or null while it waits. */
  readonly rollout: string | null
}

/** `environment/name`: how a service is written in audit rows and messages. */
export function entityId(key: ServiceKey): string {
  return `${key.environment}/${key.name}`
}

/** The image that runs: pinned by digest, whatever the tag does later. */
export function pinnedImage(push: Pick<Push, 'registry' | 'repository' | 'digest'>): string {
  return `${push.registry}/${push.repository}@${push.digest}`
}
