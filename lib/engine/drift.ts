import { type AskedKpi, type AskedService, askDrift } from '../core/drift-report/ask-drift.ts'
import type { DriftFinding } from '../core/drift-report/drift-of.ts'
import {
  findingsOf,
  type MeasuredDay,
  type MeasuredKpi,
  measuredDay,
  measuredKpi,
} from '../core/drift-report/measured.ts'
import { type DayName, type Night, nightOf } from '../core/drift-report/night.ts'
import { remarksOf } from '../core/drift-report/remarks.ts'
import { driftRow } from '../core/drift-report/row.ts'
import type { Rollout } from '../core/rollout.ts'
import { entityId, type ServiceKey, type ServiceState } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { AuditLog } from '../ports.ts'
import { inLanes, servicesOf } from './drift-services.ts'
import { ATTEMPTS, sealed, type Wheel } from './wheel.ts'

/** What a night brought for one thing: a service (`environment/name`), or an environment or source that gave no answer. */
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
 * can be written, and in the answer.
 */
export async function reportDrift(
  wheel: Wheel,
  log: AuditLog,
  environments: readonly string[],
): Promise<readonly Drifted[]> {
  const night = nightOf(wheel.clock.now())
  const listed = await inLanes(environments, (name) => tried(name, () => servicesOf(wheel, name)))
  const services = listed.flatMap(({ value }) => value ?? [])
  const stands = await inLanes(services, ({ key }) => tried(entityId(key), () => isWritten(log, key, night)))
  const known = services.filter((_, place) => stands[place]?.value === true)
  const answers = [...failures(listed), ...known.map(({ key }) => drifted(entityId(key), 'known'))]
  if (known.length === services.length) return answers
  const asked = await inLanes(services, (service) => ask(wheel, service, night))
  const { measured, troubles } = await measure(wheel, asked)
  const all = asked.flatMap(({ kpis }) => kpis)
  const findings = Map.groupBy(findingsOf(all, measured), ({ service }) => service)
  const written = await inLanes(
    asked.filter(({ service }) => !known.includes(service)),
    (one) => write(wheel, log, night, one, findings.get(entityId(one.service.key)) ?? [], measured),
  )
  return [...answers, ...troubles, ...written]
}

async function ask(wheel: Wheel, service: ServiceState, night: Night): Promise<AskedService> {
  const { from } = night.days.weekBefore
  const { value, error } = await tried('rollouts', () => rolloutsSince(wheel, service.key, from))
  return askDrift(service, value ?? `its rollouts could not be read (${textOf(error)})`, night)
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

/** What was measured, by KPI, and the sources that could not even be asked. */
interface MeasuredNight {
  readonly measured: ReadonlyMap<AskedKpi, MeasuredKpi>
  readonly troubles: readonly Drifted[]
}

/** Measures everything, fifty services at a time: their days are compared and let go before the next are read. */
async function measure(wheel: Wheel, asked: readonly AskedService[]): Promise<MeasuredNight> {
  const measured = new Map<AskedKpi, MeasuredKpi>()
  const troubles = new Map<string, Drifted>()
  for (let start = 0; start < asked.length; start += TOGETHER) {
    const kpis = asked.slice(start, start + TOGETHER).flatMap((one) => one.kpis)
    const trouble = (one: Drifted) => void troubles.set(one.what, one)
    const today = await measureDay(wheel, kpis, 'today', trouble)
    const dayBefore = await measureDay(wheel, kpis, 'dayBefore', trouble)
    const weekBefore = await measureDay(wheel, kpis, 'weekBefore', trouble)
    for (const kpi of kpis) {
      const days = { today: today(kpi), dayBefore: dayBefore(kpi), weekBefore: weekBefore(kpi) }
      measured.set(kpi, measuredKpi(kpi, days))
    }
  }
  return { measured, troubles: [...troubles.values()] }
}

/**
 * Measures one day in bulk: one question to each source. A question that spans days would make its source read all that
 * lies between them. A source that throws is silent, and alone.
 */
async function measureDay(
  wheel: Wheel,
  kpis: readonly AskedKpi[],
  name: DayName,
  trouble: (one: Drifted) => void,
): Promise<(kpi: AskedKpi) => MeasuredDay> {
  const queries = kpis.flatMap(({ days }) => days[name].queries)
  const sources = [...Map.groupBy(queries, ({ kpi }) => kpi.source.kind)]
  const answers = await Promise.all(sources.map(([kind, own]) => tried(kind, () => wheel.metrics.read(own))))
  for (const one of failures(answers)) trouble(one)
  const readings = new Map(answers.flatMap(({ value }) => value ?? []).map((reading) => [reading.id, reading]))
  return ({ days }) => measuredDay(days[name], readings)
}

async function write(
  wheel: Wheel,
  log: AuditLog,
  night: Night,
  asked: AskedService,
  findings: readonly DriftFinding[],
  measured: ReadonlyMap<AskedKpi, MeasuredKpi>,
): Promise<Drifted> {
  const { key } = asked.service
  const draft = driftRow(findings, remarksOf(asked, findings, measured, night), night.day)
  const { value, error } = await tried(entityId(key), () => writeOnce(wheel, log, night, key, draft))
  return drifted(entityId(key), value ?? 'failed', error)
}

/**
 * Writes the row unless it stands. It is looked for after the load and before the commit: whoever wrote it before the load
 * is seen, and whoever writes it after the load has moved the service's chain on, so that the commit is a conflict.
 */
async function writeOnce(
  wheel: Wheel,
  log: AuditLog,
  night: Night,
  key: ServiceKey,
  draft: ReturnType<typeof driftRow>,
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

/** What came of a piece of work; `value` null = it failed, with its error. */
interface Tried<T> {
  readonly what: string
  readonly value: T | null
  readonly error: unknown
}

async function tried<T>(what: string, work: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { what, value: await work(), error: null }
  } catch (error) {
    return { what, value: null, error }
  }
}

function failures(all: readonly Tried<unknown>[]): readonly Drifted[] {
  return all.flatMap(({ what, value, error }) => (value === null ? [drifted(what, 'failed', error)] : []))
}

function drifted(what: string, result: Drifted['result'], error: unknown = null): Drifted {
  return { what, result, error }
}

/** The text of an error that is not of our making may hold anything, and the audit is read by many. */
function textOf(error: unknown): string {
  return error instanceof Fault ? error.message : 'an unexpected error'
}
