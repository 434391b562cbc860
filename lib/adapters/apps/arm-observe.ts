import type { ContainerApp, Revision } from '@azure/arm-appcontainers'
import type { Observed } from '../../core/app.ts'
import type { Target } from '../../core/service.ts'
import { Fault } from '../../errors.ts'
import type { ContainerApps } from '../../ports.ts'
import type { ArmCallsOf, ArmClient } from './arm-calls.ts'
import { troubleOf } from './arm-fault.ts'
import { type RunningDetails, runningDetails, seenApp } from './arm-models.ts'

interface Sources {
  readonly calls: ArmCallsOf
  readonly client: (subscriptionId: string) => Promise<ArmClient>
  /** How many calls may be under way at once. */
  readonly parallel: number
  /** Told of every app that a look found. */
  readonly remember: (target: Target, app: ContainerApp) => void
}

interface RevisionList {
  readonly revisions: readonly Revision[]
  readonly details: RunningDetails
}

/**
 * Makes the look at many apps. Several apps of one resource group are read with one list, a single one by itself; each app
 * adds one list of revisions; nothing else is asked. What goes wrong with one target stays with that target; a list that
 * fails leaves the apps of its group unseen. An identity that may read apps but not list their group (roles on the apps alone)
 * costs one read per app instead; that the list is denied is kept in mind.
 */
export function createObserver(means: Sources): ContainerApps['observe'] {
  const unlisted = new Set<string>()
  return async (targets, urgent) => {
    const sources: Sources = { ...means, calls: (subscriptionId) => means.calls(subscriptionId, urgent) }
    const inTurn = gate(sources.parallel)
    const lists = once<ReadonlyMap<string, ContainerApp> | null>()
    const singles = once<ContainerApp>()
    const revisions = once<RevisionList>()
    const sizes = groupSizes(targets)
    const appOf = async (target: Target): Promise<ContainerApp> => {
      const group = groupKey(target)
      const isAlone = sizes.get(group) === 1 || unlisted.has(group)
      const list = isAlone ? null : await lists(group, () => inTurn(() => listUnlessDenied(sources, target, unlisted)))
      if (list === null) return singles(appKey(target), () => inTurn(() => getApp(sources, target)))
      const app = list.get(target.app.toLowerCase())
      if (app === undefined) throw missing(target)
      return app
    }
    const revisionsOf = (target: Target) =>
      revisions(appKey(target), () => inTurn(() => listRevisions(sources, target)))
    const look = async (target: Target): Promise<Observed> => {
      // In a storm each of the two may take many tries: a rollback makes them side by side.
      if (urgent !== undefined) revisionsOf(target).catch(() => {})
      const app = await appOf(target)
      sources.remember(target, app)
      const list = await revisionsOf(target)
      return { kind: 'seen', app: seenApp(target, app, list.revisions, list.details) }
    }
    return Promise.all(
      targets.map((target) => look(target).catch((error): Observed => ({ kind: 'unseen', fault: troubleOf(error) }))),
    )
  }
}

/** ARM compares these names without regard to case. */
export function appKey(target: Target): string {
  return `${groupKey(target)}/${target.app.toLowerCase()}`
}

/** How a target is named in messages. */
export function appLabel(target: Target): string {
  return `container app ${target.app} (resource group ${target.resourceGroup}, subscription ${target.subscriptionId})`
}

function groupKey({ subscriptionId, resourceGroup }: Target): string {
  return `${subscriptionId}/${resourceGroup}`.toLowerCase()
}

/** How many different apps are asked for, by resource group. */
function groupSizes(targets: readonly Target[]): ReadonlyMap<string, number> {
  const apps = new Map(targets.map((target) => [appKey(target), groupKey(target)]))
  const sizes = new Map<string, number>()
  for (const group of apps.values()) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  return sizes
}

function missing(target: Target): Fault {
  return new Fault(
    'not-found',
    `${appLabel(target)} is not in the list of its resource group: see the target in the manifest, and that the identity may read the app.`,
  )
}

/** The apps of the target's group by name; null, and noted, where the identity may not list them. */
async function listUnlessDenied(
  sources: Sources,
  target: Target,
  unlisted: Set<string>,
): Promise<ReadonlyMap<string, ContainerApp> | null> {
  try {
    return await listApps(sources, target)
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'denied') throw error
    unlisted.add(groupKey(target))
    return null
  }
}

async function getApp(sources: Sources, target: Target): Promise<ContainerApp> {
  const client = await sources.client(target.subscriptionId)
  return sources
    .calls(target.subscriptionId)
    .ask('get-app', `read ${appLabel(target)}`, (options) =>
      client.containerApps.get(target.resourceGroup, target.app, options),
    )
}

async function listApps(sources: Sources, target: Target): Promise<ReadonlyMap<string, ContainerApp>> {
  const { subscriptionId, resourceGroup } = target
  const client = await sources.client(subscriptionId)
  const what = `list container apps of resource group ${resourceGroup} in subscription ${subscriptionId}`
  return sources.calls(target.subscriptionId).ask('list-apps', what, async (options) => {
    const found = new Map<string, ContainerApp>()
    for await (const app of client.containerApps.listByResourceGroup(resourceGroup, options)) {
      if (app.name) found.set(app.name.toLowerCase(), app)
    }
    return found
  })
}

async function listRevisions(sources: Sources, target: Target): Promise<RevisionList> {
  const client = await sources.client(target.subscriptionId)
  let details: RunningDetails = new Map()
  const revisions = await sources.calls(target.subscriptionId).ask(
    'list-revisions',
    `list revisions of ${appLabel(target)}`,
    async (options) => {
      const found: Revision[] = []
      const pages = client.containerAppsRevisions.listRevisions(target.resourceGroup, target.app, options)
      for await (const revision of pages) found.push(revision)
      return found
    },
    (body) => {
      details = runningDetails(body)
    },
  )
  return { revisions, details }
}

/** Does the work for a key once, and gives everyone who asks for that key the same promise. */
function once<T>(): (key: string, work: () => Promise<T>) => Promise<T> {
  const begun = new Map<string, Promise<T>>()
  return (key, work) => {
    const known = begun.get(key)
    if (known !== undefined) return known
    const promise = work()
    begun.set(key, promise)
    return promise
  }
}

/** Lets at most `width` pieces of work run at once, the others wait in order. */
function gate(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= width) await new Promise<void>((go) => waiting.push(go))
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
