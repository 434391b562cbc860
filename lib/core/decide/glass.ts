import type { Command, Facts } from '../facts.ts'
import { type Move, note } from './move.ts'

/** Who breaks the glass says why, in so many characters at least. */
export const LEAST_REASON = 10

const BREAKING: readonly Command['verb'][] = ['promote', 'promote-full', 'approve', 'retry']

/** Why a command may not break the glass, as a sentence; null = it may, or does not want to. */
export function unfitOverride({ override, verb, reason }: Command): string | null {
  if (!override) return null
  if (!BREAKING.includes(verb)) return `${verb} needs no override: freezes and approvals never hold it back`
  if (reason.trim().length >= LEAST_REASON) return null
  return `breaking the glass needs a reason of ${LEAST_REASON} characters or more: it stands in the audit for good`
}

/** Writes down, before the deed itself, everything that a command goes past. Nothing where it goes past nothing. */
export function breakGlass(move: Move, facts: Facts, command: Command, past: readonly string[]): Move {
  if (past.length === 0) return move
  const { verb, actor, reason } = command
  return note(move, facts, {
    kind: 'break-glass',
    metric: 'override',
    value: past.length,
    actor,
    notes: `${actor} broke the glass with ${verb}, past ${past.join('; past ')}: ${reason}`,
    detail: { verb, past, reason },
  })
}
