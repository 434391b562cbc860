import type { AppSeen, RevisionSeen, TrafficEntry } from '../../lib/core/app.ts'
import type { Weights } from '../../lib/core/audit.ts'
import type { Command, Facts, Verb } from '../../lib/core/facts.ts'
import type { Query } from '../../lib/core/judge/reading.ts'
import type { Evidence, Verdict, VerdictKind } from '../../lib/core/judge/verdict.ts'
import type { Phase, Rollout, StandingTrouble } from '../../lib/core/rollout.ts'
import {
  type Analysis,
  type Kpi,
  type Manifest,
  type Push,
  pinnedImage,
  type ServiceState,
  type Stage,
} from '../../lib/core/service.ts'
import { footprintOf, split, wantedWeight } from '../../lib/core/traffic.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** The moment that the tests of the mind count from. */
export const T0 = Date.UTC(2026, 10, 21, 12)

export const STABLE = 'pricing--r1-11111111'
export const CANARY = 'pricing--r2-abababab'
export const KEY = { environment: 'production', name: 'pricing' }

/** 10 % for an hour, 50 % for half an hour, all. */
export const STAGES: readonly Stage[] = [
  { weight: 10, bakeMs: HOUR, gate: false },
  { weight: 50, bakeMs: 30 * MINUTE, gate: false },
  { weight: 100, bakeMs: 0, gate: false },
]

/** At most 5 % of the requests slower than 200 ms. */
export function latency(overrides: Partial<Kpi & { kind: 'latency' }> = {}): Kpi {
  return {
    name: 'p95',
    role: 'required',
    source: { kind: 'azure-logs' },
    lagMs: 2 * MINUTE,
    minRequests: 50,
    kind: 'latency',
    percentile: 95,
    limitMs: 200,
    ...overrides,
  }
}

/** At most 1 % of the requests failed. */
export function errors(overrides: Partial<Kpi & { kind: 'error-rate' }> = {}): Kpi {
  return {
    name: 'errors',
    role: 'required',
    source: { kind: 'azure-logs' },
    lagMs: 2 * MINUTE,
    minRequests: 50,
    kind: 'error-rate',
    limitRatio: 0.01,
    alsoBad: [],
    ...overrides,
  }
}

export function anAnalysis(overrides: Partial<Analysis> = {}): Analysis {
  return {
    intervalMs: MINUTE,
    bucketMs: MINUTE,
    warmUpMs: 5 * MINUTE,
    kpis: [latency()],
    onInconclusive: { afterMs: HOUR, then: 'wait' },
    onRelative: 'hold',
    onBlind: { afterMs: 30 * MINUTE, then: 'wait' },
    requireEvidence: false,
    ...overrides,
  }
}

export function aManifest(overrides: Partial<Manifest> = {}): Manifest {
  return {
    name: KEY.name,
    environment: KEY.environment,
    target: { subscriptionId: 'sub-1', resourceGroup: 'rg-shop', app: 'pricing', container: null },
    image: { registry: 'acme.azurecr.io', repository: 'team/pricing', tags: { kind: 'glob', pattern: 'v*' } },
    stages: STAGES,
    analysis: anAnalysis(),
    onNewRevision: 'supersede',
    deadlines: { readyMs: 10 * MINUTE, trafficMs: 5 * MINUTE, gateMs: null },
    approvals: null,
    drainMs: 30 * SECOND,
    scaleDownDelayMs: 10 * MINUTE,
    watchMs: 15 * MINUTE,
    ...overrides,
  }
}

export function digestOf(two: string): string {
  return `sha256:${two.repeat(32)}`
}

export function aPush(overrides: Partial<Push> = {}): Push {
  return {
    registry: 'acme.azurecr.io',
    repository: 'team/pricing',
    tag: 'v2',
    digest: digestOf('ab'),
    pushedAt: T0 - 5 * SECOND,
    eventId: 'event-1',
    source: 'acr',
    author: null,
    ...overrides,
  }
}

export function aService(overrides: Partial<ServiceState> = {}): ServiceState {
  return {
    schema: 1,
    key: KEY,
    manifest: aManifest(),
    manifestVersion: 3,
    rolloutNumber: 2,
    pending: [],
    undo: null,
    handled: [],
    chain: { seq: 0, hash: '0'.repeat(64) },
    ...overrides,
  }
}

/** A revision that runs, is well and has one replica. */
export function aRevision(name: string, overrides: Partial<RevisionSeen> = {}): RevisionSeen {
  return {
    name,
    image: name === CANARY ? pinnedImage(aPush()) : 'acme.azurecr.io/team/pricing:v1',
    active: true,
    replicas: 1,
    provisioning: 'Provisioned',
    health: 'Healthy',
    running: 'Running',
    fqdn: `${name}.example.azurecontainerapps.io`,
    createdAt: T0 - HOUR,
    error: null,
    ...overrides,
  }
}

/** The state of a revision that nobody has called for a while. */
export const ASLEEP = { replicas: 0, running: 'ScaledToZero', health: 'None' } as const
/** The state of a revision that is on its way. */
export const STARTING = { replicas: 0, running: 'Activating', health: 'None' } as const
/** The state of a revision that crashes. */
export const SICK = { running: 'Degraded', health: 'Unhealthy' } as const

export function entries(weights: Weights): readonly TrafficEntry[] {
  return Object.entries(weights).map(([revision, weight]) => ({ revision, weight, label: null }))
}

/** A traffic entry that carries a label. */
export function labelled(revision: string | null, weight: number, label: string): TrafficEntry {
  return { revision, weight, label }
}

/** An app in which stable has all traffic and the canary does not exist yet. */
export function anApp(overrides: Partial<AppSeen> = {}): AppSeen {
  return {
    target: aManifest().target,
    location: 'westeurope',
    mode: 'Multiple',
    stickySessions: false,
    provisioning: 'Succeeded',
    latestRevision: STABLE,
    traffic: entries({ [STABLE]: 100 }),
    revisions: [aRevision(STABLE)],
    ...overrides,
  }
}

/** An app in which the canary is ready and has `weight` percent. */
export function appAt(weight: number, overrides: Partial<AppSeen> = {}): AppSeen {
  return anApp({
    latestRevision: CANARY,
    traffic: entries(split(STABLE, CANARY, weight)),
    revisions: [aRevision(STABLE), aRevision(CANARY)],
    ...overrides,
  })
}

export function progressing(stage: number, steadyAt: number | null = T0, since = T0): Phase & { kind: 'progressing' } {
  return { kind: 'progressing', stage, since, steadyAt }
}

type Paused = Phase & { kind: 'paused' }

export function paused(why: Paused['why'], overrides: Partial<Paused> = {}): Paused {
  return {
    kind: 'paused',
    why,
    because: `because of ${why}`,
    since: T0,
    from: 'progressing',
    stage: 0,
    steadyAt: T0,
    ...overrides,
  }
}

export function rollingBack(
  overrides: Partial<Phase & { kind: 'rolling-back' }> = {},
): Phase & { kind: 'rolling-back' } {
  return { kind: 'rolling-back', outcome: 'rolled-back', because: 'p95 did not hold', since: T0, ...overrides }
}

export function finished(
  outcome: (Phase & { kind: 'finished' })['outcome'],
  overrides: Partial<Phase & { kind: 'finished' }> = {},
): Phase & { kind: 'finished' } {
  return { kind: 'finished', outcome, because: `it was ${outcome}`, at: T0, watchUntil: T0 + 15 * MINUTE, ...overrides }
}

export const PREPARING: Phase = { kind: 'preparing', since: T0 }
export const PROVISIONING: Phase = { kind: 'provisioning', since: T0 }

/** A rollout that stands in `phase`, having seen the app as that phase wants it. Default: step 1, steady since T0. */
export function aRollout(phase: Phase = progressing(0), overrides: Partial<Rollout> = {}): Rollout {
  const manifest = overrides.manifest ?? aManifest()
  const rollout: Rollout = {
    schema: 1,
    id: 'pricing-2',
    number: 2,
    key: KEY,
    push: aPush(),
    cause: 'push',
    manifest,
    manifestVersion: 3,
    startedAt: T0,
    phase,
    stable: STABLE,
    canary: CANARY,
    expected: [0],
    wished: [0, ...manifest.stages.map((stage) => stage.weight)],
    wishedAt: T0,
    footprint: null,
    place: null,
    approvals: [],
    frozen: null,
    unfrozen: [],
    frozenAt: null,
    verdict: null,
    trouble: null,
    leftovers: [],
    repairs: 0,
    trafficSeenAt: T0,
    unwell: 0,
    restarting: 0,
    overdue: false,
    wakeAt: T0,
  }
  const weight = wantedWeight(rollout) ?? manifest.stages[0]?.weight ?? 0
  const before = phase.kind === 'preparing' || phase.kind === 'provisioning'
  const app = before ? anApp() : appAt(weight)
  const merged = { ...rollout, expected: [weight], ...overrides }
  return overrides.footprint === undefined ? { ...merged, footprint: footprintOf(app, merged) } : merged
}

/** A rollout as it is before the first look. */
export function aFreshRollout(overrides: Partial<Rollout> = {}): Rollout {
  return aRollout(PREPARING, { stable: null, footprint: null, ...overrides })
}

/** What a look brought; by default the app of before the canary, an image that exists, and no verdicts. */
export function facts(app: AppSeen | null, overrides: Partial<Facts> = {}): Facts {
  return {
    now: T0 + MINUTE,
    app:
      app === null
        ? { kind: 'unseen', fault: { kind: 'unavailable', message: 'ARM does not answer', retryAfterMs: null } }
        : { kind: 'seen', app },
    image: null,
    verdict: null,
    restarts: null,
    blindSince: null,
    freeze: null,
    ...overrides,
  }
}

export function aCommand(verb: Verb, overrides: Partial<Command> = {}): Command {
  return {
    id: `command-${verb}`,
    verb,
    actor: 'ada',
    actorId: 'id-ada',
    reason: '',
    step: null,
    digest: null,
    to: null,
    override: false,
    ...overrides,
  }
}

export function someEvidence(verdict: VerdictKind, overrides: Partial<Evidence> = {}): Evidence {
  return {
    kpi: 'p95',
    role: 'required',
    source: 'azure-logs',
    from: T0,
    to: T0 + HOUR,
    revision: CANARY,
    query: 'ContainerAppHTTPLogs | count',
    bad: 12,
    total: 900,
    value: 12 / 900,
    limit: 0.05,
    unit: 'ratio',
    interval: [0.006, 0.026],
    baseline: { bad: 100, total: 8100 },
    evalues: {
      absolute: 0.2,
      relative: 0.9,
      warmUp: 0.4,
      needed: 500,
      neededWarmUp: 1000,
      support: 30,
      overDispersion: 1,
    },
    silent: null,
    provisional: false,
    approximate: false,
    missing: null,
    passAt: null,
    verdict,
    because: `p95 is ${verdict}`,
    ...overrides,
  }
}

export function aVerdict(kind: VerdictKind, evidence: readonly Evidence[] = [someEvidence(kind)]): Verdict {
  return { kind, because: `p95 is ${kind}`, evidence }
}

export function someTrouble(overrides: Partial<StandingTrouble> = {}): StandingTrouble {
  return {
    kind: 'throttled',
    message: 'too many calls',
    retryAfterMs: null,
    during: 'deed',
    since: T0,
    retryAt: T0 + 15 * SECOND,
    count: 1,
    ...overrides,
  }
}

export function aQuery(overrides: Partial<Query> = {}): Query {
  return {
    id: 'q1',
    environment: KEY.environment,
    target: aManifest().target,
    region: 'westeurope',
    arm: 'canary',
    revision: CANARY,
    host: `${CANARY}.example.azurecontainerapps.io`,
    kpi: latency(),
    bucketMs: MINUTE,
    from: T0,
    to: T0 + HOUR,
    ...overrides,
  }
}
