import type { AuditRow } from '../../lib/core/audit.ts'
import type { Evidence } from '../../lib/core/judge/verdict.ts'
import type { Rollout } from '../../lib/core/rollout.ts'
import { entityId, type Manifest, type Push, type ServiceKey, type ServiceState } from '../../lib/core/service.ts'
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
    ...overrides,
  }
}

/** A manifest with both kinds of KPI and a gate. */
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
    analysis: {
      intervalMs: 60_000,
      windowMs: 300_000,
      minRequests: 50,
      kpis: [
        {
          name: 'p95',
          source: 'azure-logs',
          lagMs: 120_000,
          prometheus: null,
          kind: 'latency',
          percentile: 95,
          limitMs: 200,
        },
        {
          name: 'errors',
          source: 'prometheus',
          lagMs: 0,
          prometheus: { requests: 'reqs_total', duration: 'dur', revisionLabel: 'revision', statusLabel: 'code' },
          kind: 'error-rate',
          limitRatio: 0.01,
        },
      ],
      onInconclusive: { afterMs: 3_600_000, then: 'pause' },
    },
    onNewRevision: 'supersede',
    deadlines: { readyMs: 600_000, trafficMs: 300_000, gateMs: null },
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
    handled: [],
    chain: { seq: 0, hash: '' },
    ...overrides,
  }
}

/** One KPI's evidence with awkward characters in it. */
export function someEvidence(): Evidence {
  return {
    kpi: 'p95',
    source: 'azure-logs',
    window: 'fast',
    from: T0 - 300_000,
    to: T0,
    revision: 'pricing--r2',
    query: 'ContainerAppHTTPLogs | where "Größe" == \'ü\' // \\ "quoted" 🚀\n| count',
    bad: 412,
    total: 900,
    value: 312.5,
    limit: 200,
    unit: 'ms',
    verdict: 'fail',
    because: 'p95 312 ms over the limit of 200 ms (412 of 900 requests slower)',
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
    overdue: true,
    wakeAt: T0 + 60_000,
    ...overrides,
  }
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
