import type { Query, Window } from './judge/verdict.ts'
import type { Phase, Rollout } from './rollout.ts'
import type { Kpi } from './service.ts'

/**
 * What must be measured for this rollout now: the fast check of every KPI while the canary takes traffic, and the whole
 * step once its bake is over. Empty while there is nothing to see. Every window lies inside the present step, and the
 * whole step is asked about for every KPI or for none: a verdict on some of them must not speak for all.
 */
export function ask(rollout: Rollout, now: number): readonly Query[] {
  const steadyAt = steadySince(rollout.phase)
  if (steadyAt === null || rollout.stable === null) return []
  const { analysis } = rollout.manifest
  const bakeOver = now >= bakeEnds(rollout) && now - longestLag(rollout) > steadyAt
  return analysis.kpis.flatMap((kpi) => {
    const to = now - kpi.lagMs
    if (to <= steadyAt) return []
    const fast = query(rollout, kpi, 'fast', Math.max(steadyAt, to - analysis.windowMs), to)
    return bakeOver ? [fast, query(rollout, kpi, 'full', steadyAt, to)] : [fast]
  })
}

/** Since when the canary has been seen at the weight of its step; null while it has not, or where nothing is judged. */
export function steadySince(phase: Phase): number | null {
  if (phase.kind === 'progressing') return phase.steadyAt
  if (phase.kind !== 'paused' || phase.from !== 'progressing') return null
  return phase.why === 'foreign-edit' || phase.why === 'fault' ? null : phase.steadyAt
}

/** When the bake of the present step is over and all of it can be read at its sources; infinite while it has not begun. */
export function bakeEnds(rollout: Rollout): number {
  const { phase } = rollout
  const steadyAt = steadySince(phase)
  if (steadyAt === null || (phase.kind !== 'progressing' && phase.kind !== 'paused')) return Number.POSITIVE_INFINITY
  return steadyAt + (rollout.manifest.stages[phase.stage]?.bakeMs ?? 0) + longestLag(rollout)
}

function longestLag(rollout: Rollout): number {
  return Math.max(0, ...rollout.manifest.analysis.kpis.map((kpi) => kpi.lagMs))
}

function query(rollout: Rollout, kpi: Kpi, window: Window, from: number, to: number): Query {
  const { key, canary } = rollout
  return {
    id: `${key.environment}/${rollout.id}/${kpi.name}/${window}`,
    environment: key.environment,
    revision: canary,
    kpi,
    window,
    from,
    to,
  }
}
