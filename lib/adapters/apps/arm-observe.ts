import type { ContainerApp, Revision } from '@azure/arm-appcontainers'
import type { Observed } from '../../core/app.ts'
import { NO_TURNS, shareTurns } from '../../core/revision-turns.ts'
import type { Target } from '../../core/service.ts'
import { Fault } from '../../errors.ts'
import type { Clock, ContainerApps } from '../../ports.ts'
import type { ArmCallsOf, ArmClient } from './arm-calls.ts'
import { troubleOf } from './arm-fault.ts'
import { keptLists } from './arm-glance.ts'
import { glancedApp, type RunningDetails, runningDetails, seenApp } from './arm-models.ts'

interface Sources {
  readonly calls: ArmCallsOf
  readonly client: (subscriptionId: string) => Promise<ArmClient>
  readonly clock: Clock
  /** How many calls may be under way at once. */
  readonly parallel: number
  /** How many quiet apps' revisions are read in a minute, for each subscription. */
  readonly quietReads?: number
  /** Told of every app that a look found. */
  readonly remember: (target: Target, app: ContainerApp) => void
}

interface RevisionList {
  readonly revisions: readonly Revision[]
  readonly details: RunningDetails
}

/**
 * Makes the look at many apps. Several apps of one resource group are read with one list, a single one by itself; each app
 * adds one list of revisions, but for those that a glance is enough for and whose turn it is not; nothing else is asked.
 * What goes wrong with one target stays with that target; a list that fails leaves the apps of its group unseen. An identity
 * that may read apps but not list their group (roles on the apps alone) costs one read per app instead; that the list is
 * denied is kept in mind.
 */
export function createObserver(means: Sources): ContainerApps['observe'] {
  const unlisted = new Set<string>()
  const kept = keptLists<AppList>(means.clock)
  let turns = NO_TURNS
  return async (targets, urgent, quiet = []) => {
    const sources: Sources = { ...means, calls: (subscriptionId) => means.calls(subscriptionId, urgent) }
    const share = shareTurns(turns, targets, quiet, means.clock.now(), means.quietReads)
    turns = share.turns
    const inTurn = gate(sources.parallel)
    const lists = once<AppList>()
    const singles = once<ContainerApp>()
    const revisions = once<RevisionList>()
    const sizes = groupSizes(targets)
    const listOf = (target: Target) =>
      lists(groupKey(target), () =>
        kept.keep(
          groupKey(target),
          inTurn(() => listUnlessDenied(sources, target, unlisted)),
        ),
      )
    const appOf = async (target: Target, keptList: AppList): Promise<ContainerApp> => {
      const group = groupKey(target)
      const isAlone = sizes.get(group) === 1 || unlisted.has(group)
      const list = keptList ?? (isAlone ? null : await listOf(target))
      if (list === null) return singles(appKey(target), () => inTurn(() => getApp(sources, target)))
      const app = list.get(target.app.toLowerCase())
      if (app === undefined) throw missing(target)
      return app
    }
    const revisionsOf = (target: Target) =>
      revisions(appKey(target), () => inTurn(() => listRevisions(sources, target)))
    const glance = async (target: Target): Promise<Observed> => {
      const app = await appOf(target, (await kept.recent(groupKey(target))) ?? null)
      return { kind: 'glanced', app: glancedApp(target, app) }
    }
    const look = async (target: Target): Promise<Observed> => {
      // In a storm each of the two may take many tries: a rollback makes them side by side.
      if (urgent !== undefined) revisionsOf(target).catch(() => {})
      const app = await appOf(target, null)
      sources.remember(target, app)
      const list = await revisionsOf(target)
      return { kind: 'seen', app: seenApp(target, app, list.revisions, list.details) }
    }
    const unseen = (error: unknown): Observed => ({ kind: 'unseen', fault: troubleOf(error) })
    // Whoever needs its revisions asks first, so that its list does for the others' glance.
    const closely = targets.map((target, index) => (share.glanced.has(index) ? null : look(target).catch(unseen)))
    return Promise.all(targets.map((target, index) => closely[index] ?? glance(target).catch(unseen)))
  }
}

/** The apps of a resource group by name; null = the identity may not list them. */
type AppList = ReadonlyMap<string, ContainerApp> | null

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

/** A group holds some hundred apps, and an app some hundred revisions. */
const MOST_PAGES = 100

/** All that a list holds; one whose pages lead on for ever, full or empty, is not read until the time is up. */
async function allOf<T>(list: { byPage(): AsyncIterable<readonly T[]> }, what: string): Promise<readonly T[]> {
  const all: T[] = []
  let pages = 0
  for await (const page of list.byPage()) {
    pages += 1
    if (pages > MOST_PAGES) throw new Fault('malformed', `${what}: more than ${MOST_PAGES} pages, and no end`)
    all.push(...page)
  }
  return all
}

async function listApps(sources: Sources, target: Target): Promise<ReadonlyMap<string, ContainerApp>> {
  const { subscriptionId, resourceGroup } = target
  const client = await sources.client(subscriptionId)
  const what = `list container apps of resource group ${resourceGroup} in subscription ${subscriptionId}`
  return sources.calls(target.subscriptionId).ask('list-apps', what, async (options) => {
    const apps = await allOf(client.containerApps.listByResourceGroup(resourceGroup, options), what)
    return new Map(apps.flatMap((app) => (app.name ? [[app.name.toLowerCase(), app] as const] : [])))
  })
}

async function listRevisions(sources: Sources, target: Target): Promise<RevisionList> {
  const client = await sources.client(target.subscriptionId)
  let details: RunningDetails = new Map()
  const what = `list revisions of ${appLabel(target)}`
  const revisions: readonly Revision[] = await sources.calls(target.subscriptionId).ask(
    'list-revisions',
    what,
    (options) => {
      const list = client.containerAppsRevisions.listRevisions(target.resourceGroup, target.app, options)
      return allOf(list, what)
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
