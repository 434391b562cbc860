import { mainImage } from './sight.ts'
import type { AppState, RevisionState } from './state.ts'
import type { IngressSeen, RevisionServing, Segment } from './types.ts'
import { currentWeights, vitals } from './vitals.ts'

/** What ingress needs to deal out requests now. The same object comes back until something changes, so looking often costs nothing. */
export function ingressOf(app: AppState, now: number, domain: string): IngressSeen {
  const kept = app.dealt
  if (kept !== null && kept.version === app.version && kept.domain === domain && now < kept.until) return kept.seen
  const until = Math.min(...app.revisions.filter(({ active }) => active).map((one) => vitals(app, one, now).until))
  const seen = ingressNow(app, now, domain)
  app.dealt = { version: app.version, domain, until, seen }
  return seen
}

function ingressNow(app: AppState, now: number, domain: string): IngressSeen {
  const { ingress } = app.applied.configuration
  const labels: Record<string, string> = {}
  for (const { label, latestRevision, revisionName } of ingress.traffic) {
    const name = latestRevision ? app.serving : revisionName
    if (label !== undefined && name !== undefined) labels[label] = name
  }
  return {
    fqdn: `${app.key.app}.${domain}`,
    sticky: ingress.stickySessions?.affinity === 'sticky',
    weights: currentWeights(app),
    labels,
    revisions: app.revisions.map((revision) => servingOf(app, revision, now, domain)),
  }
}

/** Percent by revision over `[from, to)`, cut where it changed. */
export function segmentsOf(app: AppState, from: number, to: number): readonly Segment[] {
  const segments: Segment[] = []
  for (let index = app.traffic.length - 1, end = to; index >= 0 && end > from; index -= 1) {
    const record = app.traffic[index]
    if (record === undefined || record.at >= end) continue
    segments.unshift({ from: Math.max(from, record.at), to: end, weights: record.weights })
    end = record.at
  }
  return segments
}

function servingOf(app: AppState, revision: RevisionState, now: number, domain: string): RevisionServing {
  return {
    name: revision.name,
    fqdn: `${revision.name}.${domain}`,
    image: mainImage(revision),
    environmentVariables: revision.template.containers[0]?.env ?? [],
    active: revision.active,
    state: stateOf(app, revision, now),
  }
}

function stateOf(app: AppState, revision: RevisionState, now: number): RevisionServing['state'] {
  if (!revision.active) return 'off'
  const { running, health } = vitals(app, revision, now)
  if (running === 'ScaledToZero') return 'asleep'
  if (health === 'Healthy') return 'ready'
  return health === 'Unhealthy' ? 'broken' : 'starting'
}
