import type { Analysis, Deadlines, KpiRole } from '../../lib/core/service.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How a service of a trial is careful: what most teams leave as it is, and some do not. */
export interface Manner {
  readonly onInconclusive: Analysis['onInconclusive']
  readonly onRelative: Analysis['onRelative']
  readonly requireEvidence: boolean
  readonly warmUpMs: number
  readonly lagMs: number
  /** Role of the KPI on latency, where there is one. */
  readonly latencyRole: KpiRole
  readonly deadlines: Deadlines
  readonly drainMs: number
  readonly scaleDownDelayMs: number
  readonly watchMs: number
}

/** How a service is careful whose plan says nothing of it. */
export const USUAL: Manner = {
  onInconclusive: { afterMs: 24 * HOUR_MS, then: 'wait' },
  onRelative: 'hold',
  requireEvidence: false,
  warmUpMs: 5 * MINUTE_MS,
  lagMs: 3 * MINUTE_MS,
  latencyRole: 'required',
  deadlines: { readyMs: 10 * MINUTE_MS, trafficMs: 10 * MINUTE_MS, gateMs: 12 * HOUR_MS },
  drainMs: MINUTE_MS,
  scaleDownDelayMs: 10 * MINUTE_MS,
  watchMs: 15 * MINUTE_MS,
}

/** Draws a manner of its own, within what a manifest may say. */
export function drawManner(pick: <T>(of: readonly T[]) => T): Manner {
  return {
    onInconclusive: {
      afterMs: pick([null, 2 * HOUR_MS, 24 * HOUR_MS]),
      then: pick(['wait', 'abort', 'promote-never'] as const),
    },
    onRelative: pick(['hold', 'abort', 'ignore'] as const),
    requireEvidence: pick([false, true]),
    warmUpMs: pick([0, 5, 30]) * MINUTE_MS,
    lagMs: pick([0, 1, 3, 8]) * MINUTE_MS,
    latencyRole: pick(['required', 'guard', 'advisory'] as const),
    deadlines: {
      readyMs: pick([5, 10, 30]) * MINUTE_MS,
      trafficMs: pick([5, 10, 30]) * MINUTE_MS,
      gateMs: pick([null, 2 * HOUR_MS, 12 * HOUR_MS]),
    },
    drainMs: pick([0, 1, 10]) * MINUTE_MS,
    scaleDownDelayMs: pick([0, 10, 360]) * MINUTE_MS,
    watchMs: pick([15, 60]) * MINUTE_MS,
  }
}
