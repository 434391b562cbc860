import type { AuditDraft } from '../core/audit.ts'
import { type AskedKpi, type AskedService, askDrift } from '../core/drift-report/ask-drift.ts'
import { findingsOf, type MeasuredKpi } from '../core/drift-report/measured.ts'
import { type Night, nightOf } from '../core/drift-report/night.ts'
import { remarksOf } from '../core/drift-report/remarks.ts'
import { driftRow } from '../core/drift-report/row.ts'
import type { Rollout } from '../core/rollout.ts'
import { entityId, type ServiceKey, type ServiceState } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { AuditLog } from '../ports.ts'
import { type Complain, measureKpis } from './drift-measure.ts'
import { inLanes, servicesOf } from './drift-services.ts'
import { ATTEMPTS, sealed, type Wheel } from './wheel.ts'

/** What a night brought for one thing: a service (`environment/name`), or whatever failed, by its name. */
export interface Drifted {
  readonly what: string
  /** `known`: the report of this day stood in the audit already. */
  readonly result: 'written' | 'known' | 'failed'
  readonly error: unknown
}

/** Services that are asked for in one read of a day: as much as one answer of a source is made to hold. */
const TOGETHER = 50
/** Rollouts that the store is asked for at once, and more of them than a service has in a week. */
const PAGE = 20
const MOST_ROLLOUTS = 500

/**
 * Writes the drift report of the day that ended at the last midnight (UTC): one audit row for each service of these
 * environments, once, however often it is called. All KPIs of the night count as one family, also those of services whose
 * row stands already. It changes no rollout. What cannot be had stops its own part only: it is said in the row where one
 * can be written, and in the answer, where failures stand first.
 */
export async function reportDrift(
  wheel: Wheel,
  log: AuditLog,
  environments: readonly string[],
): Promise<readonly Drifted[]> {
  const night = nightOf(wheel.clock.now())
  const failed = new Map<string, Drifted>()
  const complain: Complain = (what, error) => void failed.set(what, { what, result: 'failed', error })
  const listed = await inLanes(environments, (name) => tried(name, () => servicesOf(wheel, name), complain))
  const services = listed.flatMap((some) => some ?? [])
  const stands = await inLanes(services, ({ key }) =>
    tried(`the audit of ${entityId(key)}`, () => isWritten(log, key, night), complain),
  )
  const due = services.filter((_, place) => stands[place] !== true)
  const known = services.filter((service) => !due.includes(service)).map(({ key }) => drifted(key, 'known'))
  const written = due.length === 0 ? [] : await report(wheel, log, night, services, due, complain)
  return [...failed.values(), ...known, ...written]
}

/** Looks at all services, and writes the rows of those that are due. */
async function report(
  wheel: Wheel,
  log: AuditLog,
  night: Night,
  services: readonly ServiceState[],
  due: readonly ServiceState[],
  complain: Complain,
): Promise<readonly Drifted[]> {
  const asked = (await inLanes(services, (service) => ask(wheel, service, night, complain))).flatMap((one) => one ?? [])
  const measured = await measure(wheel, asked, complain)
  const all = findingsOf(
    asked.flatMap(({ kpis }) => kpis),
    measured,
  )
  const findings = Map.groupBy(all, ({ service }) => service)
  const results = await inLanes(
    asked.filter(({ service }) => due.includes(service)),
    async (one) => {
      const { key } = one.service
      const own = findings.get(entityId(key)) ?? []
      const draft = () => driftRow(own, remarksOf(one, own, measured, night), night.day)
      const result = await tried(entityId(key), () => write(wheel, log, night, key, draft()), complain)
      return result === null ? [] : [drifted(key, result)]
    },
  )
  return results.flat()
}

/** What is asked of a service; null where even that cannot be said. */
async function ask(
  wheel: Wheel,
  service: ServiceState,
  night: Night,
  complain: Complain,
): Promise<AskedService | null> {
  const name = entityId(service.key)
  let why = ''
  const noting: Complain = (what, error) => {
    why = `its rollouts could not be read (${textOf(error)})`
    complain(what, error)
  }
  const since = night.days.weekBefore.from
  const asking = async () => askDrift(service, await rolloutsSince(wheel, service.key, since), night)
  const asked = await tried(`the rollouts of ${name}`, asking, noting)
  return asked ?? tried(name, async () => askDrift(service, why, night), complain)
}

/** Fifty services at a time: their days are compared and let go before the next are read. */
async function measure(
  wheel: Wheel,
  asked: readonly AskedService[],
  complain: Complain,
): Promise<ReadonlyMap<AskedKpi, MeasuredKpi>> {
  const measured: (readonly [AskedKpi, MeasuredKpi])[] = []
  for (let start = 0; start < asked.length; start += TOGETHER) {
    const kpis = asked.slice(start, start + TOGETHER).flatMap((one) => one.kpis)
    measured.push(...(await measureKpis(wheel, kpis, complain)))
  }
  return new Map(measured)
}

/** The service's rollouts, the newest first, back to the one that stood at `from`. Throws Fault. */
async function rolloutsSince({ catalogue }: Wheel, key: ServiceKey, from: number): Promise<readonly Rollout[]> {
  const rollouts: Rollout[] = []
  let mark: string | null = null
  do {
    const page: Awaited<ReturnType<Wheel['catalogue']['rollouts']>> = await catalogue.rollouts(key, PAGE, mark)
    rollouts.push(...page.items)
    mark = reachesBack(page.items, from) || rollouts.length >= MOST_ROLLOUTS ? null : page.next
  } while (mark !== null)
  return rollouts
}

/** A rollout that never looked at its app tells nothing of the traffic, so it does not count. */
function reachesBack(rollouts: readonly Rollout[], from: number): boolean {
  return rollouts.some(({ startedAt, stable }) => stable !== null && startedAt <= from)
}

/**
 * Writes the row unless it stands. It is looked for after the load and before the commit: whoever wrote it before the load
 * is seen, and whoever writes it after the load has moved the service's chain on, so that the commit is a conflict.
 */
async function write(
  wheel: Wheel,
  log: AuditLog,
  night: Night,
  key: ServiceKey,
  draft: AuditDraft,
): Promise<'written' | 'known'> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [item] = await wheel.store.load(key.environment, [key.name])
    if (item === undefined)
      throw new Fault('not-found', `${entityId(key)} can no longer be read, so nothing was written`)
    if (await isWritten(log, key, night)) return 'known'
    const { service, audit } = sealed(wheel, item.service, [draft], wheel.clock.now())
    if ((await wheel.store.commit({ key, token: item.token, service, audit })) === 'saved') return 'written'
  }
  throw new Fault('conflict', `${entityId(key)} changed ${ATTEMPTS} times while its drift report was being written`)
}

/** Whether the audit holds this day's report of the service: it can only have been written since the day ended. */
async function isWritten(log: AuditLog, { environment, name }: ServiceKey, night: Night): Promise<boolean> {
  const query = { environment, service: name, kind: 'drift-reported', since: night.days.today.to, limit: 10 } as const
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<AuditLog['page']>> = await log.page({ ...query, from })
    if (page.items.some(({ detail }) => detail?.day === night.day)) return true
    from = page.next
  } while (from !== null)
  return false
}

/** The outcome of a piece of work; null = it failed, and somebody was told. */
async function tried<T>(what: string, work: () => Promise<T>, complain: Complain): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    complain(what, error)
    return null
  }
}

function drifted(key: ServiceKey, result: Drifted['result']): Drifted {
  return { what: entityId(key), result, error: null }
}

/** The text of an error that is not of our making may hold anything, and the audit is read by many. */
function textOf(error: unknown): string {
  return error instanceof Fault ? error.message : 'an unexpected error'
}
