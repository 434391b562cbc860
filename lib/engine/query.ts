import { type Caller, mayDo, type Place } from '../core/caller.ts'
import { csv, type PresentedRow, presented } from '../core/export.ts'
import type { ServiceKey } from '../core/service.ts'
import { type Status, statusOf } from '../core/status.ts'
import type { AuditLog, AuditQuery, EventLog, EventRecord, Loaded, Page } from '../ports.ts'
import { type FrozenAt, freezesNow } from './frozen.ts'
import { checkReadable, type Wheel } from './wheel.ts'

/** Which service a name means: the one environment that has it, or the one that was named. */
export type Located =
  | { readonly kind: 'found'; readonly key: ServiceKey; readonly item: Loaded }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ambiguous'; readonly environments: readonly string[] }

/**
 * Finds a service by name in `environments`. One that `caller` may not see is as good as not there; one that is there and cannot be
 * read is never mistaken for another. Throws Fault, `unavailable` where its rows are in quarantine.
 */
export async function locate(
  wheel: Wheel,
  environments: readonly string[],
  name: string,
  caller: Caller,
): Promise<Located> {
  const seen = environments.filter((environment) => mayDo(caller, 'see', { environment, name }))
  const loads = await Promise.all(seen.map((environment) => wheel.store.load(environment, [name])))
  const isHeld = (environment: string) => wheel.heldBy?.({ environment, name }) != null
  const there = seen.filter((environment, at) => loads[at]?.length !== 0 || isHeld(environment))
  const [item] = loads.flat()
  if (item === undefined) {
    for (const environment of there)
      checkReadable(wheel, { environment, name }, 'traffic stays where it is until it can be')
    return { kind: 'unknown' }
  }
  return there.length > 1 ? { kind: 'ambiguous', environments: there } : { kind: 'found', key: item.service.key, item }
}

/** A service as it stands now, in words. `frozenAt` spares a read where many of one environment are asked for. Throws Fault. */
export async function statusFor(wheel: Wheel, item: Loaded, frozenAt?: FrozenAt): Promise<Status> {
  const { environment, name } = item.service.key
  const tell = frozenAt ?? (await freezesNow(wheel, environment))
  const now = wheel.clock.now()
  return statusOf(item.service, item.rollout, now, tell(name, now))
}

/**
 * One page of the audit, ready to leave the house, and where the next one begins. Rows of services that `caller` may not
 * see are left out, so that a page may be shorter than was asked for, and empty.
 */
export async function auditPage(
  log: AuditLog,
  query: AuditQuery,
  caller: Caller,
): Promise<{ readonly items: readonly PresentedRow[]; readonly csv: () => string; readonly next: string | null }> {
  const page = await log.page(query)
  const items = page.items.filter(({ entityId }) => mayDo(caller, 'see', placeOf(entityId)))
  return { items: items.map(presented), csv: () => csv(items), next: page.next }
}

/** One page of what became of events. Those about services that `caller` may not see, or about none, are left out. */
export async function eventPage(
  events: EventLog,
  limit: number,
  from: string | null,
  caller: Caller,
): Promise<Page<EventRecord>> {
  const { items, next } = await events.page(limit, from)
  const nowhere: Place = { environment: null, name: null }
  const seen = (entityId: string | null) => mayDo(caller, 'see', entityId === null ? nowhere : placeOf(entityId))
  return { items: items.filter(({ entityId }) => seen(entityId)), next }
}

/** What `environment/service`, or an environment alone, means as a place. */
export function placeOf(entityId: string): Place {
  const [environment = '', name = null] = entityId.split('/')
  return { environment, name }
}

/** Whether `caller` may see anything at all in an environment. */
export function seesSomeOf({ grants }: Caller, environment: string): boolean {
  return grants.some(({ environments }) => environments === null || environments.includes(environment))
}
