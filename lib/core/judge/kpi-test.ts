import { assertNever } from '../assert-never.ts'
import type { Kpi, Manifest } from '../service.ts'
import { ERROR_RATIOS, GAUGE_RATIOS, SLOW_RATIOS, type Test } from './sequence.ts'

/** The chance that a rollout of a canary within its limits is aborted, all KPIs and looks together: 1 %. */
export const FALSE_ABORTS = 0.01

/** Which part of it the warm-up may spend. */
const WARM_PART = 0.2

/** The share of bad buckets that a gauge may have. */
export const GAUGE_SHARE = 0.2

/** Limits below this are tested for multiples of hundreds; above it a share cannot grow that far. */
const RARE = 0.01
/** What a cold start may be like: so many failures, or twice as many as the limit allows; half of the requests slow. */
const WARM_FAILURES = 0.02
const WARM_SLOW = 0.5

/** The share of bad events that a KPI allows, 0–1; of bad buckets for a gauge. */
export function allowedBad(kpi: Kpi): number {
  switch (kpi.kind) {
    case 'latency':
      // Rounded, since 1 − 0.9 is less than 0.1: a share exactly at the limit must not count as over it.
      return Math.round((100 - kpi.percentile) * 1e6) / 1e8
    case 'error-rate':
    case 'uptime':
    case 'ratio':
      return kpi.limitRatio
    case 'gauge':
      return GAUGE_SHARE
    default:
      return assertNever(kpi)
  }
}

/**
 * On how many events a step may pass at the least: without a bad one among so many, the true share is within the limit
 * with 95 % confidence (rule of three). A gauge needs buckets only.
 */
export function leastEvents(kpi: Kpi): number {
  return kpi.kind === 'gauge' ? 1 : (kpi.minRequests ?? Math.ceil(3 / allowedBad(kpi)))
}

/**
 * How a KPI is tested within a rollout. The budget of false aborts is shared by the KPIs that can abort, each with an
 * absolute and a relative test and one for the warm-up (union bound); `phi` is the baseline's over-dispersion, and `lateMs`
 * how long after the start of the first bucket the canary's traffic began.
 */
export function testOf(kpi: Kpi, manifest: Manifest, phi: number, lateMs = 0): Test {
  const { analysis } = manifest
  const limit = allowedBad(kpi)
  const isSlowness = kpi.kind === 'latency' || kpi.kind === 'gauge'
  const warm = isSlowness ? SLOW_RATIOS.warm : ERROR_RATIOS.warm
  const sharing = Math.max(1, analysis.kpis.filter((other) => other.role !== 'advisory').length)
  return {
    limit,
    warmLimit: isSlowness ? Math.max(limit, WARM_SLOW) : Math.min(0.9, Math.max(2 * limit, WARM_FAILURES)),
    warm: analysis.warmUpMs === 0 ? 0 : Math.ceil((analysis.warmUpMs + lateMs) / analysis.bucketMs),
    horizon: horizonOf(manifest),
    alpha: (FALSE_ABORTS * (1 - WARM_PART)) / (2 * sharing),
    alphaWarm: (FALSE_ABORTS * WARM_PART) / sharing,
    phi,
    ratios: { ...(kpi.kind === 'gauge' ? GAUGE_RATIOS : limit < RARE ? ERROR_RATIOS : SLOW_RATIOS), warm },
  }
}

/** How long past its bake a step may stay unclear: as the manifest says, else as long as it bakes, at least an hour. */
export function extensionOf({ analysis, stages }: Manifest, stage: number): number {
  return analysis.onInconclusive.afterMs ?? Math.max(stages[stage]?.bakeMs ?? 0, HOUR_MS)
}

const HOUR_MS = 3_600_000

/** Buckets of the whole plan with its longest extension, at least an hour's worth. */
function horizonOf(manifest: Manifest): number {
  const { stages, analysis } = manifest
  const baked = stages.reduce((sum, stage) => sum + stage.bakeMs, 0)
  const extended = Math.max(0, ...stages.map((_, index) => extensionOf(manifest, index)))
  return Math.max(60, Math.ceil((baked + extended + analysis.warmUpMs) / analysis.bucketMs))
}
