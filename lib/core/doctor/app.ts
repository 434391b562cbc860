import type { AppSeen, Looked } from '../app.ts'
import { unfitness } from '../decide/begin.ts'
import { entityId, type ServiceState } from '../service.ts'
import { weightsSeen } from '../traffic.ts'
import { appArguments, appId, assignRole, type Names } from './commands.ts'
import { type Check, type Finding, fine, refused, wrong } from './finding.ts'

/** What an identity may do at a place: actions of ARM, `*` standing for any run of characters, and those taken out again. */
export interface Rights {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
}

/** How an app is set up, beyond what a look at its traffic shows. */
export interface AppSetUp {
  /** Resource id of its managed environment. */
  readonly environmentId: string
  readonly hasIngress: boolean
  /** Of the revision that was asked about; 0 = it may scale to zero. */
  readonly minReplicas: number
  /** Hosts of the registries that the app has credentials or an identity for. */
  readonly registries: readonly string[]
  /** What this app's identity may do there; null where it cannot be told. */
  readonly rights: readonly Rights[] | null
}

/** What Slipway does at an app. Source: the operations of Microsoft.App/containerApps, api-version 2026-07-01. */
const NEEDED = [
  'Microsoft.App/containerApps/read',
  'Microsoft.App/containerApps/write',
  'Microsoft.App/containerApps/revisions/read',
  'Microsoft.App/containerApps/revisions/activate/action',
  'Microsoft.App/containerApps/revisions/deactivate/action',
] as const

/** What a look at a service's app says: whether it can be seen, its mode, sticky sessions, and one revision with all traffic. */
export function lookFindings(service: ServiceState, observed: Looked, names: Names): readonly Finding[] {
  const of = checkOf(service)
  const { target } = service.manifest
  if (observed.kind === 'unseen') {
    const { fault } = observed
    const role = assignRole(names, 'Container Apps Contributor', appId(target))
    const find = `az containerapp list --subscription ${target.subscriptionId} --query "[].{name:name,group:resourceGroup}" -o table`
    const fix = { denied: role, 'not-found': find }[fault.kind as string] ?? null
    return [refused(of('app-readable'), fault, fix)]
  }
  const { app } = observed
  return [
    fine(of('app-readable'), `${target.app} can be read`),
    fitness(of('app-mode'), `${target.app} is in Multiple revision mode`, unfitness(target, { ...app, sticky: false })),
    fitness(
      of('sticky-sessions'),
      `${target.app} has no sticky sessions`,
      unfitness(target, { mode: 'Multiple', sticky: app.stickySessions }),
    ),
    traffic(of('app-traffic'), service, app),
  ]
}

/** What the set-up of a service's app says: ingress, scaling, its registry, and what this identity may do to it. */
export function setUpFindings(
  service: ServiceState,
  setUp: AppSetUp,
  isOpenRegistry: boolean,
  names: Names,
): readonly Finding[] {
  const of = checkOf(service)
  const { target, image } = service.manifest
  const at = appArguments(target)
  const missing = NEEDED.filter((action) => setUp.rights !== null && !isAllowed(setUp.rights, action))
  const isKnown = isOpenRegistry || setUp.registries.includes(image.registry)
  return [
    setUp.hasIngress
      ? fine(of('app-ingress'), `${target.app} has ingress`)
      : wrong(
          of('app-ingress'),
          'error',
          `${target.app} has no ingress, so no traffic can be split`,
          `az containerapp ingress enable ${at} --type external --target-port <port>`,
        ),
    setUp.minReplicas >= 1
      ? fine(
          of('min-replicas'),
          `${target.app} keeps at least ${setUp.minReplicas} replica${setUp.minReplicas === 1 ? '' : 's'}`,
        )
      : wrong(
          of('min-replicas'),
          'warning',
          `${target.app} may scale to zero: a canary that sleeps answers late and gives no figures; give it one replica in a revision of its own, while no rollout runs`,
          `az containerapp update ${at} --min-replicas 1 --revision-suffix awake && az containerapp ingress traffic set ${at} --revision-weight ${target.app}--awake=100`,
        ),
    isKnown
      ? fine(of('app-registry'), `${target.app} may pull from ${image.registry}`)
      : wrong(
          of('app-registry'),
          'warning',
          `${target.app} has neither an identity nor a password for ${image.registry}, so its new revisions may not be pulled`,
          `az containerapp registry set ${at} --server ${image.registry} --identity system`,
        ),
    setUp.rights === null
      ? wrong(of('app-rights'), 'unknown', `what this app may do at ${target.app} cannot be told`)
      : missing.length === 0
        ? fine(of('app-rights'), `this app may change ${target.app}`)
        : wrong(
            of('app-rights'),
            'error',
            `this app may see ${target.app} and not change it: it lacks ${missing.join(', ')}`,
            assignRole(names, 'Container Apps Contributor', appId(target)),
          ),
  ]
}

/** The revision with the most traffic: the one to ask about; null where there is none. */
export function servingRevision(app: AppSeen): AppSeen['revisions'][number] | null {
  const weights = weightsSeen(app)
  const [first] = Object.entries(weights).sort(([, a], [, b]) => b - a)
  return app.revisions.find(({ name }) => name === first?.[0]) ?? null
}

function checkOf({ key }: ServiceState): (check: string) => Check {
  return (check) => ({ check, subject: entityId(key) })
}

/** The sentence of `unfitness` ends with the command that mends it. */
function fitness(of: Check, well: string, unfit: string | null): Finding {
  if (unfit === null) return fine(of, well)
  const [message = unfit, fix = null] = unfit.split('; mend it with: ')
  return wrong(of, 'error', message, fix)
}

function traffic(of: Check, { manifest: { target } }: ServiceState, app: AppSeen): Finding {
  const weights = weightsSeen(app)
  if (Object.keys(weights).length > 0) return fine(of, `${target.app} has a revision that takes traffic`)
  const fix = `az containerapp ingress traffic set ${appArguments(target)} --revision-weight <revision>=100`
  return wrong(of, 'error', `no revision of ${target.app} takes traffic`, fix)
}

function isAllowed(rights: readonly Rights[], action: string): boolean {
  return rights.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => matches(pattern, action)) && !notActions.some((pattern) => matches(pattern, action)),
  )
}

/** ARM compares actions without regard to case; `*` stands for any run of characters. */
function matches(pattern: string, action: string): boolean {
  const [first = '', ...rest] = pattern.toLowerCase().split('*')
  const text = action.toLowerCase()
  if (rest.length === 0) return text === first
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of rest.slice(0, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  const last = rest.at(-1) ?? ''
  return text.length - last.length >= at && text.endsWith(last)
}
