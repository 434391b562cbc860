import type { AuditDraft, AuditRow } from '../core/audit.ts'
import { seal } from '../core/chain.ts'
import type { Command } from '../core/facts.ts'
import type { WindowOf } from '../core/freeze.ts'
import type { ServiceKey, ServiceState, TagPattern } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type {
  Bell,
  BucketLog,
  Catalogue,
  Clock,
  ContainerApps,
  EventLog,
  Freezes,
  Metrics,
  People,
  Registry,
  Restarts,
  RolloutStore,
} from '../ports.ts'
import type { Infirmary } from './infirmary.ts'

/** Everything the engine turns with: the sockets, and pure functions that need a library. */
export interface Wheel {
  readonly clock: Clock
  readonly store: RolloutStore
  readonly catalogue: Catalogue
  readonly events: EventLog
  readonly buckets: BucketLog
  readonly freezes: Freezes
  readonly apps: ContainerApps
  readonly metrics: Metrics
  readonly restarts: Restarts
  readonly registry: Registry
  readonly bell: Bell
  /** Why a service cannot be read, as far as is known here; null = it can, or is not there. Absent = nobody can tell. */
  readonly heldBy?: (key: ServiceKey) => string | null
  /** Services that break our own code; absent = nobody looks after them. */
  readonly infirmary?: Infirmary
  /** Where people stand behind pseudonyms; absent = authors of pushes are kept as their registry names them. */
  readonly people?: People
  /** How long a function may live, milliseconds: no writer wakes later than that after its last look. */
  readonly longestLifeMs: number
  /** SHA-256 of a text, hex. */
  readonly digest: (text: string) => string
  readonly matchesTag: (pattern: TagPattern, tag: string) => boolean
  /** The window of a freeze that is open at a moment; null = none. */
  readonly openWindow: WindowOf
  /** The window that is open, or the next; null = none comes. */
  readonly nextWindow: WindowOf
}

/** Rings for looks to come. A bell that is out of order does no harm: the timer sweeps all that is due. */
export async function ringFor(wheel: Wheel, calls: Parameters<Bell['ring']>[0]): Promise<void> {
  if (calls.length === 0) return
  try {
    await wheel.bell.ring(calls)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
  }
}

/** How soon a row that cannot be read is looked at again, at the most often. */
const UNREADABLE_MS = 60_000

/** Refuses a service that was not loaded though it is there: its rows are in quarantine. Throws Fault `unavailable`, with the item's id. */
export function checkReadable({ heldBy }: Pick<Wheel, 'heldBy'>, key: ServiceKey, then: string): void {
  const why = heldBy?.(key) ?? null
  if (why !== null) throw new Fault('unavailable', `${why}; ${then}`, { retryAfterMs: UNREADABLE_MS })
}

/**
 * Rows ready to be stored, and the service with its chain moved on; the service unchanged where there are no rows. Those that
 * say what `command` did also say under which request, and how whoever asked was known.
 */
export function sealed(
  wheel: Wheel,
  service: ServiceState,
  drafts: readonly AuditDraft[],
  now: number,
  command: Command | null = null,
): { readonly service: ServiceState; readonly audit: readonly AuditRow[] } {
  if (drafts.length === 0) return { service, audit: [] }
  const { rows, chain } = seal(service, command === null ? drafts : askedBy(command, drafts), now, wheel.digest)
  return { service: { ...service, chain }, audit: rows }
}

function askedBy({ id, actor, asked }: Command, drafts: readonly AuditDraft[]): readonly AuditDraft[] {
  if (asked === undefined) return drafts
  const isTheirs = (draft: AuditDraft) => draft.actor === actor
  return drafts.map((draft) =>
    isTheirs(draft) ? { ...draft, detail: { ...draft.detail, asked: { ...asked, command: id } } } : draft,
  )
}
