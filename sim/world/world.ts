import { createHash } from 'node:crypto'
import type { Clock } from '../../lib/ports.ts'
import { appAnswer, replicaAnswers, revisionAnswer } from './answer.ts'
import { handOf, wantedWeights } from './edit.ts'
import { ingressOf, segmentsOf } from './ingress.ts'
import { createInjections, keyOf } from './injections.ts'
import { notFound } from './refusal.ts'
import { settle, start, touched, weightsOf } from './settle.ts'
import { imageOf, seeApp } from './sight.ts'
import { type AppState, findRevision, newApp, type OperationState } from './state.ts'
import type { AppKey, ImageBehaviour, LogEntry, OperationSeen, ReadKind, World, WriteKind } from './types.ts'
import { asleepFrom } from './vitals.ts'
import { isObject, type WireTraffic } from './wire.ts'
import { acceptPatch, activate, deactivate, restart, revisionOf, type Surroundings } from './write.ts'

/**
 * Makes an empty world. Nothing in it runs by itself: each call first works out what time has done since the last one,
 * so the same calls at the same times always give the same world. `seed` colours the ids of operations.
 */
export function createWorld({ clock, seed = 1 }: { readonly clock: Clock; readonly seed?: number }): World {
  const apps = new Map<string, AppState>()
  const behaviours = new Map<string, ImageBehaviour>()
  const operations = new Map<string, OperationState>()
  const log: LogEntry[] = []
  const reads: Record<ReadKind, number> = {
    get: 0,
    list: 0,
    listRevisions: 0,
    getRevision: 0,
    listReplicas: 0,
    operation: 0,
  }
  const injections = createInjections()
  const { around } = injections

  const behaviourOf = (image: string): ImageBehaviour =>
    behaviours.get(image) ?? behaviours.get(image.slice(image.indexOf('@') + 1)) ?? {}

  const find = (target: AppKey): AppState => {
    const app = apps.get(keyOf(target))
    if (app === undefined) throw notFound('Microsoft.App/containerApps', target.app, target.resourceGroup)
    settle(app, clock.now())
    return app
  }
  const read = <T>(kind: ReadKind, target: AppKey | null, answer: (now: number) => T): T => {
    reads[kind] += 1
    return around(kind, target, clock.now(), () => answer(clock.now()))
  }
  const surroundings = (): Surroundings => ({
    now: clock.now(),
    operationId: guid(`operation ${seed} ${operations.size + 1}`),
    behaviourOf,
  })
  const flip = (
    kind: WriteKind,
    target: AppKey,
    name: string,
    deed: (app: AppState, name: string, now: number) => void,
  ) => {
    const now = clock.now()
    around(kind, target, now, () => {
      const app = find(target)
      deed(app, name, now)
      log.push({ at: now, actor: 'slipway', kind, target: app.key, body: name })
    })
  }

  const world: World = {
    domain: 'calmsea-0a1b2c3d.westeurope.azurecontainerapps.io',
    log,
    reads,
    addApp: (spec) => {
      if (apps.has(keyOf(spec.target))) throw new Error(`the world has an app ${keyOf(spec.target)} already`)
      apps.set(keyOf(spec.target), newApp(spec, clock.now(), behaviourOf(spec.image)))
    },
    removeApp: (target) => void apps.delete(keyOf(target)),
    behave: (image, behaviour) => {
      behaviours.set(image, behaviour)
      for (const app of apps.values()) reform(app, image, behaviourOf, clock.now())
    },
    apps: () => [...apps.values()].map((app) => app.key),

    get: (target) => read('get', target, () => appAnswer(find(target), world.domain)),
    list: (subscriptionId, resourceGroup) =>
      read('list', null, () =>
        [...apps.values()]
          .filter(({ key }) => keyOf({ subscriptionId, resourceGroup, app: key.app }) === keyOf(key))
          .map(({ key }) => appAnswer(find(key), world.domain)),
      ),
    listRevisions: (target) =>
      read('listRevisions', target, (now) => {
        const app = find(target)
        return app.revisions.map((revision) => revisionAnswer(app, revision, now, world.domain))
      }),
    getRevision: (target, name) =>
      read('getRevision', target, (now) => {
        const app = find(target)
        return revisionAnswer(app, revisionOf(app, name), now, world.domain)
      }),
    listReplicas: (target, name) =>
      read('listReplicas', target, (now) => {
        const app = find(target)
        return replicaAnswers(app, revisionOf(app, name), now)
      }),
    patch: (target, body) =>
      around('patch', target, clock.now(), () => {
        const app = find(target)
        const operation = acceptPatch(app, body, surroundings())
        operations.set(operation.id, operation)
        log.push({ at: clock.now(), actor: 'slipway', kind: 'patch', target: app.key, body, ...trafficIn(body, app) })
        return { operationId: operation.id }
      }),
    activate: (target, name) => flip('activate', target, name, activate),
    deactivate: (target, name) => flip('deactivate', target, name, deactivate),
    restart: (target, name) => flip('restart', target, name, restart),
    operation: (id) =>
      read('operation', operations.get(id)?.target ?? null, (now) => {
        const operation = operations.get(id)
        if (operation === undefined) throw notFound('Microsoft.App/locations/operationStatuses', id, '')
        return operationSeen(operation, now)
      }),

    see: (target) => seeApp(find(target), target, clock.now(), world.domain),
    countRead: (kind, target) => read(kind, target, () => undefined),
    ingress: (target) => ingressOf(find(target), clock.now(), world.domain),
    touch: (target, name) => touch(find(target), name, clock.now()),
    wake: (target, name) => around('wake', target, clock.now(), () => touch(find(target), name, clock.now())),
    segments: (target, from, to) => segmentsOf(find(target), from, to),
    findRevision: (name) =>
      [...apps.values()].flatMap((app) => {
        const revision = findRevision(app, name)
        return revision === undefined ? [] : [{ target: app.key, image: imageOf(revision, null) }]
      }),

    edit: (target, change) => {
      const app = find(target)
      change(handOf(app, surroundings()))
      const at = clock.now()
      if (app.operation !== null) operations.set(app.operation.id, app.operation)
      log.push({ at, actor: 'foreign', kind: 'edit', target: app.key, body: null, traffic: wantedWeights(app) })
    },
    inject: injections.add,
    clearInjections: injections.clear,
  }
  return world
}

/** A request to a sleeping revision starts it; one to a waking or running one keeps it awake. */
function touch(app: AppState, name: string, now: number): void {
  const revision = revisionOf(app, name)
  if (!revision.active) return
  if (now >= asleepFrom(app, revision)) start(revision, now)
  revision.busyAt = now
  touched(app)
}

function reform(app: AppState, image: string, behaviourOf: (image: string) => ImageBehaviour, now: number): void {
  settle(app, now)
  for (const revision of app.revisions) {
    const images = revision.template.containers.map((container) => container.image)
    const hit = images.find((each) => each === image || each.endsWith(`@${image}`))
    if (hit !== undefined) revision.behaviour = behaviourOf(hit)
  }
  touched(app)
}

function operationSeen({ id, target, startedAt, endsAt, error }: OperationState, now: number): OperationSeen {
  const status = now < endsAt ? 'InProgress' : error === null ? 'Succeeded' : 'Failed'
  return { id, status, target, startedAt, endsAt, error: status === 'Failed' ? error : null }
}

function trafficIn(body: unknown, app: AppState): { traffic?: Readonly<Record<string, number>> } {
  const at = (value: unknown, name: string) => (isObject(value) ? value[name] : undefined)
  const traffic = at(at(at(at(body, 'properties'), 'configuration'), 'ingress'), 'traffic')
  return Array.isArray(traffic) ? { traffic: weightsOf(traffic as WireTraffic[], app.latest) } : {}
}

function guid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
