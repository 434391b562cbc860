import { lateSince } from '../core/doctor/storage.ts'
import type { Clock, RolloutStore } from '../ports.ts'

/** How many are named at most. */
const MOST_NAMED = 20

/** Names of services that were due five minutes ago and were not looked at, up to twenty, the most overdue first. Throws Fault. */
export function lateIn(
  { store, clock }: { readonly store: Pick<RolloutStore, 'due'>; readonly clock: Clock },
  environment: string,
): Promise<readonly string[]> {
  return store.due(environment, lateSince(clock.now()), MOST_NAMED)
}
