import type { ContainerApp, Template } from '@azure/arm-appcontainers'
import type { Action } from '../../core/app.ts'
import type { Target } from '../../core/service.ts'
import { Fault } from '../../errors.ts'
import type { ContainerApps } from '../../ports.ts'
import type { ArmCalls, ArmCallsOf, ArmClient } from './arm-calls.ts'
import { appLabel } from './arm-observe.ts'
import { candidateTemplate, mergePatch, writableTemplate } from './arm-template.ts'
import { trafficPatch } from './arm-traffic.ts'
import { knock, type WakeFetch } from './wake.ts'

/** What a write must know of the app: PATCH needs its location, and a copied template what the merge would keep. */
export interface Home {
  readonly location: string
  readonly template: Template | undefined
}

interface Means {
  readonly calls: ArmCalls
  readonly client: (subscriptionId: string) => Promise<ArmClient>
  /** What the last look knew of the app, or undefined. */
  readonly home: (target: Target) => Home | undefined
  readonly wake: WakeFetch
  readonly wakeTimeoutMs: number
  readonly onWake: () => void
}

/** Makes the deed-doer. Each deed is one write; a template copy adds one read, an app not yet looked at another one. */
export function createPerformer(
  given: Omit<Means, 'calls'> & { readonly calls: ArmCallsOf },
): ContainerApps['perform'] {
  return async (target, action, urgent) => {
    const means: Means = { ...given, calls: given.calls(target.subscriptionId, urgent) }
    switch (action.kind) {
      case 'create-revision':
        return createRevision(means, target, action)
      case 'set-traffic':
        return setTraffic(means, target, action.traffic)
      case 'set-mode':
        return setMode(means, target, action)
      case 'repair':
        return repair(means, target, action)
      case 'activate':
      case 'deactivate':
        return switchRevision(means, target, action)
      case 'wake':
        means.onWake()
        return knock(means.wake, action.fqdn, means.wakeTimeoutMs)
      default:
        return assertNever(action)
    }
  }
}

type Deed<K extends Action['kind']> = Extract<Action, { kind: K }>

async function createRevision(means: Means, target: Target, action: Deed<'create-revision'>): Promise<void> {
  const what = `create revision ${action.suffix} of ${appLabel(target)}`
  const from = await templateOf(means, target, action.from)
  const candidate = candidateTemplate(what, from, target, action.image)
  const template = writableTemplate(what, target.app, candidate, action.suffix)
  const home = await homeOf(means, target)
  await patch(means, target, what, { location: home.location, template: mergePatch(template, home.template) })
}

async function setTraffic(means: Means, target: Target, wish: Deed<'set-traffic'>['traffic']): Promise<void> {
  const what = `set traffic of ${appLabel(target)}`
  const traffic = trafficPatch(what, wish)
  const { location } = await homeOf(means, target)
  await patch(means, target, what, { location, configuration: { ingress: { traffic } } })
}

async function setMode(means: Means, target: Target, { mode }: Deed<'set-mode'>): Promise<void> {
  const { location } = await homeOf(means, target)
  const what = `set the revision mode of ${appLabel(target)}`
  await patch(means, target, what, { location, configuration: { activeRevisionsMode: mode } })
}

/** A failed template is tried again with every later write, so template and traffic go in one patch. */
async function repair(means: Means, target: Target, action: Deed<'repair'>): Promise<void> {
  const what = `repair ${appLabel(target)} with the template of ${action.from}`
  const traffic = trafficPatch(what, action.traffic)
  const from = await templateOf(means, target, action.from)
  const template = writableTemplate(what, target.app, from, action.suffix)
  const home = await homeOf(means, target)
  await patch(means, target, what, {
    location: home.location,
    template: mergePatch(template, home.template),
    configuration: {
      ...(action.mode === undefined ? {} : { activeRevisionsMode: action.mode }),
      ingress: { traffic },
    },
  })
}

async function switchRevision(means: Means, target: Target, action: Deed<'activate' | 'deactivate'>): Promise<void> {
  const { containerAppsRevisions } = await means.client(target.subscriptionId)
  const what = `${action.kind} revision ${action.revision} of ${appLabel(target)}`
  const { resourceGroup, app } = target
  await (action.kind === 'activate'
    ? means.calls.submit('activate-revision', what, (options) =>
        containerAppsRevisions.activateRevision(resourceGroup, app, action.revision, options),
      )
    : means.calls.submit('deactivate-revision', what, (options) =>
        containerAppsRevisions.deactivateRevision(resourceGroup, app, action.revision, options),
      ))
}

async function patch(means: Means, target: Target, what: string, envelope: ContainerApp): Promise<void> {
  const { containerApps } = await means.client(target.subscriptionId)
  await means.calls.submit('patch-app', what, async (options) => {
    const poller = containerApps.update(target.resourceGroup, target.app, envelope, options)
    // The poller is thenable: handed on from here, it would be polled to the operation's end.
    await poller.submitted()
  })
}

async function templateOf(means: Means, target: Target, revision: string): Promise<Template> {
  const { containerAppsRevisions } = await means.client(target.subscriptionId)
  const what = `read revision ${revision} of ${appLabel(target)}`
  const { template } = await means.calls.ask('get-revision', what, (options) =>
    containerAppsRevisions.getRevision(target.resourceGroup, target.app, revision, options),
  )
  if (template?.containers?.length) return template
  throw new Fault('malformed', `${what}: it came back without a template, so nothing can be copied from it.`)
}

async function homeOf(means: Means, target: Target): Promise<Home> {
  const known = means.home(target)
  if (known !== undefined) return known
  const { containerApps } = await means.client(target.subscriptionId)
  return means.calls.ask('get-app', `read ${appLabel(target)}`, async (options) => {
    const { location, template } = await containerApps.get(target.resourceGroup, target.app, options)
    return { location, template }
  })
}

function assertNever(action: never): never {
  throw new Error(`Unknown action ${JSON.stringify(action)}`)
}
