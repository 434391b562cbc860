import type { AuditRow } from '../../lib/core/audit.ts'
import { ERROR_RATIOS, startSequence } from '../../lib/core/judge/sequence.ts'
import type { BucketLine, JudgeState, KpiState, SeenBucket } from '../../lib/core/judge/state.ts'
import type { Evidence } from '../../lib/core/judge/verdict.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import {
  type Analysis,
  entityId,
  type Manifest,
  type Push,
  type ServiceKey,
  type ServiceState,
} from '../../lib/core/service.ts'
import type { EventRecord } from '../../lib/ports.ts'

/** A moment that the tests of storage count from. */
export const T0 = Date.UTC(2026, 10, 21, 12)

/** A push with every field filled. */
export function aPush(overrides: Partial<Push> = {}): Push {
  return {
    registry: 'acme.azurecr.io',
    repository: 'team/pricing',
    tag: 'v2',
    digest: `sha256:${'ab'.repeat(32)}`,
    pushedAt: T0 - 5_000,
    eventId: 'event-1',
    source: 'acr',
    author: null,
    ...overrides,
  }
}

/** An analysis with a KPI of each shape: a latency, an error rate, a gauge. */
function anAnalysis(): Analysis {
  const names = { requests: 'reqs_total', duration: 'dur', revisionLabel: 'revision', statusLabel: 'code' }
  const prometheus = { kind: 'prometheus', names, counters: null } as const
  const usual = { role: 'required', lagMs: 60_000, minRequests: 3_000 } as const
  return {
    intervalMs: 60_000,
    bucketMs: 60_000,
    warmUpMs: 300_000,
    kpis: [
      { ...usual, name: 'p95', source: { kind: 'azure-logs' }, kind: 'latency', percentile: 95, limitMs: 200 },
      {
        ...usual,
        name: 'errors',
        source: { ...prometheus, gauge: null },
        kind: 'error-rate',
        limitRatio: 0.001,
        alsoBad: [429],
      },
      {
        ...usual,
        name: 'queue',
        role: 'advisory',
        source: { ...prometheus, gauge: 'queue_length' },
        kind: 'gauge',
        limit: 40,
        wanted: 'below',
      },
    ],
    onInconclusive: { afterMs: 3_600_000, then: 'wait' },
    onRelative: 'hold',
    onBlind: { afterMs: 1_800_000, then: 'wait' },
    requireEvidence: false,
  }
}

/** A manifest with several kinds of KPI and a gate. */
export function aManifest(key: ServiceKey): Manifest {
  return {
    name: key.name,
    environment: key.environment,
    target: { subscriptionId: 'sub-1', resourceGroup: 'rg-shop', app: key.name, container: null },
    image: { registry: 'acme.azurecr.io', repository: `team/${key.name}`, tags: { kind: 'semver', range: '>=1 <3' } },
    stages: [
      { weight: 10, bakeMs: 172_800_000, gate: false },
      { weight: 50, bakeMs: 86_400_000, gate: true },
      { weight: 100, bakeMs: 0, gate: false },
    ],
    analysis: anAnalysis(),
    onNewRevision: 'supersede',
    deadlines: { readyMs: 600_000, trafficMs: 300_000, gateMs: null },
    approvals: null,
    drainMs: 30_000,
    scaleDownDelayMs: 600_000,
    watchMs: 900_000,
  }
}

/** A service before its first rollout. */
export function aService(key: ServiceKey, overrides: Partial<ServiceState> = {}): ServiceState {
  return {
    schema: 1,
    key,
    manifest: aManifest(key),
    manifestVersion: 1,
    rolloutNumber: 0,
    pending: [],
    undo: null,
    handled: [],
    chain: { seq: 0, hash: '' },
    ...overrides,
  }
}

/** One KPI's evidence with every field filled, and awkward characters in it. */
export function someEvidence(): Evidence {
  return {
    kpi: 'p95',
    role: 'required',
    source: 'azure-logs',
    from: T0 - 300_000,
    to: T0,
    revision: 'pricing--r2',
    query: 'ContainerAppHTTPLogs | where "Größe" == \'ü\' // \\ "quoted" 🚀\n| count',
    bad: 412,
    total: 900,
    value: 412 / 900,
    limit: 0.05,
    unit: 'ratio',
    interval: [0.41, 0.51],
    baseline: { bad: 31, total: 8_100 },
    evalues: {
      absolute: 1e30,
      relative: 812.4,
      warmUp: 0.1,
      needed: 500,
      neededWarmUp: 1000,
      support: 0,
      overDispersion: 1.25,
    },
    silent: null,
    provisional: true,
    approximate: false,
    missing: '2 100 more requests',
    passAt: T0 + 3_600_000,
    verdict: 'fail',
    because: 'p95: 45.8 % slower than 200 ms, over 5 %',
  }
}

/** A rollout that takes traffic, with every field filled. */
export function aRollout(key: ServiceKey, overrides: Partial<Rollout> = {}): Rollout {
  const number = overrides.number ?? 1
  return {
    schema: 1,
    id: `${key.name}-${number}`,
    number,
    key,
    push: aPush(),
    cause: 'push',
    manifest: aManifest(key),
    manifestVersion: 1,
    startedAt: T0,
    phase: { kind: 'progressing', stage: 0, since: T0, steadyAt: null },
    stable: `${key.name}--r1`,
    canary: `${key.name}--r2`,
    expected: [0, 10],
    wished: [0, 10],
    wishedAt: T0,
    footprint: {
      mode: 'Multiple',
      sticky: false,
      followsLatest: false,
      weights: { [`${key.name}--r1`]: 90, [`${key.name}--r2`]: 10 },
      labels: { blue: `${key.name}--r1` },
      revisions: [`${key.name}--r1`, `${key.name}--r2`],
      active: [`${key.name}--r1`],
    },
    place: { region: 'westeurope', hosts: { [`${key.name}--r2`]: `${key.name}--r2.example.net` } },
    approvals: [],
    frozen: null,
    unfrozen: [],
    frozenAt: null,
    verdict: { kind: 'fail', because: 'p95 is over its limit', evidence: [someEvidence()] },
    trouble: {
      kind: 'throttled',
      message: 'too many calls',
      retryAfterMs: 17_000,
      during: 'look',
      since: T0,
      retryAt: T0 + 17_000,
      count: 2,
    },
    leftovers: [`${key.name}--r0`],
    repairs: 1,
    trafficSeenAt: T0 - 1,
    unwell: 1,
    restarting: 0,
    overdue: true,
    wakeAt: T0 + 60_000,
    ...overrides,
  }
}

/** What the judge remembers of a rollout; `look` makes one state differ from another. */
export function aJudge(rollout: string, look = 1, kpis = 2): JudgeState {
  const names = Array.from({ length: kpis }, (_, index) => `kpi-${index}`)
  return {
    schema: 1,
    rollout,
    since: T0 + 1,
    from: T0,
    kpis: Object.fromEntries(names.map((name, index) => [name, aKpiState(look, index % 2 === 0)])),
  }
}

function aKpiState(look: number, isBlind: boolean): KpiState {
  const test = { limit: 0.001, warmLimit: 0.02, warm: 5, horizon: 5_760, alpha: 0.002, alphaWarm: 0.001, phi: 1.25 }
  const baseline = Array.from({ length: 30 }, (_, minute) => [minute, 2_700 + minute] as const)
  return {
    next: T0 + look * 60_000,
    sequence: { ...startSequence({ ...test, ratios: ERROR_RATIOS }), minutes: look, baseline, phi: 1 / 3 },
    history: { phi: 1.25, buckets: 1_440, busy: 1_439, total: 3_888_000 },
    step: { since: T0, buckets: look, covered: 3, bad: 1, total: 900, allowed: 0.9, baselineBad: 0, baselineTotal: 1 },
    lagMs: 60_000,
    recent: Array.from({ length: 12 }, (_, index) => aBucket(T0 + (look - 12 + index) * 60_000)),
    corrected: 2,
    uncontrolled: 1,
    blind: isBlind ? { since: T0 - 1, silence: 'throttled' } : null,
    idle: 1,
    value: isBlind ? null : 39.5,
  }
}

function aBucket(at: number): SeenBucket {
  return [at, 3, 300, null, 12, 2_700, 0.1]
}

/** The buckets of one look: of `kpis` KPIs, `each` of every one, from minute `look` on; one of them without data. */
export function aBucketLine(rollout: string, look = 1, kpis = 2, each = 2): BucketLine {
  const at = T0 + look * 60_000
  const buckets = Array.from({ length: each }, (_, index) =>
    index === 1 ? ([at + 60_000, null] as const) : aBucket(at + index * 60_000),
  )
  const names = Array.from({ length: kpis }, (_, index) => `kpi-${index}`)
  return { rollout, at, kpis: Object.fromEntries(names.map((name) => [name, buckets])) }
}

/** Audit rows `from`…`from + count − 1`, one second apart. */
export function auditRows(
  key: ServiceKey,
  from: number,
  count: number,
  overrides: Partial<AuditRow> = {},
): readonly AuditRow[] {
  return Array.from({ length: count }, (_, index) => {
    const seq = from + index
    return {
      schema: 1,
      id: `${entityId(key)}#${seq}`,
      seq,
      happenedAt: T0 + seq * 1000,
      entityId: entityId(key),
      kind: 'step-started',
      metric: 'canary-weight',
      value: 10,
      notes: `step ${seq} begins`,
      actor: 'slipway',
      rollout: `${key.name}-1`,
      step: 1,
      weightsBefore: { [`${key.name}--r1`]: 100 },
      weightsAfter: { [`${key.name}--r1`]: 90, [`${key.name}--r2`]: 10 },
      evidence: [],
      detail: null,
      previousHash: `hash-${seq - 1}`,
      hash: `hash-${seq}`,
      ...overrides,
    } satisfies AuditRow
  })
}

/** An intake record; its id is made of `number`. */
export function anEvent(number: number, overrides: Partial<EventRecord> = {}): EventRecord {
  return {
    id: `event-${number}`,
    receivedAt: T0 + number * 1000,
    source: 'acr',
    outcome: 'rollout',
    reason: 'a new digest of a watched tag',
    image: 'acme.azurecr.io/team/pricing:v2',
    digest: `sha256:${'ab'.repeat(32)}`,
    entityId: 'production/pricing',
    rollout: 'pricing-1',
    ...overrides,
  }
}
