import { type AppSeen, type RevisionSeen, revisionName } from '../app.ts'
import type { Facts } from '../facts.ts'
import type { Rollout } from '../rollout.ts'
import { type Manifest, type Push, pinnedImage } from '../service.ts'
import { newRollout } from '../start.ts'
import { split } from '../traffic.ts'

/** A fresh rollout of a manifest, of which nothing was looked at yet. */
export function freshRollout(manifest: Manifest, now: number): Rollout {
  const { name, environment } = manifest
  const service = {
    schema: 1,
    key: { environment, name },
    manifest,
    manifestVersion: 1,
    rolloutNumber: 0,
    pending: [],
    undo: null,
    handled: [],
    chain: { seq: 0, hash: '' },
  } as const
  return newRollout(service, null, pushOf(manifest, now), now).rollout
}

/** What a look shows where everything is well and the canary has `weight` percent. */
export function allWell(rollout: Rollout, now: number, weight: number): Omit<Facts, 'verdict' | 'blindSince'> {
  return {
    now,
    app: { kind: 'seen', app: appOf(rollout, weight) },
    image: { kind: 'present' },
    restarts: null,
    freeze: null,
  }
}

function pushOf({ image }: Manifest, now: number): Push {
  const { registry, repository } = image
  const digest = `sha256:${'0'.repeat(64)}`
  return {
    registry,
    repository,
    tag: 'replay',
    digest,
    pushedAt: now,
    eventId: 'replay',
    source: 'replay',
    author: null,
  }
}

function appOf(rollout: Rollout, weight: number): AppSeen {
  const { manifest, canary } = rollout
  const stable = rollout.stable ?? revisionName(manifest.target.app, 'stable')
  const weights = split(stable, canary, weight)
  return {
    target: manifest.target,
    location: 'nowhere',
    mode: 'Multiple',
    stickySessions: false,
    provisioning: 'Succeeded',
    latestRevision: canary,
    traffic: Object.entries(weights).map(([revision, share]) => ({ revision, weight: share, label: null })),
    revisions: [revisionOf(stable, 'stable'), revisionOf(canary, pinnedImage(rollout.push))],
  }
}

function revisionOf(name: string, image: string): RevisionSeen {
  return {
    name,
    image,
    active: true,
    replicas: 1,
    provisioning: 'Provisioned',
    health: 'Healthy',
    running: 'Running',
    fqdn: null,
    createdAt: 0,
    error: null,
  }
}
