import type { Arm, Query } from './judge/reading.ts'
import type { JudgeState } from './judge/state.ts'
import { HISTORY_BUCKETS, REREAD_BUCKETS, wantsHistory } from './judge/take-in.ts'
import type { Phase, Rollout } from './rollout.ts'
import type { Kpi } from './service.ts'
import { wantedWeight } from './traffic.ts'

/**
 * What must be measured for this rollout now: every KPI on both revisions, from the first bucket that was not judged yet
 * (and the newest few once more) to the bucket that is running. The first time the stable revision's last 24 hours come
 * along, which tell how bursty it is. Empty while the canary has no traffic, and where nothing is judged.
 */
export function ask(rollout: Rollout, judge: JudgeState | null, now: number): readonly Query[] {
  const since = judgedSince(rollout, judge)
  if (since === null || rollout.stable === null) return []
  const { bucketMs, kpis } = rollout.manifest.analysis
  const to = bucketOf(now, bucketMs) + bucketMs
  return kpis.flatMap((kpi) => {
    const known = judge?.kpis[kpi.name] ?? null
    const next = known?.next ?? null
    const isFirst = wantsHistory(known)
    const arms: readonly Arm[] = isAlone(rollout, next) && !isFirst ? ['canary'] : ['canary', 'baseline']
    const past = next ?? bucketOf(since, bucketMs)
    const from = Math.min(past, to - REREAD_BUCKETS * bucketMs)
    // After a long silence what was missed is caught up with day by day.
    const until = Math.min(to, from + HISTORY_BUCKETS * bucketMs)
    // A clock that went back must not turn a window around.
    const earliest = Math.min(from, to - bucketMs)
    const history = Math.min(past - HISTORY_BUCKETS * bucketMs, earliest)
    return arms.map((arm) => query(rollout, kpi, arm, isFirst && arm === 'baseline' ? history : earliest, until))
  })
}

/** Whether the canary has had all traffic in every bucket that is still to be judged. */
function isAlone(rollout: Rollout, next: number | null): boolean {
  const steadyAt = steadySince(rollout.phase)
  return wantedWeight(rollout) === 100 && steadyAt !== null && (next === null || next >= steadyAt)
}

/** When the traffic that is judged began: when the judge began, or when the first weight was seen; null = nothing is judged. */
export function judgedSince({ phase }: Pick<Rollout, 'phase'>, judge: JudgeState | null): number | null {
  if (phase.kind !== 'progressing' && phase.kind !== 'paused') return null
  if (phase.kind === 'paused' && (phase.from !== 'progressing' || phase.why === 'foreign-edit')) return null
  return judge?.from ?? phase.steadyAt
}

/** Since when the canary has been seen at the weight of its step; null while it has not, or where nothing is judged. */
export function steadySince(phase: Phase): number | null {
  if (phase.kind === 'progressing') return phase.steadyAt
  if (phase.kind !== 'paused' || phase.from !== 'progressing' || phase.why === 'foreign-edit') return null
  return phase.steadyAt
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

function bucketOf(at: number, bucketMs: number): number {
  return Math.floor(at / bucketMs) * bucketMs
}

function query(rollout: Rollout, kpi: Kpi, arm: Arm, from: number, to: number): Query {
  const { key, canary, stable, place, manifest } = rollout
  const revision = arm === 'canary' ? canary : (stable ?? '')
  return {
    id: `${key.environment}/${rollout.id}/${kpi.name}/${arm}`,
    environment: key.environment,
    target: manifest.target,
    region: place?.region ?? null,
    arm,
    revision,
    host: place?.hosts[revision] ?? null,
    kpi,
    bucketMs: manifest.analysis.bucketMs,
    from,
    to,
  }
}
