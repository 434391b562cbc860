import { isDeepStrictEqual } from 'node:util'
import { type AppState, findRevision, type OperationState, type RevisionState } from './state.ts'
import { asleepFrom, currentWeights, readyFrom } from './vitals.ts'
import type { WireTraffic } from './wire.ts'

const NEVER = Number.POSITIVE_INFINITY
/** Pruning is not prompt on live Azure: more than a quarter of an hour (microsoft/azure-container-apps#1417). */
const PRUNE_AFTER_MS = 20 * 60_000

/** Brings an app up to `now`: whatever time did since the last look happens here, each thing at its own moment. */
export function settle(app: AppState, now: number): void {
  while (now >= app.nextAt) {
    const at = app.nextAt
    if (app.operation !== null && app.operation.endsAt <= at) endOperation(app, app.operation)
    else if (latestReadyAt(app) <= at) serveLatest(app, at)
    else prune(app)
    touched(app)
  }
}

/** Notes that something about the app changed, and works out when time will change something next. */
export function touched(app: AppState): void {
  app.version += 1
  crowd(app)
  app.nextAt = Math.min(app.operation?.endsAt ?? NEVER, latestReadyAt(app), app.crowdedAt + PRUNE_AFTER_MS)
}

/** Percent by revision that a traffic list asks for, with `latest` standing in for the latest revision. */
export function weightsOf(traffic: readonly WireTraffic[], latest: string): Record<string, number> {
  const weights: Record<string, number> = {}
  for (const entry of traffic) {
    const name = entry.latestRevision ? latest : entry.revisionName
    if (name !== undefined && (entry.weight ?? 0) > 0) weights[name] = (weights[name] ?? 0) + (entry.weight ?? 0)
  }
  return weights
}

/** Lets ingress deal out traffic from `at` on as the applied configuration says, and wakes or idles revisions by it. */
export function applyTraffic(app: AppState, at: number): void {
  const before = currentWeights(app)
  const weights = weightsOf(app.applied.configuration.ingress.traffic, app.serving)
  if (isDeepStrictEqual(before, weights)) return
  const sleepers = app.revisions.filter((revision) => revision.active && at >= asleepFrom(app, revision))
  for (const revision of app.revisions) {
    if (before[revision.name] !== undefined && weights[revision.name] === undefined) revision.busyAt = at
  }
  app.traffic.push({ at, weights })
  for (const revision of sleepers) {
    if (weights[revision.name] !== undefined) start(revision, at)
  }
}

/** A revision starts (again) at `at`. */
export function start(revision: RevisionState, at: number): void {
  revision.startedAt = at
  revision.busyAt = at
  revision.woken = true
}

/** Switches a revision off; `retired` says that the platform did it. */
export function stop(revision: RevisionState, at: number, retired: boolean): void {
  revision.active = false
  revision.stoppedAt = at
  revision.retired = retired
}

/** Switches off what the revision mode does not keep: Single the latest once it is ready, Labels also what has a label. */
export function retire(app: AppState, at: number): void {
  retireUnlabelled(app, at)
  if (app.serving === app.latest) retireAllButLatest(app, at)
}

/** Deployment labels: https://learn.microsoft.com/azure/container-apps/labels */
function retireUnlabelled(app: AppState, at: number): void {
  if (app.applied.configuration.activeRevisionsMode !== 'Labels') return
  const labelled = app.applied.configuration.ingress.traffic.filter((entry) => entry.label !== undefined)
  const kept = new Set([app.latest, ...labelled.map((entry) => entry.revisionName)])
  for (const revision of app.revisions) {
    if (revision.active && !kept.has(revision.name)) stop(revision, at, true)
  }
}

function endOperation(app: AppState, operation: OperationState): void {
  app.operation = null
  app.canceled = operation.vain === 'Canceled'
  if (operation.vain !== null) {
    app.failure = operation.error?.message ?? (app.templateFailed ? app.failure : null)
    return
  }
  if (operation.error !== null) {
    app.failure = operation.error.message
    app.templateFailed = true
    if (operation.revision !== null) operation.revision.error = operation.error.message
    return
  }
  app.applied = operation.next
  app.failure = null
  app.templateFailed = false
  if (operation.revision !== null) app.latest = operation.revision.name
  applyTraffic(app, operation.endsAt)
  retire(app, operation.endsAt)
}

function latestReadyAt(app: AppState): number {
  if (app.serving === app.latest) return NEVER
  const latest = findRevision(app, app.latest)
  return latest?.active ? readyFrom(latest) : NEVER
}

/** Traffic that follows the latest revision moves when that one is ready (traffic splitting documentation). */
function serveLatest(app: AppState, at: number): void {
  app.serving = app.latest
  applyTraffic(app, at)
  retire(app, at)
}

function retireAllButLatest(app: AppState, at: number): void {
  if (app.applied.configuration.activeRevisionsMode !== 'Single') return
  for (const revision of app.revisions) {
    if (revision.active && revision.name !== app.latest) stop(revision, at, true)
  }
}

function inactive(app: AppState): readonly RevisionState[] {
  return app.revisions.filter((revision) => !revision.active)
}

function limitOf(app: AppState): number {
  return app.applied.configuration.maxInactiveRevisions ?? 100
}

function crowd(app: AppState): void {
  const crowded = app.revisions.length > limitOf(app) && inactive(app).length > limitOf(app)
  if (!crowded) app.crowdedAt = NEVER
  else if (app.crowdedAt === NEVER) app.crowdedAt = Math.max(...inactive(app).map((revision) => revision.stoppedAt))
}

function prune(app: AppState): void {
  const surplus = new Set(inactive(app).slice(0, inactive(app).length - limitOf(app)))
  app.revisions = app.revisions.filter((revision) => !surplus.has(revision))
}
