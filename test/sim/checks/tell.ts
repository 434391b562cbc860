import type { AuditRow } from '../../../lib/core/audit.ts'
import type { Evidence } from '../../../lib/core/judge/verdict.ts'
import type { Manifest } from '../../../lib/core/service.ts'
import type { Check } from '../../../sim/checks/check.ts'
import type { TraceBody } from '../../../sim/trial/trace.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
const APP = 's/g/shop'
const ENTITY = 'production/shop'

/** Something that happens at a moment, in milliseconds after the beginning. */
export type Told = TraceBody & { readonly at: number }

/** What one check finds in a story. */
export function foundBy(check: Check, ...story: readonly Told[]): readonly string[] {
  const seen = story.flatMap((body, n) => check.see({ seed: 1, n: n + 1, ...body }))
  return [...seen, ...check.end()].map(({ invariant, says }) => `${invariant} ${says}`)
}

const kpi = {
  name: 'errors',
  role: 'required',
  kind: 'error-rate',
  limitRatio: 0.01,
  lagMs: 3 * MINUTE,
  minRequests: null,
} as const

/** The service that all stories are about: 10 % for an hour, half for two, then all. */
export function service(changes: Partial<Manifest> = {}): Told {
  const stages = [
    { weight: 10, bakeMs: HOUR, gate: false },
    { weight: 50, bakeMs: 2 * HOUR, gate: false },
    { weight: 100, bakeMs: 0, gate: false },
  ]
  const analysis = {
    intervalMs: 5 * MINUTE,
    bucketMs: MINUTE,
    kpis: [kpi],
    onInconclusive: { afterMs: null, then: 'wait' },
  }
  const deadlines = { readyMs: 10 * MINUTE, trafficMs: 10 * MINUTE, gateMs: null }
  const manifest = {
    stages,
    analysis,
    deadlines,
    drainMs: MINUTE,
    scaleDownDelayMs: 10 * MINUTE,
    watchMs: 15 * MINUTE,
    ...changes,
  }
  return { at: 0, kind: 'service', entity: ENTITY, app: APP, manifest: manifest as unknown as Manifest }
}

/** A row of the audit of rollout `shop-1`. */
export function row(at: number, kind: AuditRow['kind'], changes: Partial<AuditRow> = {}): Told {
  const about = { rollout: 'shop-1', step: null, value: null, evidence: [], detail: null, actor: 'slipway', notes: '' }
  const told = { id: `${ENTITY}#1`, entityId: ENTITY, happenedAt: at, kind, ...about, ...changes }
  return { at, kind: 'audit', commit: 1, row: told as unknown as AuditRow }
}

/** What the judge said about the one KPI in `[from, to)`. */
export function evidence(from: number, to: number, changes: Partial<Evidence> = {}): Evidence {
  const figure = { bad: 0, total: 3000, value: 0, revision: 'new', verdict: 'pass', role: 'required', kpi: 'errors' }
  return { from, to, ...figure, ...changes } as unknown as Evidence
}

export function decision(at: number, changes: object = {}): Told {
  const place = {
    canary: 'new',
    stable: 'old',
    phase: 'preparing',
    stage: null,
    canaryWeight: 0,
    outcome: null,
  } as const
  const told = {
    kind: 'decision',
    worker: 3,
    entity: ENTITY,
    rollout: 'shop-1',
    wakeAt: null,
    commit: 1,
    cause: 'push',
  }
  return { at, ...told, ...place, ...changes } as unknown as Told
}

const OLD = { name: 'old', image: 'r/shop@sha256:aa', active: true, ready: true }
const NEW = { name: 'new', image: 'r/shop@sha256:bb', active: true, ready: true }
export const REVISIONS = [OLD, NEW]

/** A write that ARM took; `weights` null = it is about a revision. */
export function write(at: number, weights: Readonly<Record<string, number>> | null, changes: object = {}): Told {
  const asked = { weights, followsLatest: false, revision: null, image: null }
  const done = { deed: 'patch', asked, outcome: 'taken', applied: true, code: null } as const
  return { at, kind: 'arm-write', worker: 3, app: APP, ...done, revisions: REVISIONS, ...changes }
}

export function switchedOff(at: number, revision: string, revisions: readonly object[] = REVISIONS): Told {
  return write(at, null, {
    deed: 'deactivate',
    asked: { weights: null, followsLatest: false, revision, image: null },
    revisions,
  })
}

export function read(at: number, code: string | null = null): Told {
  return { at, kind: 'arm-read', worker: 3, app: APP, call: 'get', code }
}

export function traffic(at: number, weights: Readonly<Record<string, number>>): Told {
  return { at, kind: 'traffic', app: APP, weights, revisions: [] }
}

export function measured(at: number, total: number, changes: object = {}): Told {
  const about = { entity: ENTITY, kpi: 'errors', revision: 'new', from: 0, to: at, answer: 'measured', bad: 0 } as const
  return { at, kind: 'measurement', worker: 3, ...about, total, ...changes }
}

export function fault(at: number, kind: string, moment: 'begins' | 'ends' | 'strikes', changes: object = {}): Told {
  return { at, kind: 'fault', fault: kind, variant: 'some', moment, entity: null, phase: 'none', ...changes } as Told
}

/** What whoever asks from outside hears from now on; null = nothing. */
export function heartbeat(at: number, late: readonly string[] | null): Told {
  return { at, kind: 'heartbeat', environment: 'production', late }
}

export function end(at: number): Told {
  return { at, kind: 'end', calmAt: 0, canaries: 1, violations: 0 }
}
