import { revisionName } from './app.ts'
import type { Weights } from './audit.ts'
import type { Footprint, Rollout } from './rollout.ts'
import { sameWeights, split } from './traffic.ts'

/** One thing that changed and was not our doing, in words, with both sides. */
export interface Edit {
  readonly what: string
  readonly before: unknown
  readonly after: unknown
}

/** How an edit of the traffic weights is called among edits. */
export const TRAFFIC_EDIT = 'traffic weights'

/**
 * What foreign hands changed between the last look and this one; empty when all of it can be our own doing.
 * Our own doing is: a canary weight that was wished for and is not yet out of date, revisions that carry our names (those
 * of leftovers too, which an earlier rollout may have asked for in its last moment), the switching off of leftovers, and
 * Multiple mode within a rollback.
 */
export function foreignEdits(rollout: Rollout, before: Footprint, after: Footprint): readonly Edit[] {
  const edits: Edit[] = []
  if (before.mode !== after.mode && !isOurMode(rollout, after.mode))
    edits.push({ what: 'revision mode', before: before.mode, after: after.mode })
  if (before.sticky !== after.sticky)
    edits.push({ what: 'sticky sessions', before: before.sticky, after: after.sticky })
  if (!before.followsLatest && after.followsLatest) {
    edits.push({ what: 'traffic to follow the latest revision', before: false, after: true })
  }
  if (!sameWeights(before.weights, after.weights) && !isOurs(rollout, after.weights)) {
    edits.push({ what: TRAFFIC_EDIT, before: before.weights, after: after.weights })
  }
  if (!sameLabels(before.labels, after.labels)) {
    edits.push({ what: 'labels', before: before.labels, after: after.labels })
  }
  const strangers = after.revisions.filter((name) => !before.revisions.includes(name) && !isOurRevision(rollout, name))
  if (strangers.length > 0) edits.push({ what: 'a new revision', before: null, after: strangers })
  const gone = before.active.filter((name) => !after.active.includes(name) && !rollout.leftovers.includes(name))
  if (gone.length > 0) edits.push({ what: 'a revision switched off', before: before.active, after: after.active })
  return edits
}

/** Whether these weights are ones that this rollout itself may have written and that may rightly be seen now. */
export function isOurs(rollout: Rollout, weights: Weights): boolean {
  const { stable, canary } = rollout
  return stable !== null && rollout.expected.some((weight) => sameWeights(weights, split(stable, canary, weight)))
}

/** Whether these weights were ever wished for by this rollout: a writer that slept through its end would bring them back. */
export function wereOurs(rollout: Rollout, weights: Weights): boolean {
  const { stable, canary } = rollout
  return stable !== null && rollout.wished.some((weight) => sameWeights(weights, split(stable, canary, weight)))
}

/**
 * Whether these weights, seen after the end, may be a late write of this rollout's own. All traffic at stable after a
 * promotion is never one: nothing but the beginning, long ago, wished for it, and somebody who takes a bad version out by
 * hand must not be fought.
 */
export function mayBeLate(rollout: Rollout, weights: Weights): boolean {
  const { phase, stable } = rollout
  if (phase.kind !== 'finished' || stable === null || !wereOurs(rollout, weights)) return false
  return phase.outcome !== 'promoted' || !sameWeights(weights, { [stable]: 100 })
}

/** Suffix of the n-th repair revision of a rollout, n from 1: never used before, as Container Apps demands. */
export function repairSuffix(rollout: Pick<Rollout, 'number'>, n: number): string {
  return `r${rollout.number}-fix${n}`
}

/** A rollback sets the mode to Multiple; whether a hand did the same at that time nobody can tell, nor need they. */
function isOurMode({ phase }: Rollout, mode: Footprint['mode']): boolean {
  return phase.kind === 'rolling-back' && mode === 'Multiple'
}

function isOurRevision(rollout: Rollout, name: string): boolean {
  if (name === rollout.canary || rollout.leftovers.includes(name)) return true
  const { app } = rollout.manifest.target
  for (let n = 1; n <= rollout.repairs; n++) if (name === revisionName(app, repairSuffix(rollout, n))) return true
  return false
}

/** Whether two sets of labels stand on the same revisions. */
export function sameLabels(a: Footprint['labels'], b: Footprint['labels']): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}
