import type { AuditDraft } from '../core/audit.ts'
import { isReleased, type Owed, type Quarantined } from '../core/quarantine.ts'
import { owing, withoutPaid } from '../core/quarantine-row.ts'
import type { Clock, Quarantine, QuarantinedLoaded } from '../ports.ts'
import { ATTEMPTS } from './attempts.ts'
import type { Tell } from './ward-teller.ts'

/** What telling of items needs. */
export interface Telling {
  readonly quarantine: Quarantine
  readonly clock: Clock
  readonly tell: Tell
  /** What is of no environment is told in all of these. */
  readonly environments: readonly string[]
}

/** The item as it is to be stored, owing its audit a row; what is of no environment owes it to all of them. */
export function owingHere({ environments, clock }: Telling, item: Quarantined, row: AuditDraft): Quarantined {
  return owing(item, row, item.environment === null ? environments : [item.environment], clock.now())
}

/**
 * Writes down what an item owes, each row once: whoever dies between a row and the note of it finds the row written when it
 * is brought again. One that is well again goes once nothing is owed. One environment whose chain cannot be written stops
 * none of the others. Throws Fault where nothing of what was owed could be written.
 */
export async function pay(options: Telling, of: Pick<Quarantined, 'environment' | 'id'>): Promise<void> {
  const { quarantine } = options
  const paid = new Map<string, Set<string>>()
  const failed: unknown[] = []
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const loaded = await quarantine.find(of.environment, of.id)
    if (loaded === null) return
    if (attempt === 0) await payAll(options, loaded.item.owed ?? [], paid, failed)
    if (paid.size === 0 && failed.length > 0) throw failed[0]
    if ((await settle(options, loaded, withoutPaid(loaded.item, paid))) === 'saved') return
  }
}

async function settle({ quarantine }: Telling, { item, token }: QuarantinedLoaded, left: Quarantined) {
  if (isReleased(left) && left.owed?.length === 0) return quarantine.remove(item, token)
  return placesOwed(left) === placesOwed(item) ? ('saved' as const) : quarantine.keep(left, token)
}

/** In how many places something is still to be written: also what one of two environments has is noted. */
function placesOwed({ owed = [] }: Quarantined): number {
  return owed.reduce((sum, { environments }) => sum + environments.length, 0)
}

async function payAll(
  options: Telling,
  owed: readonly Owed[],
  paid: Map<string, Set<string>>,
  failed: unknown[],
): Promise<void> {
  for (const { id, row, environments } of owed) {
    const told = await Promise.allSettled(environments.map((environment) => options.tell(environment, id, row)))
    const there = environments.filter((_, index) => told[index]?.status === 'fulfilled')
    if (there.length > 0) paid.set(id, new Set(there))
    failed.push(...told.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])))
  }
}
