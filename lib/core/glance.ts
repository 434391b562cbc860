import type { AppGlance } from './app.ts'
import { bakeEnds, steadySince } from './ask.ts'
import { keepFor } from './decide/move.ts'
import { neededUntil } from './decide/wake.ts'
import { sameLabels } from './drift.ts'
import type { JudgeState } from './judge/state.ts'
import type { Verdict } from './judge/verdict.ts'
import type { Footprint, Rollout } from './rollout.ts'
import type { Manifest } from './service.ts'
import { followsLatest, labelsSeen, sameWeights, split, wantedWeight, weightsSeen } from './traffic.ts'

/** For how long after a weight became real no figure of it can be read. */
const FIRST_MS = 300_000
/** For how long a good answer shows that a revision serves, and for how many buckets where these are long. */
const SHOWN_MS = 300_000
const SHOWN_BUCKETS = 2
/** By how much sooner the revisions are read of a rollout of whose weight nothing is measured: its app is all that can be seen. */
const BLIND_MS = 3_600_000

/**
 * When the revisions of this rollout's app were read last, epoch milliseconds, where this look may do without them: its
 * traffic is as wished, nothing is awaited or due, nothing is amiss, and the KPIs object to nothing. Null = the look must
 * read them. `verdict` is that of this look.
 */
export function quietSince(rollout: Rollout, verdict: Verdict | null, now: number): number | null {
  const readAt = rollout.footprint?.revisionsAt
  if (readAt === undefined || readAt > now) return null
  if (!isAtRest(rollout, now) || rollout.trouble !== null || rollout.unwell > 0 || rollout.restarting > 0) return null
  const { phase } = rollout
  const isFirst = phase.kind === 'progressing' && phase.steadyAt !== null && now - phase.steadyAt < FIRST_MS
  switch (verdict?.kind) {
    case 'fail':
    case 'suspect':
      return null
    case 'pass':
      return phase.kind === 'progressing' && now >= bakeEnds(rollout) ? null : readAt
    case 'error':
    case 'nodata':
      return readAt - BLIND_MS
    default:
      return isFirst ? readAt - BLIND_MS : readAt
  }
}

/**
 * Whether the newest figures that can be read show good answers of both revisions: then both are on, and serve. Where the
 * canary has all traffic the stable revision is not measured, and not shown.
 */
export function isShown({ analysis }: Pick<Manifest, 'analysis'>, judge: JudgeState | null, now: number): boolean {
  const shownMs = Math.max(SHOWN_MS, SHOWN_BUCKETS * analysis.bucketMs)
  const newest = Object.values(judge?.kpis ?? {}).flatMap(({ blind, lagMs, recent }) =>
    blind === null ? recent.filter(([at]) => at > now - lagMs - shownMs && at <= now) : [],
  )
  const isCanary = newest.some(([, bad, total]) => total > bad)
  return isCanary && newest.some(([, , , , bad, total]) => total !== null && total > (bad ?? total))
}

/** Whether a glance shows the app as the last look at its revisions left it, so far as a glance can tell. */
export function isAsKnown({ footprint }: Pick<Rollout, 'footprint'>, app: AppGlance): boolean {
  if (footprint === null || app.provisioning !== 'Succeeded') return false
  const isTraffic =
    footprint.followsLatest === followsLatest(app) &&
    sameWeights(footprint.weights, weightsSeen(app)) &&
    sameLabels(footprint.labels, labelsSeen(app))
  const isSetUp = footprint.mode === app.mode && footprint.sticky === app.stickySessions
  // A revision that somebody makes is the latest from then on.
  return isTraffic && isSetUp && app.latestRevision !== null && footprint.revisions.includes(app.latestRevision)
}

/** Whether nothing is awaited of the app, and nothing is to be done to it. */
function isAtRest(rollout: Rollout, now: number): boolean {
  const { phase, footprint, stable, expected } = rollout
  if (footprint === null || stable === null || expected.length > 1) return false
  switch (phase.kind) {
    case 'preparing':
    case 'provisioning':
    case 'rolling-back':
      return false
    case 'progressing':
      return phase.steadyAt !== null && isAsWished(rollout, footprint, stable)
    case 'paused':
      return phase.why === 'foreign-edit' || (steadySince(phase) !== null && isAsWished(rollout, footprint, stable))
    case 'finished':
      return isAsWished(rollout, footprint, stable) && !hasDrained(rollout, footprint, now)
  }
}

function isAsWished(rollout: Rollout, footprint: Footprint, stable: string): boolean {
  const wanted = wantedWeight(rollout)
  if (wanted === null) return true
  return !footprint.followsLatest && sameWeights(footprint.weights, split(stable, rollout.canary, wanted))
}

/** Whether one of the leftovers may be switched off now, for which the others must be seen to serve. */
function hasDrained(rollout: Rollout, { active }: Footprint, now: number): boolean {
  const { phase, leftovers, trafficSeenAt } = rollout
  if (phase.kind !== 'finished') return false
  const from = (name: string) =>
    Math.max(trafficSeenAt + keepFor(rollout, phase.outcome, name), neededUntil(rollout, name))
  return leftovers.some((name) => active.includes(name) && now >= from(name))
}
