import type { AppSeen } from '../../lib/core/app.ts'
import type { AppKey, AppSpec, ImageBehaviour, IngressSeen, Lie, OperationSeen } from './types.ts'
import type { Json, WireConfiguration, WireContainer, WireTemplate } from './wire.ts'

/** A revision as the world keeps it; what it looks like at a moment is worked out by `vitals`. */
export interface RevisionState {
  readonly name: string
  readonly suffix: string
  readonly template: WireTemplate
  readonly createdAt: number
  /** Infinity while nobody knows. */
  provisionedAt: number
  /** Last start: creation, activation, restart or waking. */
  startedAt: number
  /** Since when it has had neither weight nor a request. */
  busyAt: number
  woken: boolean
  active: boolean
  stoppedAt: number
  /** True: the platform switched it off (Single and Labels mode), not a person. */
  retired: boolean
  error: string | null
  behaviour: ImageBehaviour
}

/** What an app is told to be. Values in it are never changed, only replaced. */
export interface Shape {
  readonly configuration: WireConfiguration
  readonly template: WireTemplate
  readonly tags: Json | null
}

/** An asynchronous write on its way. */
export interface OperationState {
  readonly id: string
  readonly target: AppKey
  readonly startedAt: number
  readonly endsAt: number
  readonly next: Shape
  /** Null: the template stays as it is. */
  readonly revision: RevisionState | null
  /** What it will fail with. */
  readonly error: NonNullable<OperationSeen['error']> | null
  /** How it ends without having done anything; null = by what it was to do. */
  readonly vain: 'Succeeded' | 'Failed' | 'Canceled' | null
}

/** What reads may show instead of the truth. */
export interface Before {
  readonly until: number
  readonly seen: AppSeen
  readonly app: Json
  readonly revisions: readonly Json[]
}

/** A write that comes true later. */
export interface LateWrite {
  readonly at: number
  readonly body: unknown
}

/** Percent by revision from `at` on. */
export interface TrafficRecord {
  readonly at: number
  readonly weights: Readonly<Record<string, number>>
}

/** A container app as the world keeps it. */
export interface AppState {
  readonly key: AppKey
  readonly location: string
  readonly createdAt: number
  /** What is in force and what GET shows. */
  applied: Shape
  /** What was asked for last, also when it failed: every later write builds on it and tries it again. */
  desired: Shape
  /** Why the last template operation failed; null when it did not. */
  failure: string | null
  /** The last operation was canceled. */
  canceled: boolean
  lie: Lie | null
  late: readonly LateWrite[]
  before: Before | null
  /** Reads that might have shown what was before. */
  readsSince: number
  /** A failed template waits to be replaced. */
  templateFailed: boolean
  revisions: RevisionState[]
  latest: string
  /** The newest revision that was ready: where `latestRevision` traffic really goes. */
  serving: string
  operation: OperationState | null
  readonly traffic: TrafficRecord[]
  autoSuffixes: number
  /** When the inactive revisions became too many; Infinity while they are not. */
  crowdedAt: number
  /** The earliest moment at which time alone changes something. */
  nextAt: number
  /** Grows with every change that is not the clock's doing. */
  version: number
  sight: { readonly version: number; readonly until: number; readonly app: AppSeen } | null
  dealt: {
    readonly version: number
    readonly domain: string
    readonly until: number
    readonly seen: IngressSeen
  } | null
}

/** The app of a spec as it stands after months of quiet running: one healthy revision with all traffic. */
export function newApp(spec: AppSpec, now: number, behaviour: ImageBehaviour): AppState {
  const { subscriptionId, resourceGroup, app } = spec.target
  const suffix = spec.suffix ?? 'first'
  const name = `${app}--${suffix}`
  const shape: Shape = { configuration: configurationOf(spec, name), template: templateOf(spec, suffix), tags: null }
  const long = now - 3_600_000
  const revision: RevisionState = {
    ...newRevision(name, suffix, shape.template, long, long, behaviour),
    busyAt: now,
  }
  return {
    key: { subscriptionId, resourceGroup, app },
    location: spec.location ?? 'West Europe',
    createdAt: long,
    applied: shape,
    desired: shape,
    failure: null,
    canceled: false,
    lie: null,
    late: [],
    before: null,
    readsSince: 0,
    templateFailed: false,
    revisions: [revision],
    latest: name,
    serving: name,
    operation: null,
    traffic: [{ at: long, weights: { [name]: 100 } }],
    autoSuffixes: 0,
    crowdedAt: Number.POSITIVE_INFINITY,
    nextAt: Number.POSITIVE_INFINITY,
    version: 1,
    sight: null,
    dealt: null,
  }
}

/** A revision that begins to start at `createdAt` and is provisioned at `provisionedAt`. */
export function newRevision(
  name: string,
  suffix: string,
  template: WireTemplate,
  createdAt: number,
  provisionedAt: number,
  behaviour: ImageBehaviour,
): RevisionState {
  return {
    name,
    suffix,
    template,
    createdAt,
    provisionedAt,
    startedAt: createdAt,
    busyAt: createdAt,
    woken: false,
    active: true,
    stoppedAt: 0,
    retired: false,
    error: null,
    behaviour,
  }
}

/** The app's revision of that name, or undefined. */
export function findRevision(app: AppState, name: string): RevisionState | undefined {
  return app.revisions.find((revision) => revision.name === name)
}

function configurationOf(spec: AppSpec, first: string): WireConfiguration {
  const mode = spec.mode ?? 'Multiple'
  const follows = spec.latestRevisionTraffic === true || mode === 'Single'
  const labels = Object.entries(spec.labels ?? {}).map(([label, suffix]) => {
    const revisionName = `${spec.target.app}--${suffix}`
    if (revisionName !== first)
      throw new Error(`label ${label} names ${revisionName}, which is not there: use ${first}`)
    return { revisionName, weight: 0, label }
  })
  return {
    activeRevisionsMode: mode,
    ingress: {
      external: true,
      targetPort: 8080,
      transport: 'Auto',
      allowInsecure: false,
      traffic: follows
        ? [{ latestRevision: true, weight: 100 }, ...labels]
        : [{ revisionName: first, weight: 100 }, ...labels],
      ...(spec.stickySessions ? { stickySessions: { affinity: 'sticky' } } : {}),
    },
    maxInactiveRevisions: 100,
    ...(spec.secrets ? { secrets: spec.secrets } : {}),
  }
}

function templateOf(spec: AppSpec, revisionSuffix: string): WireTemplate {
  const container: WireContainer = {
    name: spec.containerName ?? spec.target.container ?? spec.target.app,
    image: spec.image,
    ...(spec.environmentVariables ? { env: spec.environmentVariables } : {}),
    resources: { cpu: 0.5, memory: '1Gi' },
  }
  return {
    revisionSuffix,
    containers: [container, ...(spec.containers ?? [])],
    scale: { minReplicas: spec.minReplicas ?? 1, maxReplicas: 10 },
  }
}
