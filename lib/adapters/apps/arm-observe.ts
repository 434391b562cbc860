import type { ContainerApp, Revision } from '@azure/arm-appcontainers'
import type { Observed } from '../../core/app.ts'
import type { Target } from '../../core/service.ts'
import { Fault } from '../../errors.ts'
import type { ArmCalls, ArmClient } from './arm-calls.ts'
import { troubleOf } from './arm-fault.ts'
import { type RunningDetails, runningDetails, seenApp } from './arm-models.ts'

interface Sources {
  readonly calls: ArmCalls
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
 * Makes the look at many apps: one list of apps per resource group, one list of revisions per app, nothing else.
 * What goes wrong with one target stays with that target; a list that fails leaves the apps of its group unseen.
 */
export function createObserver(sources: Sources): (targets: readonly Target[]) => Promise<readonly Observed[]> {
  return async (targets) => {
    const inTurn = gate(sources.parallel)
    const appsOf = once<ReadonlyMap<string, ContainerApp>>()
    const revisionsOf = once<RevisionList>()
    const look = async (target: Target): Promise<Observed> => {
      const apps = await appsOf(groupKey(target), () => inTurn(() => listApps(sources, target)))
      const app = apps.get(target.app.toLowerCase())
      if (app === undefined) throw missing(target)
      sources.remember(target, app)
      const list = await revisionsOf(appKey(target), () => inTurn(() => listRevisions(sources, target)))
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

function missing(target: Target): Fault {
  return new Fault(
    'not-found',
    `${appLabel(target)} is not in the list of its resource group: see the target in the manifest, and that the identity may read the app.`,
  )
}

async function listApps(sources: Sources, target: Target): Promise<ReadonlyMap<string, ContainerApp>> {
  const { subscriptionId, resourceGroup } = target
  const client = await sources.client(subscriptionId)
  const what = `list container apps of resource group ${resourceGroup} in subscription ${subscriptionId}`
  return sources.calls.ask('list-apps', what, async (options) => {
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
  const revisions = await sources.calls.ask(
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
