import type { ContainerApp, Revision, Template, TrafficWeight } from '@azure/arm-appcontainers'
import type { AppGlance, AppSeen, RevisionSeen, TrafficEntry } from '../../core/app.ts'
import type { Target } from '../../core/service.ts'
import { tidy } from './arm-fault.ts'

/** Details of revisions that the SDK's models leave out: `runningStateDetails` by revision name. */
export type RunningDetails = ReadonlyMap<string, string>

const MODES = ['Multiple', 'Single', 'Labels']

/** Maps the SDK's models inward: nulls dropped, Azure's defaults filled in, words kept as Azure writes them. */
export function seenApp(
  target: Target,
  app: ContainerApp,
  revisions: readonly Revision[],
  details: RunningDetails,
): AppSeen {
  const found = revisions.map((revision) => seenRevision(revision, target.container, details))
  return { ...glancedApp(target, app), revisions: found }
}

/** The same without the revisions. */
export function glancedApp(target: Target, app: ContainerApp): AppGlance {
  const ingress = app.configuration?.ingress
  return {
    target,
    location: app.location,
    mode: knownMode(app.configuration?.activeRevisionsMode),
    stickySessions: ingress?.stickySessions?.affinity?.toLowerCase() === 'sticky',
    provisioning: app.provisioningState ?? 'Unknown',
    latestRevision: app.latestRevisionName || null,
    latestReady: app.latestReadyRevisionName || null,
    traffic: (ingress?.traffic ?? []).map(seenTraffic),
  }
}

/** Reads `runningStateDetails` out of the raw body of a revision list. Whatever has another shape is passed over. */
export function runningDetails(body: unknown): RunningDetails {
  const found = new Map<string, string>()
  const list = (body as { value?: unknown } | null | undefined)?.value
  for (const entry of Array.isArray(list) ? list : []) {
    const revision = entry as { name?: unknown; properties?: { runningStateDetails?: unknown } | null } | null
    const details = revision?.properties?.runningStateDetails
    if (typeof revision?.name === 'string' && typeof details === 'string') found.set(revision.name, details)
  }
  return found
}

/** The mode is left out for apps that never set it; Azure then means `Single`. */
function knownMode(mode: string | undefined | null): string {
  if (!mode) return 'Single'
  return MODES.find((known) => known.toLowerCase() === mode.toLowerCase()) ?? mode
}

function seenTraffic(entry: TrafficWeight): TrafficEntry {
  return {
    revision: entry.latestRevision ? null : entry.revisionName || null,
    weight: entry.weight ?? 0,
    label: entry.label || null,
  }
}

function seenRevision(revision: Revision, container: string | null, details: RunningDetails): RevisionSeen {
  const name = revision.name ?? ''
  return {
    name,
    image: imageOf(revision.template, container),
    active: revision.active ?? false,
    replicas: revision.replicas ?? 0,
    provisioning: revision.provisioningState ?? 'Unknown',
    health: revision.healthState ?? 'None',
    running: revision.runningState ?? 'Unknown',
    fqdn: revision.fqdn || null,
    createdAt: timeOf(revision.createdTime),
    error: errorOf(revision, details.get(name)),
  }
}

/** The image of the target container; empty where the revision has no such container or it is unclear which is meant. */
function imageOf(template: Template | undefined, container: string | null): string {
  const containers = template?.containers ?? []
  const meant = container === null ? containers : containers.filter(({ name }) => name === container)
  return meant.length === 1 ? (meant[0]?.image ?? '') : ''
}

/** Azure's words for a failure. The details are taken for dead revisions only: they also narrate healthy starts. */
function errorOf(revision: Revision, details: string | undefined): string | null {
  const isDead = revision.runningState === 'Failed' || revision.provisioningState === 'Failed'
  const words = revision.provisioningError || (isDead ? details : undefined)
  return words ? tidy(words) : null
}

function timeOf(date: Date | undefined | null): number {
  const time = date?.getTime() ?? Number.NaN
  return Number.isNaN(time) ? 0 : time
}
