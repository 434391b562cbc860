import type { AuditRow } from '../core/audit.ts'
import { type Caller, mayDo } from '../core/caller.ts'
import {
  type DELIVERY_KINDS,
  type Delivery,
  deliveriesOf,
  type Measured,
  measure,
  type Window,
} from '../core/delivery.ts'
import { entityId } from '../core/service.ts'
import type { AuditLog, Page } from '../ports.ts'
import { servicesOf } from './services.ts'
import type { Wheel } from './wheel.ts'

/** The four measures of one service, or (service null) of a whole environment. */
export interface DeliveryItem extends Measured {
  readonly environment: string
  readonly service: string | null
}

/** The measures over a window; `from` inclusive, `to` exclusive, ISO 8601 in UTC. Or why there are too many rows to count. */
export type DeliveryAnswer =
  | { readonly kind: 'report'; readonly from: string; readonly to: string; readonly items: readonly DeliveryItem[] }
  | { readonly kind: 'too-much'; readonly because: string }

/** What is asked for, and by whom: what they may not see is left out. */
export interface DeliveryAsk extends Window {
  readonly environments: readonly string[]
  /** Null = every service. */
  readonly service: string | null
  readonly caller: Caller
}

const DAY_MS = 86_400_000
/** How long before the window a rollout that ends in it may have begun, and how long after it an undo may still come. */
const MARGIN_MS = 30 * DAY_MS
const PAGE = 1000
/** Pages per kind and environment: some ten thousand rollouts. */
const MOST_PAGES = 40

/**
 * Measures delivery from the audit alone: each environment as a whole, where the caller may see all of it, then its services
 * that have a manifest, by name. Rows are read of up to 30 days before the window, for the starts of what ended in it, and
 * after it, for what was undone later. Throws Fault.
 */
export async function deliveryReport(wheel: Wheel, log: AuditLog, ask: DeliveryAsk): Promise<DeliveryAnswer> {
  const found = await Promise.all(ask.environments.map((environment) => itemsOf(wheel, log, environment, ask)))
  const full = ask.environments.filter((_, place) => found[place] === null)
  if (full.length > 0) {
    const because = `${full.join(' and ')} had more rollouts in this window than are counted at once; ask for a shorter window, or for one service`
    return { kind: 'too-much', because }
  }
  const [from, to] = [ask.from, ask.to].map((at) => new Date(at).toISOString()) as [string, string]
  return { kind: 'report', from, to, items: found.flatMap((items) => items ?? []) }
}

async function itemsOf(
  wheel: Wheel,
  log: AuditLog,
  environment: string,
  ask: DeliveryAsk,
): Promise<readonly DeliveryItem[] | null> {
  const keys = (await servicesOf(wheel, environment)).map(({ key }) => key)
  const seen = keys.filter((key) => (ask.service === null || key.name === ask.service) && mayDo(ask.caller, 'see', key))
  if (seen.length === 0) return []
  const rows = await rowsFor(log, environment, ask, wheel.clock.now())
  if (rows === null) return null
  const deliveries = Map.groupBy(deliveriesOf(rows), (delivery) => delivery.entityId)
  const item = (service: string | null, of: readonly Delivery[]) => ({ environment, service, ...measure(of, ask) })
  const mine = seen.map((key) => ({ key, of: deliveries.get(entityId(key)) ?? [] }))
  const services = mine.map(({ key, of }) => item(key.name, of))
  const isWhole = ask.service === null && mayDo(ask.caller, 'see', { environment, name: null })
  return isWhole
    ? [
        item(
          null,
          mine.flatMap(({ of }) => of),
        ),
        ...services,
      ]
    : services
}

/** The rows that tell of all rollouts that ended in the window; null where there are too many. */
async function rowsFor(
  log: AuditLog,
  environment: string,
  { from, to, service }: DeliveryAsk,
  now: number,
): Promise<readonly AuditRow[] | null> {
  const read = (
    kind: (typeof DELIVERY_KINDS)[number],
    since: number,
    until: number,
  ): Promise<readonly AuditRow[] | null> =>
    allRows(log, { environment, kind, since, until, ...(service === null ? {} : { service }) })
  const after = Math.max(to, Math.min(to + MARGIN_MS, now + 1))
  const [finished, started] = await Promise.all([
    read('finished', from - MARGIN_MS, after),
    read('rollout-started', from - MARGIN_MS, after),
  ])
  if (finished === null || started === null) return null
  const since = startOf(finished, started, from)
  const [weights, undos] = await Promise.all([read('weights-confirmed', since, to), read('undo-requested', since, to)])
  return weights === null || undos === null ? null : [...finished, ...started, ...weights, ...undos]
}

/** When the earliest rollout began that ended in the window or later; the window's own start where none did. */
function startOf(finished: readonly AuditRow[], started: readonly AuditRow[], from: number): number {
  const ended = new Set(finished.filter(({ happenedAt }) => happenedAt >= from).map(idOf))
  return started.filter((row) => ended.has(idOf(row))).reduce((first, row) => Math.min(first, row.happenedAt), from)
}

function idOf({ entityId: entity, rollout }: AuditRow): string {
  return `${entity}#${rollout}`
}

async function allRows(
  log: AuditLog,
  query: Omit<Parameters<AuditLog['page']>[0], 'limit' | 'from'>,
): Promise<readonly AuditRow[] | null> {
  const rows: AuditRow[] = []
  let from: string | null = null
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page: Page<AuditRow> = await log.page({ ...query, limit: PAGE, from })
    rows.push(...page.items)
    if (page.next === null) return rows
    from = page.next
  }
  return null
}
