import type { AppSeen, RevisionSeen, TrafficEntry } from '../../lib/core/app.ts'
import type { Target } from '../../lib/core/service.ts'
import type { AppState, RevisionState } from './state.ts'
import { vitals } from './vitals.ts'
import type { WireTraffic } from './wire.ts'

/** The app as one look shows it. The same object comes back until something changes, so looking often costs nothing. */
export function seeApp(app: AppState, target: Target, now: number, domain: string): AppSeen {
  const kept = app.sight
  const fresh = kept !== null && kept.version === app.version && now < kept.until
  if (fresh && kept.app.target.container === target.container) return kept.app
  let until = Number.POSITIVE_INFINITY
  const revisions = app.revisions.map((revision): RevisionSeen => {
    const at = vitals(app, revision, now)
    until = Math.min(until, at.until)
    return {
      name: revision.name,
      image: meantImage(revision, target.container),
      active: revision.active,
      replicas: at.replicas,
      provisioning: at.provisioning,
      health: at.health,
      running: at.running,
      fqdn: `${revision.name}.${domain}`,
      createdAt: revision.createdAt,
      error: revision.error ?? (at.running === 'Failed' ? at.details : null),
    }
  })
  const { activeRevisionsMode: mode, ingress } = app.applied.configuration
  const seen: AppSeen = {
    target,
    location: app.location,
    mode,
    stickySessions: ingress.stickySessions?.affinity === 'sticky',
    provisioning: provisioningOf(app),
    latestRevision: app.latest,
    latestReady: app.serving,
    traffic: ingress.traffic.map(entryOf),
    revisions,
  }
  app.sight = { version: app.version, until, app: seen }
  return seen
}

/** The app's own provisioning state. */
export function provisioningOf(app: AppState): 'InProgress' | 'Failed' | 'Canceled' | 'Succeeded' {
  if (app.operation !== null) return 'InProgress'
  if (app.canceled) return 'Canceled'
  return app.failure === null ? 'Succeeded' : 'Failed'
}

/** Image of the revision's first container: the one that serves. */
export function mainImage(revision: RevisionState): string {
  return revision.template.containers[0]?.image ?? ''
}

/** Image of the named container; empty where there is none, or where no name is given and there are several. */
function meantImage(revision: RevisionState, container: string | null): string {
  const { containers } = revision.template
  const meant = container === null ? containers : containers.filter(({ name }) => name === container)
  return meant.length === 1 ? (meant[0]?.image ?? '') : ''
}

function entryOf({ revisionName, latestRevision, weight, label }: WireTraffic): TrafficEntry {
  return { revision: latestRevision ? null : (revisionName ?? null), weight: weight ?? 0, label: label ?? null }
}
