import type { Rollout } from '../rollout.ts'

/** Why a rollout cannot be tried again, as a sentence; null = it can. */
export function unfitRetry({ id, phase }: Rollout): string | null {
  if (phase.kind !== 'finished') return `${id} is not finished; abort it first`
  const { outcome } = phase
  if (outcome !== 'promoted' && outcome !== 'unchanged') return null
  return `${id} is finished (${outcome}); there is nothing to retry`
}
