import { csv, type PresentedRow, presented } from '../core/export.ts'
import type { ServiceKey, ServiceState } from '../core/service.ts'
import { type Status, statusOf } from '../core/status.ts'
import type { AuditLog, AuditQuery, Loaded } from '../ports.ts'
import type { Wheel } from './wheel.ts'

/** Which service a name means: the one environment that has it, or the one that was named. */
export type Located =
  | { readonly kind: 'found'; readonly key: ServiceKey; readonly item: Loaded }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ambiguous'; readonly environments: readonly string[] }

/** Finds a service by name in `environments`. */
export async function locate(wheel: Wheel, environments: readonly string[], name: string): Promise<Located> {
  const loads = await Promise.all(environments.map((environment) => wheel.store.load(environment, [name])))
  const [found, another] = loads.flat()
  if (found === undefined) return { kind: 'unknown' }
  if (another === undefined) return { kind: 'found', key: found.service.key, item: found }
  return { kind: 'ambiguous', environments: loads.flat().map((item) => item.service.key.environment) }
}

/** A service as it stands now, in words. */
export function statusFor(wheel: Wheel, item: Loaded): Status {
  return statusOf(item.service, item.rollout, wheel.clock.now())
}

/** All services of the environments as they stand, by environment and name. */
export async function statuses(wheel: Wheel, environments: readonly string[]): Promise<readonly Status[]> {
  const all = await Promise.all(environments.map((environment) => statusesOf(wheel, environment)))
  return all.flat()
}

async function statusesOf(wheel: Wheel, environment: string): Promise<readonly Status[]> {
  const services: ServiceState[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<Wheel['catalogue']['list']>> = await wheel.catalogue.list(environment, PAGE, from)
    services.push(...page.items)
    from = page.next
  } while (from !== null)
  const loaded = await wheel.store.load(
    environment,
    services.map((service) => service.key.name),
  )
  return loaded.map((item) => statusFor(wheel, item))
}

const PAGE = 100

/** One page of the audit, ready to leave the house, and where the next one begins. */
export async function auditPage(
  log: AuditLog,
  query: AuditQuery,
): Promise<{ readonly items: readonly PresentedRow[]; readonly csv: () => string; readonly next: string | null }> {
  const page = await log.page(query)
  return { items: page.items.map(presented), csv: () => csv(page.items), next: page.next }
}
