import type { Clock } from '../../lib/ports.ts'
import { appAnswer, replicaAnswers, revisionAnswer } from './answer.ts'
import { type Core, createCore } from './core.ts'
import { handOf, wantedWeights } from './edit.ts'
import { ingressOf, segmentsOf } from './ingress.ts'
import { keyOf } from './injections.ts'
import { shownInstead, tellLie } from './lies.ts'
import { notFound } from './refusal.ts'
import { settle, start, touched, weightsOf } from './settle.ts'
import { mainImage, seeApp } from './sight.ts'
import { type AppState, findRevision, newApp, type OperationState } from './state.ts'
import type { AppKey, OperationSeen, World, WriteKind } from './types.ts'
import { asleepFrom } from './vitals.ts'
import { isObject, type Json, type WireTraffic } from './wire.ts'
import { acceptPatch, activate, deactivate, restart, revisionOf } from './write.ts'

/**
 * Makes an empty world. Nothing in it runs by itself: each call first works out what time has done since the last one,
 * so the same calls at the same times always give the same world. `seed` colours the ids of operations.
 */
export function createWorld({ clock, seed = 1 }: { readonly clock: Clock; readonly seed?: number }): World {
  const core = createCore(clock, seed)
  return {
    ...population(core),
    ...reading(core),
    ...writing(core),
    ...looking(core),
    ...meddling(core),
    log: core.log,
    reads: core.reads,
    get domain() {
      return core.domain
    },
    set domain(domain) {
      core.domain = domain
    },
  }
}

function population(core: Core): Pick<World, 'addApp' | 'removeApp' | 'behave' | 'apps'> {
  const { apps, named, behaviours, clock, behaviourOf } = core
  return {
    addApp: (spec) => {
      if (apps.has(keyOf(spec.target))) throw new Error(`the world has an app ${keyOf(spec.target)} already`)
      const app = newApp(spec, clock.now(), behaviourOf(spec.image))
      apps.set(keyOf(spec.target), app)
      named.set(app.key.app, [...(named.get(app.key.app) ?? []), app])
    },
    removeApp: (target) => {
      const app = apps.get(keyOf(target))
      if (app === undefined) return
      apps.delete(keyOf(target))
      named.set(
        app.key.app,
        (named.get(app.key.app) ?? []).filter((other) => other !== app),
      )
    },
    behave: (image, behaviour) => {
      behaviours.set(image, behaviour)
      for (const app of apps.values()) reform(core, app, image)
    },
    apps: () => [...apps.values()].map((app) => app.key),
  }
}

function reading(
  core: Core,
): Pick<World, 'get' | 'list' | 'listRevisions' | 'getRevision' | 'listReplicas' | 'operation'> {
  const { find, read, operations } = core
  return {
    get: (target) => read('get', target, () => shownApp(core, find(target))),
    list: (subscriptionId, resourceGroup) =>
      read('list', null, () =>
        [...core.apps.values()]
          .filter(({ key }) => keyOf({ subscriptionId, resourceGroup, app: key.app }) === keyOf(key))
          .map(({ key }) => shownApp(core, find(key))),
      ),
    listRevisions: (target) =>
      read('listRevisions', target, (now) => {
        const app = find(target)
        return shownInstead(app, now)?.revisions ?? revisionsOf(core, app, now)
      }),
    getRevision: (target, name) =>
      read('getRevision', target, (now) => {
        const app = find(target)
        return revisionAnswer(app, revisionOf(app, name), now, core.domain)
      }),
    listReplicas: (target, name) =>
      read('listReplicas', target, (now) => {
        const app = find(target)
        return replicaAnswers(app, revisionOf(app, name), now)
      }),
    operation: (id) =>
      read('operation', operations.get(id)?.target ?? null, (now) => {
        const operation = operations.get(id)
        if (operation === undefined) throw notFound('Microsoft.App/locations/containerappOperationStatuses', id, '')
        return operationSeen(operation, now)
      }),
  }
}

function writing(core: Core): Pick<World, 'patch' | 'activate' | 'deactivate' | 'restart'> {
  const { find, injections, operations, log, clock } = core
  const flip =
    (kind: WriteKind, deed: (app: AppState, name: string, now: number) => void) => (target: AppKey, name: string) =>
      injections.around(kind, target, clock.now(), () => {
        const app = find(target)
        remember(core, app)
        if (app.lie?.kind !== 'unapplied') deed(app, name, clock.now())
        log.push({ at: clock.now(), actor: 'slipway', kind, target: app.key, body: name })
      })
  return {
    patch: (target, body) =>
      injections.around('patch', target, clock.now(), () => {
        const app = find(target)
        remember(core, app)
        const operation = acceptPatch(app, body, core.surroundings())
        operations.set(operation.id, operation)
        log.push({ at: clock.now(), actor: 'slipway', kind: 'patch', target: app.key, body, ...trafficIn(body, app) })
        return { operationId: operation.id }
      }),
    activate: flip('activate', activate),
    deactivate: flip('deactivate', deactivate),
    restart: flip('restart', restart),
  }
}

function looking(core: Core): Pick<World, 'see' | 'countRead' | 'ingress' | 'segments' | 'findRevision'> {
  const { find, clock } = core
  return {
    see: (target) => {
      const app = find(target)
      return shownInstead(app, clock.now())?.seen ?? seeApp(app, target, clock.now(), core.domain)
    },
    countRead: (kind, target) => core.read(kind, target, () => undefined),
    ingress: (target) => ingressOf(find(target), clock.now(), core.domain),
    segments: (target, from, to) => segmentsOf(find(target), from, to),
    findRevision: (name) => {
      const owners: { target: AppKey; image: string }[] = []
      for (const app of core.named.get(name.slice(0, name.indexOf('--'))) ?? []) {
        const revision = findRevision(app, name)
        if (revision !== undefined) owners.push({ target: app.key, image: mainImage(revision) })
      }
      return owners
    },
  }
}

function meddling(core: Core): Pick<World, 'touch' | 'wake' | 'edit' | 'inject' | 'lie' | 'clearInjections'> {
  const { find, clock, injections, operations } = core
  return {
    touch: (target, name) => touch(find(target), name, clock.now()),
    wake: (target, name) =>
      injections.around('wake', target, clock.now(), () => touch(find(target), name, clock.now())),
    edit: (target, change) => {
      const app = find(target)
      change(handOf(app, core.surroundings()))
      if (app.operation !== null) operations.set(app.operation.id, app.operation)
      const traffic = wantedWeights(app)
      core.log.push({ at: clock.now(), actor: 'foreign', kind: 'edit', target: app.key, body: null, traffic })
    },
    inject: injections.add,
    lie: (target, lie) => {
      const app = find(target)
      const canceled = tellLie(app, lie, clock.now())
      if (canceled !== null) operations.set(canceled.id, canceled)
    },
    clearInjections: injections.clear,
  }
}

/** A request to a sleeping revision starts it; one to a waking or running one keeps it awake. */
function touch(app: AppState, name: string, now: number): void {
  const revision = revisionOf(app, name)
  if (!revision.active) return
  if (now >= asleepFrom(app, revision)) start(revision, now)
  revision.busyAt = now
  touched(app)
}

function reform(core: Core, app: AppState, image: string): void {
  settle(app, core.clock.now())
  for (const revision of app.revisions) {
    const images = revision.template.containers.map((container) => container.image)
    const hit = images.find((each) => each === image || each.endsWith(`@${image}`))
    if (hit !== undefined) revision.behaviour = core.behaviourOf(hit)
  }
  touched(app)
}

/** Keeps what reads would show before a write, where some are to show it afterwards too. */
function remember(core: Core, app: AppState): void {
  if (app.lie?.kind !== 'stale') return
  const now = core.clock.now()
  app.before = {
    until: now + app.lie.ms,
    seen: seeApp(app, app.sight?.app.target ?? { ...app.key, container: null }, now, core.domain),
    app: appAnswer(app, core.domain),
    revisions: revisionsOf(core, app, now),
  }
}

function shownApp(core: Core, app: AppState): Json {
  return shownInstead(app, core.clock.now())?.app ?? appAnswer(app, core.domain)
}

function revisionsOf(core: Core, app: AppState, now: number): readonly Json[] {
  return app.revisions.map((revision) => revisionAnswer(app, revision, now, core.domain))
}

function operationSeen({ id, target, startedAt, endsAt, error, vain }: OperationState, now: number): OperationSeen {
  const ended = vain ?? (error === null ? 'Succeeded' : 'Failed')
  const status = now < endsAt ? 'InProgress' : ended
  return { id, status, target, startedAt, endsAt, error: status === 'Failed' ? error : null }
}

function trafficIn(body: unknown, app: AppState): { traffic?: Readonly<Record<string, number>> } {
  const at = (value: unknown, name: string) => (isObject(value) ? value[name] : undefined)
  const traffic = at(at(at(at(body, 'properties'), 'configuration'), 'ingress'), 'traffic')
  return Array.isArray(traffic) ? { traffic: weightsOf(traffic as WireTraffic[], app.latest) } : {}
}
