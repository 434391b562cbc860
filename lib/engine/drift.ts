import type { AuditDraft } from '../core/audit.ts'
import { type AskedService, askDrift } from '../core/drift-report/ask-drift.ts'
import { findingsOf } from '../core/drift-report/measured.ts'
import { type Night, nightOf } from '../core/drift-report/night.ts'
import { remarksOf } from '../core/drift-report/remarks.ts'
import { driftRow } from '../core/drift-report/row.ts'
import type { Rollout } from '../core/rollout.ts'
import { entityId, type ServiceKey, type ServiceState } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { AuditLog } from '../ports.ts'
import { ATTEMPTS } from './attempts.ts'
import { type Complain, measureServices } from './drift-measure.ts'
import { inLanes } from './lanes.ts'
import { servicesOf } from './services.ts'
import { sealed, type Wheel } from './wheel.ts'

/** What a night brought for one thing: a service (`environment/name`), or whatever failed, by its name. */
export interface Drifted {
  readonly what: string
  /** `known`: the report of this day stood in the audit already. */
  readonly result: 'written' | 'known' | 'failed'
  readonly error: unknown
}

/**
 * The longest that a night asks its stores and sources, in ms: a function may live for ten minutes, and the rows are written
 * after it.
 */
const ASKING_MS = 6 * 60_000
/** Rollouts that the store is asked for at once, and more of them than a service has in a week. */
const PAGE = 20
const MOST_ROLLOUTS = 500
const LATE = 'its rollouts were not read before the time of the night was up'

/**
 * Writes the drift report of the day that ended at the last midnight (UTC): one audit row for each service of these
 * environments, once, however often it is called. All KPIs of the night count as one family, also those of services whose
 * row stands already. It changes no rollout. What cannot be had stops its own part only: it is said in the row where one
 * can be written, and in the answer, where failures stand first. When `until` is aborted (by default after six minutes)
 * nothing more is asked, and every row is written with what is known by then.
 */
export async function reportDrift(
  wheel: Wheel,
  log: AuditLog,
  environments: readonly string[],
  until: AbortSignal = AbortSignal.timeout(ASKING_MS),
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
  const written = due.length === 0 ? [] : await report({ wheel, log, night, until, complain }, services, due)
  return [...failed.values(), ...known, ...written]
}

/** What every part of a night's work needs. */
interface Work {
  readonly wheel: Wheel
  readonly log: AuditLog
  readonly night: Night
  readonly until: AbortSignal
  readonly complain: Complain
}

/** Looks at all services, and writes the rows of those that are due. */
async function report(
  work: Work,
  services: readonly ServiceState[],
  due: readonly ServiceState[],
): Promise<readonly Drifted[]> {
  const { wheel, log, night, until, complain } = work
  const asked = (await inLanes(services, (service) => ask(work, service))).flatMap((one) => one ?? [])
  const measured = await measureServices(wheel, asked, until, complain)
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
async function ask({ wheel, night, until, complain }: Work, service: ServiceState): Promise<AskedService | null> {
  const name = entityId(service.key)
  let why = ''
  const noting: Complain = (what, error) => {
    why = `its rollouts could not be read (${textOf(error)})`
    complain(what, error)
  }
  if (until.aborted) return tried(name, async () => askDrift(service, LATE, night), complain)
  const since = night.days.weekBefore.from
  const asking = async () => askDrift(service, await rolloutsSince(wheel, service.key, since), night)
  const asked = await tried(`the rollouts of ${name}`, asking, noting)
  return asked ?? tried(name, async () => askDrift(service, why, night), complain)
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
