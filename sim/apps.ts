import type { Action, AppSeen, Observed, TrafficEntry, Trouble } from '../lib/core/app.ts'
import type { Target } from '../lib/core/service.ts'
import { Fault, type FaultKind } from '../lib/errors.ts'
import type { ContainerApps } from '../lib/ports.ts'
import { keyOf } from './world/injections.ts'
import { ArmRefusal } from './world/refusal.ts'
import type { World } from './world/types.ts'
import { isObject, type Json, type WireContainer } from './world/wire.ts'

/**
 * Container apps of a world without the network in between: the same deeds as the real plug, in the same number of
 * ARM calls, with the same Faults. A look at one app counts one get and one list of revisions; a look at several apps
 * of one resource group counts one list for all of them, or one get each where the list is denied.
 */
export function createSimApps(world: World): ContainerApps {
  const unlisted = new Set<string>()
  return {
    observe: async (targets) => {
      const lists = new Map<string, Trouble | null>()
      const sizes = groupSizes(targets)
      return targets.map((target): Observed => {
        const group = groupOf(target)
        const fault = (sizes.get(group) ?? 0) > 1 && !unlisted.has(group) ? listOf(world, group, lists) : null
        if (fault?.kind === 'denied') unlisted.add(group)
        else if (fault !== null) return { kind: 'unseen', fault }
        return observeOne(world, target, !lists.has(group) || unlisted.has(group))
      })
    },
    perform: async (target, action) => {
      try {
        performOne(world, target, action)
      } catch (refusal) {
        if (refusal instanceof ArmRefusal) throw faultOf(refusal)
        throw refusal
      }
    },
  }
}

/** The Fault that stands for a refusal of ARM. */
export function faultOf(refusal: ArmRefusal): Fault {
  const retryAfterMs = refusal.retryAfterS === null ? null : refusal.retryAfterS * 1000
  return new Fault(kindOf(refusal.status), `${refusal.code}: ${refusal.message}`, { cause: refusal, retryAfterMs })
}

function kindOf(status: number): FaultKind {
  if (status === 404) return 'not-found'
  if (status === 409 || status === 412) return 'conflict'
  if (status === 429) return 'throttled'
  if (status === 401 || status === 403) return 'denied'
  return status === 0 || status === 408 || status >= 500 ? 'unavailable' : 'malformed'
}

function groupOf({ subscriptionId, resourceGroup }: Target): string {
  return `${subscriptionId}/${resourceGroup}`.toLowerCase()
}

/** How many different apps are asked for, by resource group. */
function groupSizes(targets: readonly Target[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  const apps = new Map(targets.map((target) => [keyOf(target), groupOf(target)]))
  for (const group of apps.values()) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  return sizes
}

/** What went wrong with the one list of a group, or null. */
function listOf(world: World, group: string, lists: Map<string, Trouble | null>): Trouble | null {
  const known = lists.get(group)
  if (known !== undefined) return known
  const fault = troubleIn(() => world.countRead('list', null))
  lists.set(group, fault)
  return fault
}

function observeOne(world: World, target: Target, isSingle: boolean): Observed {
  const look: { app?: AppSeen } = {}
  const fault = troubleIn(() => {
    if (isSingle) world.countRead('get', target)
    look.app = world.see(target)
    world.countRead('listRevisions', target)
  })
  if (fault !== null || look.app === undefined) return { kind: 'unseen', fault: fault ?? UNASKED }
  return { kind: 'seen', app: look.app }
}

const UNASKED: Trouble = { kind: 'unavailable', message: 'the app was not looked at', retryAfterMs: null }

function troubleIn(deed: () => void): Trouble | null {
  try {
    deed()
    return null
  } catch (refusal) {
    if (!(refusal instanceof ArmRefusal)) throw refusal
    const { kind, message, retryAfterMs } = faultOf(refusal)
    return { kind, message, retryAfterMs }
  }
}

function performOne(world: World, target: Target, action: Action): void {
  switch (action.kind) {
    case 'create-revision':
      send(world, target, { template: copyOf(world, target, action.from, action.suffix, action.image) })
      break
    case 'set-traffic':
      send(world, target, { configuration: trafficOf(action.traffic) })
      break
    case 'repair': {
      const template = copyOf(world, target, action.from, action.suffix, null)
      send(world, target, { template, configuration: trafficOf(action.traffic) })
      break
    }
    case 'activate':
      world.activate(target, action.revision)
      break
    case 'deactivate':
      world.deactivate(target, action.revision)
      break
    case 'wake':
      world.wake(target, action.revision)
      break
    default:
      unknownAction(action)
  }
}

function send(world: World, target: Target, properties: Json): void {
  world.patch(target, { location: world.see(target).location, properties })
}

/** The template of `from` as it can be sent again: image and suffix changed, what is read-only left out. */
function copyOf(world: World, target: Target, from: string, revisionSuffix: string, image: string | null): Json {
  const { properties } = world.getRevision(target, from)
  const template = isObject(properties) && isObject(properties.template) ? properties.template : {}
  const containers = (template.containers as readonly WireContainer[]).map(sendable)
  return { ...template, revisionSuffix, containers: image === null ? containers : withImage(containers, target, image) }
}

function withImage(containers: readonly WireContainer[], target: Target, image: string): readonly WireContainer[] {
  const name = target.container ?? (containers.length === 1 ? containers[0]?.name : undefined)
  if (containers.some((container) => container.name === name)) {
    return containers.map((container) => (container.name === name ? { ...container, image } : container))
  }
  const names = containers.map((container) => container.name).join(', ')
  throw new Fault(
    'malformed',
    `app ${target.app} has the containers ${names}: name one of them as the target's container`,
  )
}

/** A secret-backed variable reads back with an empty value that must not be sent; ephemeral storage is read-only. */
function sendable(container: WireContainer): WireContainer {
  const { ephemeralStorage: _, ...resources } = (container.resources ?? {}) as Json
  const env = container.env?.map(({ name, value, secretRef }) =>
    secretRef ? { name, secretRef } : { name, ...(value === undefined ? {} : { value }) },
  )
  return { ...container, resources, ...(env ? { env } : {}) }
}

function trafficOf(traffic: readonly TrafficEntry[]): Json {
  return { ingress: { traffic: traffic.map(wireEntry) } }
}

function wireEntry({ revision, weight, label }: TrafficEntry): Json {
  if (revision === null)
    throw new Fault('malformed', 'traffic that follows the latest revision is never written: name one')
  return { revisionName: revision, weight, ...(label === null ? {} : { label }) }
}

function unknownAction(action: never): never {
  throw new Error(`no such action: ${JSON.stringify(action)}`)
}
