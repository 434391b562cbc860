import type { AppSeen } from '../../lib/core/app.ts'
import type { Target } from '../../lib/core/service.ts'
import type { Refusal } from './refusal.ts'
import type { Json, WireContainer, WireSecret, WireTraffic, WireVariable } from './wire.ts'

/** Which app is meant: a target without its container. */
export type AppKey = Pick<Target, 'subscriptionId' | 'resourceGroup' | 'app'>

/** How a container app looks when it is put into the world: one revision, running, with all traffic. */
export interface AppSpec {
  readonly target: Target
  /** Default `West Europe`. */
  readonly location?: string
  readonly image: string
  /** Default `Multiple`. */
  readonly mode?: 'Multiple' | 'Single' | 'Labels'
  readonly stickySessions?: boolean
  /** Default 1; 0 lets revisions without traffic scale to zero. */
  readonly minReplicas?: number
  readonly environmentVariables?: readonly WireVariable[]
  readonly secrets?: readonly WireSecret[]
  /** As the portal makes apps: all traffic follows the latest revision. */
  readonly latestRevisionTraffic?: boolean
  /** Revision suffix by label. Only the first revision is there yet, so its suffix is the only one to name. */
  readonly labels?: Readonly<Record<string, string>>
  /** Suffix of the first revision. Default `first`. */
  readonly suffix?: string
  /** Further containers beside the one that runs `image`. */
  readonly containers?: readonly WireContainer[]
  /** Name of the container that runs `image`. Default: the target's container, else the app's name. */
  readonly containerName?: string
}

/** How revisions of an image behave. */
export interface ImageBehaviour {
  /** From the request to the first healthy replica, milliseconds. Default 5000. */
  readonly readyAfterMs?: number
  /** `crash`: provisioned, never healthy. `pull-fails`: the operation fails. `stuck`: provisions until the operation expires. */
  readonly never?: 'crash' | 'pull-fails' | 'stuck'
  /** True: its revisions sleep from the start, unless they have traffic, and wake for a request. */
  readonly scaleToZero?: boolean
}

/** Reads by name of the ARM operation. */
export type ReadKind = 'get' | 'list' | 'listRevisions' | 'getRevision' | 'listReplicas' | 'operation'
/** Writes by name of the ARM operation. */
export type WriteKind = 'patch' | 'activate' | 'deactivate' | 'restart'

/** A trouble that is ordered for later: the next `times` matching calls until `until` are refused so. */
export interface Injection {
  readonly on: 'any' | 'read' | 'write' | 'wake' | ReadKind | WriteKind
  /** Absent: calls for every app. A list of a resource group is met by injections without a target only. */
  readonly target?: AppKey
  /** Default 1, or without end where `until` is set. */
  readonly times?: number
  /** Epoch milliseconds, exclusive. */
  readonly until?: number
  readonly refusal: Refusal
  /** A storm: each matching call is refused with this chance, 0–1, drawn from the world's seed. Absent: every one is. */
  readonly share?: number
  /** True: the write happens although it is refused, so the caller cannot know. */
  readonly applied?: boolean
}

/** How ARM misbehaves about one app, without refusing any call, until that is taken back. */
export type Lie =
  /** Writes are taken and end as Succeeded, and nothing of them is done. */
  | { readonly kind: 'unapplied' }
  /** Writes are taken and end so; nothing of them is done or kept. */
  | { readonly kind: 'failed' | 'canceled' }
  /** Operations last so long, and a second write meanwhile meets a 409. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Operations never end; they are canceled when the lie is taken back. */
  | { readonly kind: 'endless' }
  /** Operations end as Succeeded at once, and what was written comes true so much later. */
  | { readonly kind: 'late'; readonly ms: number }
  /** For so long after a write, every other read by chance shows the app as it was before. */
  | { readonly kind: 'stale'; readonly ms: number }

/** One write that the world took, or took and refused. */
export interface LogEntry {
  readonly at: number
  readonly actor: 'slipway' | 'foreign'
  readonly kind: WriteKind | 'edit'
  readonly target: AppKey
  readonly body: unknown
  /** Percent by revision that the write asks for; absent where it says nothing about traffic. */
  readonly traffic?: Readonly<Record<string, number>>
}

/** What became of an asynchronous write. */
export interface OperationSeen {
  readonly id: string
  readonly status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled'
  readonly target: AppKey
  readonly startedAt: number
  readonly endsAt: number
  readonly error: { readonly code: string; readonly message: string } | null
}

/** Percent by revision over a stretch of time, `from` inclusive, `to` exclusive, epoch milliseconds. */
export interface Segment {
  readonly from: number
  readonly to: number
  readonly weights: Readonly<Record<string, number>>
}

/** What ingress must know to serve an app now. */
export interface IngressSeen {
  readonly fqdn: string
  readonly sticky: boolean
  /** Percent by revision, the latest resolved to its name; only revisions with weight. */
  readonly weights: Readonly<Record<string, number>>
  readonly labels: Readonly<Record<string, string>>
  readonly revisions: readonly RevisionServing[]
}

/** How a revision answers requests now. */
export interface RevisionServing {
  readonly name: string
  readonly fqdn: string
  readonly image: string
  readonly environmentVariables: readonly WireVariable[]
  /** False: requests get 404 from ingress. */
  readonly active: boolean
  /** `ready` answers; `asleep` wakes first (call `touch`); `starting` waits; `broken` never answers. */
  readonly state: 'ready' | 'asleep' | 'starting' | 'broken' | 'off'
}

/** What a person at the portal can do. All of it is in force at once, except a new template, which takes its time. */
export interface Hand {
  /** Makes the traffic list exactly this. */
  traffic(entries: readonly WireTraffic[]): void
  mode(mode: 'Multiple' | 'Single' | 'Labels'): void
  sticky(on: boolean): void
  /** Gives a label to a revision (by its full name); it keeps its weight. */
  label(label: string, revision: string): void
  unlabel(label: string): void
  activate(revision: string): void
  deactivate(revision: string): void
  /** Asks for a new revision with this image; suffix absent: Azure makes one up. */
  deploy(image: string, suffix?: string): void
}

/** The pretend Container Apps. Everything that time brings is worked out from the clock when somebody looks. */
export interface World {
  addApp(spec: AppSpec): void
  removeApp(target: AppKey): void
  /** Says how revisions of an image behave, those that run already included; `image` is a reference or a digest. */
  behave(image: string, behaviour: ImageBehaviour): void
  apps(): readonly AppKey[]

  /** The app as ARM answers it. Throws ArmRefusal, as every ARM operation here does. */
  get(target: AppKey): Json
  list(subscriptionId: string, resourceGroup: string): readonly Json[]
  listRevisions(target: AppKey): readonly Json[]
  getRevision(target: AppKey, revision: string): Json
  listReplicas(target: AppKey, revision: string): readonly Json[]
  /** Takes a JSON merge patch; the operation runs on after the answer. */
  patch(target: AppKey, body: unknown): { readonly operationId: string }
  activate(target: AppKey, revision: string): void
  deactivate(target: AppKey, revision: string): void
  restart(target: AppKey, revision: string): void
  operation(id: string): OperationSeen

  /** What `get` and `listRevisions` together would show, without the JSON; counts no read. The answer is shared: do not change it. */
  see(target: Target): AppSeen
  /** Counts a read and meets the injections for it, without an answer: for the in-process socket. */
  countRead(kind: ReadKind, target: AppKey | null): void
  ingress(target: AppKey): IngressSeen
  /** A request arrives at a revision: one that sleeps starts to wake. */
  touch(target: AppKey, revision: string): void
  /** As `touch`, asked for by Slipway: injections on `wake` are met. */
  wake(target: AppKey, revision: string): void
  /** Percent by revision over time, without holes; before the app existed there are no segments. */
  segments(target: AppKey, from: number, to: number): readonly Segment[]
  /** Apps that have (or had) a revision of this name, with its image. */
  findRevision(name: string): readonly { readonly target: AppKey; readonly image: string }[]

  /** A foreign hand at the app: what it does is done at once and logged as `foreign`. */
  edit(target: AppKey, change: (hand: Hand) => void): void
  inject(injection: Injection): void
  /** ARM misbehaves about this app from now on; null = it no longer does. */
  lie(target: AppKey, lie: Lie | null): void
  /** Takes back every injection that was not met yet. */
  clearInjections(): void
  /** Every write, oldest first. */
  readonly log: readonly LogEntry[]
  readonly reads: Readonly<Record<ReadKind, number>>
  /** Domain of the environment, with a port where the served ingress needs one; may be set until the first answer. */
  domain: string
}
