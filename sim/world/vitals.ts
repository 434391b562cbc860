import type { AppState, RevisionState } from './state.ts'

/** A revision's look at one moment, in Azure's words, and until when it stays so if nobody touches it. */
export interface Vitals {
  readonly provisioning: 'Provisioning' | 'Provisioned' | 'Failed'
  readonly health: 'None' | 'Healthy' | 'Unhealthy'
  readonly running: string
  readonly details: string | null
  readonly replicas: number
  /** The first moment at which this may be different, epoch milliseconds. */
  readonly until: number
}

const NEVER = Number.POSITIVE_INFINITY
const DEFAULT_READY_MS = 5_000
const DRAIN_MS = 30_000
const UNHEALTHY_AFTER_MS = 30_000
const GIVEN_UP_AFTER_MS = 60_000
/** Container Apps' default cool-down before the last replica goes (scale rules documentation). */
const COOLDOWN_S = 300

/**
 * How a revision is at `now`. Words as seen on live Azure: `RunningAtMaxScale` is healthy; a crashing revision is
 * `Provisioned` and goes Activating → Degraded → Failed with health None → Unhealthy (evidence of the labs in
 * yeongseon/azure-container-apps-practical-guide).
 */
export function vitals(app: AppState, revision: RevisionState, now: number): Vitals {
  if (!revision.active) return stopped(revision, now)
  if (revision.error !== null) return look('Failed', 'Unhealthy', 'Failed', 0, NEVER, revision.error)
  if (now < revision.provisionedAt) return look('Provisioning', 'None', 'Activating', 0, revision.provisionedAt)
  const asleepAt = asleepFrom(app, revision)
  if (now >= asleepAt) return look('Provisioned', 'Healthy', 'ScaledToZero', 0, NEVER)
  if (isBroken(revision)) return crashing(revision, now, replicasOf(revision))
  const readyAt = readyFrom(revision)
  const replicas = replicasOf(revision)
  if (now < readyAt) return look('Provisioned', 'None', 'Activating', replicas, Math.min(readyAt, asleepAt))
  const full = replicas >= (revision.template.scale?.maxReplicas ?? 10)
  return look('Provisioned', 'Healthy', full ? 'RunningAtMaxScale' : 'Running', replicas, asleepAt)
}

/** When the running start of a revision ends with a healthy replica; Infinity for one that never gets there. */
export function readyFrom(revision: RevisionState): number {
  if (isBroken(revision) || revision.error !== null) return NEVER
  return Math.max(revision.provisionedAt, revision.startedAt + (revision.behaviour.readyAfterMs ?? DEFAULT_READY_MS))
}

/** When the revision's last replica goes if nothing asks for it: Infinity while it has weight or may not sleep. */
export function asleepFrom(app: AppState, revision: RevisionState): number {
  const { minReplicas, cooldownPeriod } = revision.template.scale ?? {}
  const forced = revision.behaviour.scaleToZero === true
  if (!forced && (minReplicas ?? 0) > 0) return NEVER
  if ((currentWeights(app)[revision.name] ?? 0) > 0) return NEVER
  if (forced && !revision.woken) return revision.provisionedAt
  return Math.max(readyFrom(revision), revision.busyAt) + (cooldownPeriod ?? COOLDOWN_S) * 1000
}

/** Percent by revision as ingress deals it out since the last change. */
export function currentWeights(app: AppState): Readonly<Record<string, number>> {
  return app.traffic.at(-1)?.weights ?? {}
}

function isBroken(revision: RevisionState): boolean {
  const { never } = revision.behaviour
  return never === 'crash' || (never !== undefined && revision.startedAt > revision.createdAt)
}

function replicasOf(revision: RevisionState): number {
  return Math.max(1, revision.template.scale?.minReplicas ?? 0)
}

/** A revision that retired in Single mode reads `ScaledToZero` (same labs, revision-history-limit). */
function stopped(revision: RevisionState, now: number): Vitals {
  const goneAt = revision.stoppedAt + DRAIN_MS
  if (now < goneAt) return look('Provisioned', 'None', 'Deprovisioning', 0, goneAt)
  return look('Provisioned', 'None', revision.retired ? 'ScaledToZero' : 'Stopped', 0, NEVER)
}

function crashing(revision: RevisionState, now: number, replicas: number): Vitals {
  const unhealthyAt = revision.startedAt + UNHEALTHY_AFTER_MS
  const failedAt = revision.startedAt + GIVEN_UP_AFTER_MS
  const why = `0/${replicas} replicas ready. The TargetPort 8080 does not match the listening port.`
  if (now < unhealthyAt) return look('Provisioned', 'None', 'Activating', replicas, unhealthyAt)
  if (now < failedAt) return look('Provisioned', 'Unhealthy', 'Degraded', replicas, failedAt, why)
  return look('Provisioned', 'Unhealthy', 'Failed', replicas, NEVER, `Deployment Progress Deadline Exceeded. ${why}`)
}

function look(
  provisioning: Vitals['provisioning'],
  health: Vitals['health'],
  running: string,
  replicas: number,
  until: number,
  details: string | null = null,
): Vitals {
  return { provisioning, health, running, details, replicas, until }
}
