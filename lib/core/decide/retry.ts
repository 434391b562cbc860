import type { Rollout } from '../rollout.ts'
import type { PendingUndo } from '../service.ts'

/** Why a rollout cannot be tried again, as a sentence; null = it can. `undo` = the one that waits, which comes first. */
export function unfitRetry({ id, phase }: Rollout, undo: PendingUndo | null): string | null {
  if (phase.kind !== 'finished') return `${id} is not finished; abort it first`
  const { outcome } = phase
  if (outcome === 'promoted' || outcome === 'unchanged')
    return `${id} is finished (${outcome}); there is nothing to retry`
  return undo === null
    ? null
    : `the undo to ${undo.push.tag} waits and begins now; retry after it, if it is still wanted`
}
