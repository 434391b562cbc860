import { type Manifest, type Push, pinnedImage } from '../../lib/core/service.ts'
import type { Profile } from '../metrics.ts'
import type { ImageBehaviour } from '../world/types.ts'
import { USUAL } from './manner.ts'
import type { ImageKind, ServicePlan } from './scenario.ts'

const MINUTE_MS = 60_000
const REGISTRY = 'registry.example.com'

/** The environment that all services of a trial live in. */
export const ENVIRONMENT = 'production'

/** The manifest of a service of a trial. */
export function manifestOf(plan: ServicePlan): Manifest {
  const { name, stages, intervalMs, bucketMs = MINUTE_MS, onNewRevision, latency, onBlind, manner = USUAL } = plan
  const subscriptionId = '00000000-0000-0000-0000-000000000001'
  const usual = { role: 'required' as const, source: { kind: 'azure-logs' as const }, lagMs: manner.lagMs }
  const errors = { name: 'errors', kind: 'error-rate' as const, limitRatio: 0.01, alsoBad: [], minRequests: null }
  const p95 = { name: 'p95', kind: 'latency' as const, percentile: 95, limitMs: 300, minRequests: null }
  return {
    name,
    environment: ENVIRONMENT,
    target: { subscriptionId, resourceGroup: 'rides', app: name, container: null },
    image: { registry: REGISTRY, repository: name, tags: { kind: 'glob', pattern: 'v*' } },
    stages: [...stages, { weight: 100, bakeMs: 0, gate: false }],
    analysis: {
      intervalMs,
      bucketMs,
      warmUpMs: manner.warmUpMs,
      kpis: [{ ...usual, ...errors }, ...(latency ? [{ ...usual, ...p95, role: manner.latencyRole }] : [])],
      onInconclusive: manner.onInconclusive,
      onRelative: manner.onRelative,
      onBlind: { afterMs: 30 * MINUTE_MS, then: onBlind ?? 'wait' },
      requireEvidence: manner.requireEvidence,
    },
    onNewRevision,
    deadlines: manner.deadlines,
    approvals: null,
    drainMs: manner.drainMs,
    scaleDownDelayMs: manner.scaleDownDelayMs,
    watchMs: manner.watchMs,
  }
}

/** A version of a service as its registry tells of it; `place` is the service's index. */
export function pushOf(repository: string, place: number, version: number, pushedAt: number): Push {
  const digest = `sha256:${String(place * 1000 + version)
    .padStart(4, '0')
    .repeat(16)}`
  const event = { eventId: `${repository}-event-${version}`, source: 'acr', author: null }
  return { registry: REGISTRY, repository, tag: `v${version}`, digest, pushedAt, ...event }
}

/** The image of a version, pinned by its digest. */
export function imageOf(repository: string, place: number, version: number): string {
  return pinnedImage(pushOf(repository, place, version, 0))
}

/** What users of an image meet, and how its revisions come up. */
export function conductOf(kind: ImageKind): { readonly profile: Profile; readonly behaviour: ImageBehaviour | null } {
  const profile = { rps: 50, p95Ms: 120, errorRate: 0.0001 }
  switch (kind) {
    case 'healthy':
      return { profile, behaviour: null }
    case 'slow':
      return { profile: { ...profile, p95Ms: 900 }, behaviour: null }
    case 'erring':
      return { profile: { ...profile, errorRate: 0.1 }, behaviour: null }
    case 'quiet':
      return { profile: { ...profile, rps: 0.1 }, behaviour: null }
    case 'sleeps':
      return { profile, behaviour: { scaleToZero: true, readyAfterMs: 20_000 } }
    case 'crash':
    case 'pull-fails':
    case 'stuck':
      return { profile, behaviour: { never: kind } }
  }
}
