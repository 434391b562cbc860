import { type Caller, mayDo } from '../core/caller.ts'
import { assignRole, type Names, vaultScope } from '../core/doctor/commands.ts'
import { type Check, type Finding, fine, INSTALLATION, refused, wrong } from '../core/doctor/finding.ts'
import { nightFinding } from '../core/doctor/night.ts'
import { quarantineFinding } from '../core/doctor/quarantine.ts'
import { type EnvironmentSources, environmentQueries, sourceFinding } from '../core/doctor/sources.ts'
import { chainFinding, heartbeatFinding, storageFindings } from '../core/doctor/storage.ts'
import type { Reading } from '../core/judge/reading.ts'
import type { ServiceState } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { AuditKeeper, AuditLog, Quarantine, Secrets, SetUps, StorageTrial } from '../ports.ts'
import { examineServices, type ServiceSurgery } from './doctor-service.ts'
import { type Attempt, inTime, PATIENCE, type Patience, withPatience } from './doctor-time.ts'
import { lateIn } from './heartbeat.ts'
import { waitingIn } from './quarantine-meters.ts'
import { servicesOf } from './services.ts'
import type { Wheel } from './wheel.ts'

/** What the doctor asks, and the names that its commands are filled in with. */
export interface Surgery {
  readonly wheel: Wheel
  readonly log: AuditLog
  /** What the nights' checks of the audit came to; absent = nobody can say. */
  readonly keeper?: Pick<AuditKeeper, 'night'>
  /** What cannot be read or acted on; absent = nobody can say. */
  readonly quarantine?: Pick<Quarantine, 'items'>
  readonly secrets: () => Promise<Secrets>
  readonly setUps: SetUps
  readonly storage: StorageTrial
  readonly names: Omit<Names, 'principal'>
  readonly environments: Readonly<Record<string, EnvironmentSources>>
  /** Hosts of the registries that ask nobody who they are. */
  readonly openRegistries: readonly string[]
}

const NEWEST_ROWS = 100

/**
 * Checks the installation, its environments and its services with the identity of this app, and says how each finding is
 * repaired. Only reads. What the caller may not see is neither asked nor told. Never throws, and ends in time: what did not
 * answer is `unknown`.
 */
export async function examine(
  surgery: Surgery,
  caller: Caller,
  patience: Patience = PATIENCE,
): Promise<readonly Finding[]> {
  const attempt = withPatience(patience)
  const principal = await principalOf(surgery, patience)
  const names: Names = { ...surgery.names, principal }
  const installation = mayDo(caller, 'see', { environment: null, name: null })
    ? [ofInstallation(surgery, names, attempt)]
    : []
  const environments = Object.entries(surgery.environments).map(([environment, sources]) =>
    ofEnvironment({ ...surgery, names, sources, attempt }, environment, caller),
  )
  return (await Promise.all([...installation, ...environments])).flat()
}

async function principalOf({ setUps }: Surgery, { eachMs, allMs }: Patience): Promise<string | null> {
  try {
    return await inTime(setUps.principal(), eachMs, AbortSignal.timeout(allMs))
  } catch {
    return null
  }
}

async function ofInstallation(surgery: Surgery, names: Names, attempt: Attempt): Promise<readonly Finding[]> {
  const { storage, environments } = surgery
  const of = (check: string): Check => ({ check, subject: INSTALLATION })
  const told = Object.keys(environments)
  const settings =
    told.length > 0
      ? fine(of('settings'), `the settings are valid and name ${told.join(', ')}`)
      : wrong(of('settings'), 'error', 'the settings name no environment; add one to SLIPWAY_ENVIRONMENTS')
  const identity =
    names.principal === null
      ? wrong(of('identity'), 'unknown', 'the identity of this app gave no token that names it')
      : fine(of('identity'), `this app runs as ${names.principal}`)
  const found = await Promise.all([
    attempt(of('storage'), async () => storageFindings(await storage.run(), names)),
    attempt(of('hook-keys'), () => hookKeys(surgery, names)),
    attempt(of('quarantined-events'), () => quarantined(surgery.wheel)),
    attempt(of('quarantine'), () => waiting(surgery, null)),
  ])
  return [settings, identity, ...found.flat()]
}

async function hookKeys({ secrets }: Surgery, names: Names): Promise<readonly Finding[]> {
  const of = { check: 'hook-keys', subject: INSTALLATION }
  try {
    const live = await (await secrets()).read(names.hookKeys)
    return [
      fine(
        of,
        `the secret ${names.hookKeys} can be read; it has ${live.length} live value${live.length === 1 ? '' : 's'}`,
      ),
    ]
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const vault = names.vault ?? '<key vault>'
    const make = `az keyvault secret set --vault-name ${vault} --name ${names.hookKeys} --value "$(openssl rand -hex 32)"`
    const fix = error.kind === 'not-found' ? make : assignRole(names, 'Key Vault Secrets User', vaultScope(names))
    return [refused(of, error, fix)]
  }
}

async function quarantined({ events }: Wheel): Promise<readonly Finding[]> {
  const of = { check: 'quarantined-events', subject: INSTALLATION }
  const { items } = await events.page(NEWEST_ROWS, null)
  const found = items.filter(({ outcome }) => outcome === 'quarantined')
  const [newest] = found
  if (newest === undefined) return [fine(of, `none of the newest ${items.length} events is quarantined`)]
  const at = new Date(newest.receivedAt).toISOString()
  const message = `${found.length} of the newest ${items.length} events could not be acted on, the last at ${at}; push those images again once the cause in the app's log is mended`
  return [wrong(of, 'warning', message)]
}

/** `scope` null = of no environment alone. */
async function waiting({ quarantine }: Surgery, scope: string | null): Promise<readonly Finding[]> {
  return quarantine === undefined ? [] : [quarantineFinding(scope, await waitingIn(quarantine, scope))]
}

type OfEnvironment = Surgery & ServiceSurgery

async function ofEnvironment(surgery: OfEnvironment, environment: string, caller: Caller): Promise<readonly Finding[]> {
  let services: readonly ServiceState[] = []
  const unlisted = await surgery.attempt({ check: 'services', subject: environment }, async () => {
    services = await servicesOf(surgery.wheel, environment)
    return []
  })
  const isWhole = mayDo(caller, 'see', { environment, name: null })
  const seen = services.filter(({ key }) => mayDo(caller, 'see', key))
  const found = await Promise.all([
    isWhole ? ofWhole(surgery, environment, unlisted.length > 0 ? null : services) : [],
    examineServices(surgery, seen),
  ])
  return [...(isWhole ? unlisted : []), ...found.flat()]
}

/** `services` null = they could not be listed. */
async function ofWhole(
  surgery: OfEnvironment,
  environment: string,
  services: readonly ServiceState[] | null,
): Promise<readonly Finding[]> {
  const { wheel, log, keeper, names, sources, attempt } = surgery
  const check = (name: string, work: () => Promise<readonly Finding[]>) =>
    attempt({ check: name, subject: environment }, work)
  const found = await Promise.all([
    check('sources', () => sourcesOf(wheel, environment, sources, names)),
    check('heartbeat', async () => [heartbeatFinding(environment, await lateIn(wheel, environment), names)]),
    check('audit-chain', async () => {
      if (services === null) return []
      const { items } = await log.page({ environment, limit: NEWEST_ROWS, from: null })
      return [chainFinding(environment, services, items)]
    }),
    check('quarantine', () => waiting(surgery, environment)),
    check('audit-night', async () => {
      if (keeper === undefined) return []
      const { night } = await keeper.night(environment)
      return [nightFinding(environment, night?.last ?? null, wheel.clock.now())]
    }),
  ])
  return found.flat()
}

async function sourcesOf(
  wheel: Wheel,
  environment: string,
  sources: EnvironmentSources,
  names: Names,
): Promise<readonly Finding[]> {
  const queries = environmentQueries(environment, sources, wheel.clock.now())
  const readings = await wheel.metrics.read(queries)
  return queries.map((query, place) => {
    return sourceFinding(environment, query, readings[place] as Reading, names, sources.workspace)
  })
}
