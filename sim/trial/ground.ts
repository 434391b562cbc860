import type { Rollout } from '../../lib/core/rollout.ts'
import { entityId, type Manifest, type Push, type Target } from '../../lib/core/service.ts'
import { wantedWeight } from '../../lib/core/traffic.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { createStage, type Stage } from '../runner.ts'
import type { IngressSeen } from '../world/types.ts'
import { createSimFooting, type Footing, type Stored } from './footing.ts'
import { imageOf, manifestOf } from './parts.ts'
import { STAGEHAND, tellPeople } from './people.ts'
import { PLANTED, tellSecrets } from './planted-secrets.ts'
import { createPost, type Post } from './post.ts'
import type { Scenario } from './scenario.ts'
import type { RevisionTold, TraceBody, TraceEvent, TrialPhase } from './trace.ts'

/** What a trial takes place on: the stage, its services, and the pen that writes the trace. */
export interface Ground {
  readonly stage: Stage
  readonly footing: Footing
  readonly post: Post
  /** Messages that ended in quarantine, to be driven again. */
  readonly lost: { readonly push: Push; readonly receivedAt: number }[]
  readonly manifests: readonly Manifest[]
  readonly tell: (event: TraceBody) => void
  readonly told: () => number
  appOf(target: Target): string
  entityOf(target: Target): string
  revisionsOf(target: Target): readonly RevisionTold[]
  /** Tells what users meet where that has changed. */
  watchTraffic(): void
  rolloutOf(service: number): Rollout | null
  phaseOf(service: number): TrialPhase
}

/** Sets the scene: every app serves its first version, every manifest is in force. */
export async function createGround(scenario: Scenario, see: (event: TraceEvent) => void): Promise<Ground> {
  const { seed } = scenario
  const stage = createStage({ seed, crash: 'never' })
  const manifests = scenario.services.map(manifestOf)
  const entities = new Map(manifests.map((manifest) => [appOf(manifest.target), entityId(keyOf(manifest))]))
  let n = 0
  const tell = (body: TraceBody) => {
    n += 1
    see({ seed, n, at: stage.clock.now(), ...body })
  }
  const footing = await footingFor(scenario, stage, tellStored(tell))
  tellPeople(tell)
  tellSecrets(tell)
  const environmentVariables = [{ name: 'PASSWORD', value: PLANTED.environment }]
  for (const [place, manifest] of manifests.entries()) {
    const image = imageOf(manifest.name, place, 1)
    stage.world.addApp({ target: manifest.target, image, suffix: 'v1', environmentVariables })
    await storeManifest(footing.wheel, manifest, STAGEHAND)
    const { target } = manifest
    tell({ kind: 'service', entity: entityId(keyOf(manifest)), app: appOf(target), manifest })
    for (const row of footing.auditOf(keyOf(manifest))) tell({ kind: 'audit', row, commit: footing.commits() })
  }
  const rolloutOf = (service: number) => footing.rolloutOf(keyOf(manifests[service] as Manifest))
  return {
    stage,
    footing,
    post: createPost(),
    lost: [],
    manifests,
    tell,
    told: () => n,
    appOf,
    entityOf: (target) => entities.get(appOf(target)) ?? '',
    revisionsOf: (target) => revisionsOf(stage, target),
    watchTraffic: trafficWatch(stage, manifests, tell),
    rolloutOf,
    phaseOf: (service) => rolloutOf(service)?.phase.kind ?? 'none',
  }
}

/** SDKs are loaded only where they are asked for: that takes longer than many a life. */
async function footingFor({ adapters }: Scenario, stage: Stage, stored: Stored): Promise<Footing> {
  if (adapters !== 'real') return createSimFooting(stage, stored)
  const { createWireFooting } = await import('./wire/footing.ts')
  return createWireFooting(stage, stored)
}

/** Tells a change as it was stored: the decision, and the audit rows beside it. */
function tellStored(tell: Ground['tell']): Stored {
  return (worker, { rollout, audit }, commit) => {
    if (rollout !== undefined) {
      const { id, key, canary, stable, wakeAt, phase, cause } = rollout
      tell({
        kind: 'decision',
        worker,
        commit,
        cause,
        entity: entityId(key),
        rollout: id,
        canary,
        stable,
        phase: phase.kind,
        stage: 'stage' in phase ? phase.stage : null,
        canaryWeight: wantedWeight(rollout),
        outcome: 'outcome' in phase ? phase.outcome : null,
        wakeAt,
      })
    }
    for (const row of audit) tell({ kind: 'audit', row, commit })
  }
}

/** The key of a manifest's service. */
export function keyOf({ environment, name }: Manifest): Pick<Manifest, 'environment' | 'name'> {
  return { environment, name }
}

function appOf({ subscriptionId, resourceGroup, app }: Target): string {
  return `${subscriptionId}/${resourceGroup}/${app}`.toLowerCase()
}

function revisionsOf({ world }: Stage, target: Target): readonly RevisionTold[] {
  return world.ingress(target).revisions.map(({ name, image, active, state }) => {
    return { name, image, active, ready: state === 'ready' || state === 'asleep' }
  })
}

function trafficWatch(stage: Stage, manifests: readonly Manifest[], tell: Ground['tell']): () => void {
  const dealt = new Map<string, string>()
  const last = new Map<string, IngressSeen>()
  return () => {
    for (const { target } of manifests) {
      const seen = stage.world.ingress(target)
      // The world shows the same object until something changes.
      if (last.get(target.app) === seen) continue
      last.set(target.app, seen)
      const { weights, revisions } = seen
      let now = ''
      for (const name in weights) now += `${name}=${weights[name]} `
      for (const { name, active, state } of revisions) now += `${name}${active}${state} `
      const app = target.app
      if (dealt.get(app) === now) continue
      dealt.set(app, now)
      tell({ kind: 'traffic', app: appOf(target), weights, revisions: revisionsOf(stage, target) })
    }
  }
}
