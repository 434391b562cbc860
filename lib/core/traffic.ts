import { type AppGlance, type AppSeen, isReady, type TrafficEntry } from './app.ts'
import type { Weights } from './audit.ts'
import type { Footprint, Rollout } from './rollout.ts'

/** Weight by revision as the ingress has it now: latest resolved to its name, revisions without weight left out. */
export function weightsSeen(app: AppGlance): Weights {
  const weights: Record<string, number> = {}
  for (const entry of app.traffic) {
    const revision = entry.revision ?? followed(app)
    if (revision !== null && entry.weight > 0) weights[revision] = (weights[revision] ?? 0) + entry.weight
  }
  return weights
}

/**
 * Where traffic that follows the latest revision really goes: to the newest one that was ready, which is not the latest while that
 * one starts, and for ever where it fails. Azure tells both names late after a write: a latest that is seen to be ready is it.
 */
export function followed(app: AppGlance & Partial<Pick<AppSeen, 'revisions'>>): string | null {
  const { latestRevision, latestReady = null, revisions = [] } = app
  const latest = revisions.find(({ name }) => name === latestRevision)
  return latestReady === null || (latest !== undefined && isReady(latest)) ? latestRevision : latestReady
}

/** Whether traffic follows the latest revision anywhere: then any new revision would take weight unasked. */
export function followsLatest(app: AppGlance): boolean {
  return app.traffic.some((entry) => entry.revision === null)
}

/** Weights of a canary at `weight` percent, the rest at stable. */
export function split(stable: string, canary: string, weight: number): Weights {
  if (weight <= 0) return { [stable]: 100 }
  if (weight >= 100) return { [canary]: 100 }
  return { [stable]: 100 - weight, [canary]: weight }
}

/** Whether two sets of weights send the same share to the same revisions. */
export function sameWeights(a: Weights, b: Weights): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

/**
 * The canary weight that this state wants at the ingress, in percent; null = hands off.
 * Wanted traffic is always computed from the state and never stored, so any later turn finishes what a dead one began.
 */
export function wantedWeight(rollout: Rollout): number | null {
  const { phase } = rollout
  switch (phase.kind) {
    case 'preparing':
    case 'provisioning':
    case 'rolling-back':
      return 0
    case 'progressing':
      return stageWeight(rollout, phase.stage)
    case 'paused':
      if (phase.why === 'foreign-edit' || phase.why === 'fault') return null
      return phase.from === 'progressing' ? stageWeight(rollout, phase.stage) : 0
    case 'finished':
      return phase.outcome === 'promoted' ? 100 : 0
  }
}

/** Weight of a stage of the plan; beyond its end it is 100. */
export function stageWeight(rollout: Rollout, stage: number): number {
  return rollout.manifest.stages[stage]?.weight ?? 100
}

/**
 * The whole traffic list for `weights`, ready to be written: revisions named, never latest, and every label that is
 * there stays on its revision (a write replaces the list, so what is left out would be lost).
 */
export function trafficList(app: AppSeen, weights: Weights): readonly TrafficEntry[] {
  const left = new Map(Object.entries(weights))
  const labelled = app.traffic
    .filter((entry) => entry.label !== null)
    .flatMap((entry) => {
      const revision = entry.revision ?? followed(app)
      if (revision === null) return []
      const weight = left.get(revision) ?? 0
      left.delete(revision)
      return [{ revision, weight, label: entry.label }]
    })
  const plain = [...left].map(([revision, weight]) => ({ revision, weight, label: null }))
  return [...plain, ...labelled]
}

/**
 * The weights without the canary: stable takes its share, and whatever else a foreign hand arranged stays. Totals 100
 * whatever was seen: weights that cannot be are not written back, stable takes all.
 */
export function withoutCanary(weights: Weights, stable: string, canary: string): Weights {
  const { [canary]: _, [stable]: __, ...others } = weights
  const taken = Object.values(others).reduce((sum, weight) => sum + weight, 0)
  if (taken > 100) return { [stable]: 100 }
  return taken === 100 ? others : { ...others, [stable]: 100 - taken }
}

/** What of the app a foreign hand could change. */
export function footprintOf(app: AppSeen, rollout: Pick<Rollout, 'stable' | 'canary' | 'leftovers'>): Footprint {
  const ours = [rollout.stable, rollout.canary, ...rollout.leftovers]
  return {
    mode: app.mode,
    sticky: app.stickySessions,
    followsLatest: followsLatest(app),
    weights: weightsSeen(app),
    labels: labelsSeen(app),
    revisions: app.revisions.map((revision) => revision.name),
    active: app.revisions
      .filter((revision) => revision.active && ours.includes(revision.name))
      .map((revision) => revision.name),
  }
}

/** Revision by label as the ingress has it now, latest resolved to its name. */
export function labelsSeen(app: AppGlance): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  for (const entry of app.traffic) {
    const revision = entry.revision ?? followed(app)
    if (entry.label !== null && revision !== null) labels[entry.label] = revision
  }
  return labels
}
