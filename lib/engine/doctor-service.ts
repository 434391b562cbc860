import { type AppSeen, type Looked, looked, type Trouble } from '../core/app.ts'
import { type AppSetUp, lookFindings, servingRevision, setUpFindings } from '../core/doctor/app.ts'
import { appId, assignRole, type Names } from '../core/doctor/commands.ts'
import { type Check, type Finding, fine, refused, wrong } from '../core/doctor/finding.ts'
import {
  type EnvironmentSources,
  type LogRoute,
  logFinding,
  serviceQueries,
  sourceFinding,
} from '../core/doctor/sources.ts'
import type { Reading } from '../core/judge/reading.ts'
import { entityId, type ServiceState } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { SetUps } from '../ports.ts'
import type { Attempt } from './doctor-time.ts'
import { inLanes } from './lanes.ts'
import type { Wheel } from './wheel.ts'

/** What the checks of one environment's services need. */
export interface ServiceSurgery {
  readonly wheel: Wheel
  readonly setUps: SetUps
  readonly names: Names
  readonly sources: EnvironmentSources
  readonly openRegistries: readonly string[]
  readonly attempt: Attempt
}

/** Services that are looked at closely in one report: ARM lets an identity read a few hundred times a minute. */
const MOST_SERVICES = 40
/** A digest that no image has: a registry that answers for it can be reached, and lets this app in. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`

/** Everything that can be told of these services of one environment, in their order; beyond the fortieth only that they were left out. */
export async function examineServices(
  surgery: ServiceSurgery,
  services: readonly ServiceState[],
): Promise<readonly Finding[]> {
  const items = await observeAll(surgery, services.slice(0, MOST_SERVICES))
  const routes = new Map<string, Promise<readonly LogRoute[] | Trouble>>()
  const found = await inLanes(items, (item) => examineService(surgery, item, routes))
  const left = services.slice(MOST_SERVICES).map(({ key }) => {
    const of = { check: 'app-readable', subject: entityId(key) }
    return wrong(of, 'unknown', `it was left out: one report looks at ${MOST_SERVICES} services of an environment`)
  })
  return [...found.flat(), ...left]
}

/** A service, and what the look at its app brought, or why there was none. */
interface Examined {
  readonly service: ServiceState
  readonly observed: Looked | Finding
}

/** One look at all apps, in few calls. */
async function observeAll(
  { wheel, attempt }: ServiceSurgery,
  services: readonly ServiceState[],
): Promise<readonly Examined[]> {
  if (services.length === 0) return []
  let seen: readonly Looked[] = []
  const [amiss] = await attempt({ check: 'app-readable', subject: '' }, async () => {
    seen = (await wheel.apps.observe(services.map(({ manifest }) => manifest.target))).map(looked)
    return []
  })
  return services.map((service, place) => {
    const observed = amiss === undefined ? (seen[place] as Looked) : { ...amiss, subject: entityId(service.key) }
    return { service, observed }
  })
}

async function examineService(
  surgery: ServiceSurgery,
  { service, observed }: Examined,
  routes: Map<string, Promise<readonly LogRoute[] | Trouble>>,
): Promise<readonly Finding[]> {
  const { attempt, names } = surgery
  const of = (check: string): Check => ({ check, subject: entityId(service.key) })
  const registry = attempt(of('registry'), () => registryFinding(surgery, service))
  if (!('kind' in observed)) return [observed, ...(await registry)]
  if (observed.kind === 'unseen') return [...lookFindings(service, observed, names), ...(await registry)]
  const further = await Promise.all([
    attempt(of('app-set-up'), () => setUpOf(surgery, service, observed.app, routes)),
    attempt(of('sources'), () => sourcesOf(surgery, service, observed.app)),
    registry,
  ])
  return [...lookFindings(service, observed, names), ...further.flat()]
}

async function registryFinding(
  { wheel, names }: ServiceSurgery,
  { key, manifest: { image } }: ServiceState,
): Promise<readonly Finding[]> {
  const of = { check: 'registry', subject: entityId(key) }
  const [presence] = await wheel.registry.has([{ ...image, digest: NO_DIGEST }])
  if (presence?.kind !== 'unknown') return [fine(of, `${image.registry} answers for ${image.repository}`)]
  const acr = /^([a-z0-9]+)\.azurecr\.[a-z.]+$/.exec(image.registry)?.[1]
  const scope = `"$(az acr show -n ${acr} --query id -o tsv)"`
  const fix = acr === undefined || presence.trouble.kind !== 'denied' ? null : assignRole(names, 'AcrPull', scope)
  return [refused(of, presence.trouble, fix)]
}

async function setUpOf(
  surgery: ServiceSurgery,
  service: ServiceState,
  app: AppSeen,
  routes: Map<string, Promise<readonly LogRoute[] | Trouble>>,
): Promise<readonly Finding[]> {
  const { setUps, names, openRegistries, sources } = surgery
  const { target, image, analysis } = service.manifest
  const setUp = await setUpSeen(setUps, target, servingRevision(app)?.name ?? null)
  const of = { check: 'app-set-up', subject: entityId(service.key) }
  if ('kind' in setUp) return [refused(of, setUp, assignRole(names, 'Container Apps Contributor', appId(target)))]
  const found = setUpFindings(service, setUp, openRegistries.includes(image.registry), names)
  const needsLog = analysis.kpis.some(({ source }) => source.kind === 'azure-logs')
  if (!needsLog || sources.workspace === null) return found
  const known = routes.get(setUp.environmentId) ?? routesSeen(setUps, setUp.environmentId)
  routes.set(setUp.environmentId, known)
  return [...found, logFinding(of.subject, setUp.environmentId, await known, names, sources.workspace)]
}

async function setUpSeen(
  setUps: SetUps,
  target: ServiceState['manifest']['target'],
  revision: string | null,
): Promise<AppSetUp | Trouble> {
  return setUps.app(target, revision).catch(troubleOf)
}

async function routesSeen(setUps: SetUps, environmentId: string): Promise<readonly LogRoute[] | Trouble> {
  return setUps.logRoutes(environmentId).catch(troubleOf)
}

async function sourcesOf(
  { wheel, names, sources }: ServiceSurgery,
  service: ServiceState,
  app: AppSeen,
): Promise<readonly Finding[]> {
  const serving = servingRevision(app)
  if (serving === null) return []
  const region = app.location.replaceAll(' ', '').toLowerCase()
  const at = { revision: serving.name, host: serving.fqdn, region }
  const queries = serviceQueries(service, at, wheel.clock.now())
  const readings = await wheel.metrics.read(queries)
  const subject = entityId(service.key)
  return queries.map((query, place) => {
    return sourceFinding(subject, query, readings[place] as Reading, names, sources.workspace)
  })
}

/** A Fault as data; whatever else was thrown is ours and goes on. */
function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Fault)) throw error
  return { kind: error.kind, message: error.message, retryAfterMs: error.retryAfterMs }
}
