import type { Target } from './service.ts'

/** One entry of the ingress's traffic list. `revision` is null when the entry follows the latest revision. */
export interface TrafficEntry {
  readonly revision: string | null
  readonly weight: number
  readonly label: string | null
}

/** A revision as Azure reports it; the words in `provisioning`, `health` and `running` are Azure's own. */
export interface RevisionSeen {
  readonly name: string
  /** Image of the target container. */
  readonly image: string
  readonly active: boolean
  readonly replicas: number
  readonly provisioning: string
  readonly health: string
  readonly running: string
  readonly fqdn: string | null
  readonly createdAt: number
  /** Why provisioning failed, in Azure's words, or null. */
  readonly error: string | null
}

/** A container app without its revisions, as the list of its resource group shows it. */
export interface AppGlance {
  readonly target: Target
  readonly location: string
  /** `Multiple`, `Single`, `Labels`, or a word we do not know yet. */
  readonly mode: string
  readonly stickySessions: boolean
  /** `Succeeded`, `InProgress`, `Failed`, … of the app's last operation. */
  readonly provisioning: string
  readonly latestRevision: string | null
  /** The newest revision that was ready once: where Azure sends traffic that follows the latest. Absent or null = it does not say. */
  readonly latestReady?: string | null
  readonly traffic: readonly TrafficEntry[]
}

/** A container app as one look showed it. */
export interface AppSeen extends AppGlance {
  readonly revisions: readonly RevisionSeen[]
}

/**
 * What a look brought: the app with its revisions; the app alone (`glanced`: nobody asked for its revisions, so that nothing
 * may be done to it); or why it could not be seen.
 */
export type Observed =
  | { readonly kind: 'seen'; readonly app: AppSeen }
  | { readonly kind: 'glanced'; readonly app: AppGlance }
  | { readonly kind: 'unseen'; readonly fault: Trouble }

/** What a look brought that had to read the revisions too. */
export type Looked = Exclude<Observed, { readonly kind: 'glanced' }>

/** A look as it is taken by whoever needs the revisions: an app that was only glanced at was not seen. */
export function looked(observed: Observed): Looked {
  if (observed.kind !== 'glanced') return observed
  const message = `the revisions of ${observed.app.target.app} were not read`
  return { kind: 'unseen', fault: { kind: 'unavailable', message, retryAfterMs: null } }
}

/** A refusal by the outside, kept as data so that it can be stored and shown. Kinds are those of `Fault`. */
export interface Trouble {
  readonly kind: 'not-found' | 'conflict' | 'throttled' | 'unavailable' | 'denied' | 'malformed'
  readonly message: string
  readonly retryAfterMs: number | null
}

/**
 * A deed at the container app. Each is absolute ("make it so"), so doing it twice does no harm.
 *
 * - `create-revision`: copy `from`'s template, change the container's image and the suffix, nothing else.
 * - `set-traffic`: make the traffic list exactly `traffic` (weights total 100, revisions named, foreign labels kept).
 * - `set-mode`: set the app's revision mode and nothing else; users stay where they are.
 * - `activate` / `deactivate`: switch a revision on or off.
 * - `wake`: send one request to a revision that has scaled to zero.
 * - `repair`: after a failed template operation, write `from`'s template under a fresh suffix together with `traffic`, and
 *   with the mode where that is wrong too.
 */
export type Action =
  | { readonly kind: 'create-revision'; readonly from: string; readonly suffix: string; readonly image: string }
  | { readonly kind: 'set-traffic'; readonly traffic: readonly TrafficEntry[] }
  | { readonly kind: 'set-mode'; readonly mode: 'Multiple' }
  | { readonly kind: 'activate'; readonly revision: string }
  | { readonly kind: 'deactivate'; readonly revision: string }
  | { readonly kind: 'wake'; readonly revision: string; readonly fqdn: string }
  | {
      readonly kind: 'repair'
      readonly from: string
      readonly suffix: string
      readonly traffic: readonly TrafficEntry[]
      readonly mode?: 'Multiple'
    }

/** Azure's words for a revision that can take traffic: provisioned, healthy, running, at least one replica. */
export function isReady(revision: RevisionSeen): boolean {
  return (
    revision.active &&
    revision.health === 'Healthy' &&
    (revision.running === 'Running' || revision.running === 'RunningAtMaxScale') &&
    revision.replicas >= 1
  )
}

/** Azure's words for a revision that is ill, as opposed to one that is starting, idle or scaled to zero. */
export function isSick(revision: RevisionSeen): boolean {
  return (
    revision.health === 'Unhealthy' ||
    revision.running === 'Failed' ||
    revision.running === 'Degraded' ||
    revision.provisioning === 'Failed'
  )
}

/**
 * Azure's words for a revision that is switched on and has no replica, though nothing says that it may have none: it is
 * neither scaled to zero for want of requests nor on its way.
 */
export function isEmpty({ active, replicas, running }: RevisionSeen): boolean {
  return active && replicas === 0 && running !== 'ScaledToZero' && !/^(?:Activating|Processing|Unknown|)$/.test(running)
}

/** Name of a revision from its app and suffix: two dashes part them (Container Apps' naming rule). */
export function revisionName(app: string, suffix: string): string {
  return `${app}--${suffix}`
}
