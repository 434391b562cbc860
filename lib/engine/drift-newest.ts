import { type Caller, mayDo } from '../core/caller.ts'
import { type DriftReport, reportIn, reportsText } from '../core/drift-report/row.ts'
import { entityId } from '../core/service.ts'
import type { AuditLog } from '../ports.ts'
import { servicesOf } from './services.ts'
import type { Wheel } from './wheel.ts'

/** The newest drift report of every service, and the services (`environment/name`) that have none. */
export interface NewestDrift {
  readonly reports: readonly PresentedDrift[]
  readonly without: readonly string[]
  /** All of it as Markdown. */
  readonly text: () => string
}

/** A drift report as it leaves the house: its time is ISO 8601 (UTC). */
export type PresentedDrift = Omit<DriftReport, 'reportedAt'> & { readonly reportedAt: string }

const DAY_MS = 86_400_000
/** A service that was looked at in none of these has no report: older ones stand in the audit. */
const DRIFT_DAYS = 8
const PAGE = 100

/** What the nights said last of every service of these environments that `caller` may see, by environment and name. Throws Fault. */
export async function newestDrift(
  wheel: Wheel,
  log: AuditLog,
  environments: readonly string[],
  caller: Caller,
): Promise<NewestDrift> {
  const all = await Promise.all(environments.map((environment) => newestOf(wheel, log, environment, caller)))
  const reports = all.flatMap((one) => one.reports)
  const without = all.flatMap((one) => one.without)
  const presented = reports.map((report) => ({ ...report, reportedAt: new Date(report.reportedAt).toISOString() }))
  return { reports: presented, without, text: () => reportsText(reports, without) }
}

interface Newest {
  readonly reports: readonly DriftReport[]
  readonly without: readonly string[]
}

async function newestOf(wheel: Wheel, log: AuditLog, environment: string, caller: Caller): Promise<Newest> {
  const services = await servicesOf(wheel, environment)
  const names = services.filter(({ key }) => mayDo(caller, 'see', key)).map(({ key }) => entityId(key))
  const since = wheel.clock.now() - DRIFT_DAYS * DAY_MS
  const found = new Map<string, DriftReport>()
  let from: string | null = null
  do {
    const query = { environment, kind: 'drift-reported', since, limit: PAGE, from } as const
    const page: Awaited<ReturnType<AuditLog['page']>> = await log.page(query)
    for (const row of page.items) {
      const report = reportIn(row)
      if (report !== null && !found.has(report.service)) found.set(report.service, report)
    }
    from = names.every((name) => found.has(name)) ? null : page.next
  } while (from !== null)
  const reports = names.flatMap((name) => found.get(name) ?? [])
  return { reports, without: names.filter((name) => !found.has(name)) }
}
