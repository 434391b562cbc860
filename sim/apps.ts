import type { Action, AppSeen, Observed, TrafficEntry, Trouble } from '../lib/core/app.ts'
import { NO_TURNS, shareTurns } from '../lib/core/revision-turns.ts'
import type { Target } from '../lib/core/service.ts'
import { Fault } from '../lib/errors.ts'
import type { ContainerApps } from '../lib/ports.ts'
import { createSimLane, type SimSend, troubling } from './apps-lane.ts'
import type { SimClock } from './clock.ts'
import { keyOf } from './world/injections.ts'
import type { World } from './world/types.ts'
import { isObject, type Json, type WireContainer } from './world/wire.ts'

/**
 * Container apps of a world without the network in between: the same deeds as the real plug, in the same number of
 * ARM calls, with the same Faults. A look at one app counts one get and one list of revisions; a look at several apps
 * of one resource group counts one list for all of them, or one get each where the list is denied. With a clock it keeps
 * ARM's budget as the real plug does, moves the clock on where a rollback waits between two tries, and glances at apps where
 * that is enough, by the turns of the real plug; `quietReads` as there.
 */
export function createSimApps(world: World, clock: SimClock | null = null, quietReads?: number): ContainerApps {
  const unlisted = new Set<string>()
  const lane = createSimLane(clock)
  let turns = NO_TURNS
  return {
    observe: async (targets, urgent, quiet = []) => {
      const share = shareTurns(turns, targets, clock === null ? [] : quiet, clock?.now() ?? 0, quietReads)
      turns = share.turns
      const lists = new Map<string, Promise<Trouble | null>>()
      const sizes = groupSizes(targets)
      const send: SimSend = (target, kind, call) => lane(target, kind, urgent, call)
      const seen: Promise<Observed>[] = []
      for (const [index, target] of targets.entries()) {
        const group = groupOf(target)
        const isListed = (sizes.get(group) ?? 0) > 1 && !unlisted.has(group)
        const fault = isListed ? await listOf(world, send, target, lists) : null
        if (fault?.kind === 'denied') unlisted.add(group)
        const isSingle = !lists.has(group) || unlisted.has(group)
        const one: Promise<Observed> =
          fault !== null && fault.kind !== 'denied'
            ? Promise.resolve({ kind: 'unseen', fault })
            : share.glanced.has(index)
              ? glanceAt(world, send, target, isSingle)
              : observeOne(world, send, target, isSingle, urgent !== undefined)
        seen.push(one)
        if (urgent === undefined) await one
      }
      return Promise.all(seen)
    },
    perform: (target, action, urgent) =>
      performOne(world, (app, kind, call) => lane(app, kind, urgent, call), target, action),
  }
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
function listOf(
  world: World,
  send: SimSend,
  target: Target,
  lists: Map<string, Promise<Trouble | null>>,
): Promise<Trouble | null> {
  const group = groupOf(target)
  const known = lists.get(group)
  if (known !== undefined) return known
  const fault = send(target, 'reads', () => world.countRead('list', null)).then(() => null, troubleOf)
  lists.set(group, fault)
  return fault
}

async function glanceAt(world: World, send: SimSend, target: Target, isSingle: boolean): Promise<Observed> {
  try {
    if (isSingle) await send(target, 'reads', () => world.countRead('get', target))
    const { revisions: _, ...app } = troubling(() => world.see(target))
    return { kind: 'glanced', app }
  } catch (error) {
    return { kind: 'unseen', fault: troubleOf(error) }
  }
}

async function observeOne(
  world: World,
  send: SimSend,
  target: Target,
  isSingle: boolean,
  isUrgent: boolean,
): Promise<Observed> {
  const get = async (): Promise<AppSeen> => {
    if (isSingle) await send(target, 'reads', () => world.countRead('get', target))
    return troubling(() => world.see(target))
  }
  const list = () => send(target, 'reads', () => world.countRead('listRevisions', target))
  try {
    // A rollback asks for both side by side, as each may take many tries.
    if (isUrgent) return { kind: 'seen', app: (await Promise.all([get(), list()]))[0] }
    const app = await get()
    await list()
    return { kind: 'seen', app }
  } catch (error) {
    return { kind: 'unseen', fault: troubleOf(error) }
  }
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Fault)) throw error
  const { kind, message, retryAfterMs } = error
  return { kind, message, retryAfterMs }
}

async function performOne(world: World, send: SimSend, target: Target, action: Action): Promise<void> {
  const read = (revision: string) => send(target, 'reads', () => world.getRevision(target, revision))
  const write = (deed: () => void) => send(target, 'writes', deed)
  const patch = (properties: Json) =>
    write(() => {
      world.patch(target, { location: world.see(target).location, properties })
    })
  switch (action.kind) {
    case 'create-revision': {
      const from = await read(action.from)
      return patch({ template: copyOf(from, target, action.suffix, action.image) })
    }
    case 'set-traffic':
      return patch({ configuration: trafficOf(action.traffic) })
    case 'set-mode':
      return patch({ configuration: { activeRevisionsMode: action.mode } })
    case 'repair': {
      const template = copyOf(await read(action.from), target, action.suffix, null)
      return patch({ template, configuration: { ...modeOf(action), ...trafficOf(action.traffic) } })
    }
    case 'activate':
      return write(() => world.activate(target, action.revision))
    case 'deactivate':
      return write(() => world.deactivate(target, action.revision))
    case 'wake':
      return troubling(() => world.wake(target, action.revision))
    default:
      return unknownAction(action)
  }
}

/** The template of `from` as it can be sent again: image and suffix changed, what is read-only left out. */
function copyOf({ properties }: Json, target: Target, revisionSuffix: string, image: string | null): Json {
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

function modeOf({ mode }: { readonly mode?: 'Multiple' }): Json {
  return mode === undefined ? {} : { activeRevisionsMode: mode }
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
