import type { Command, Facts } from '../facts.ts'
import { holding } from './hold.ts'
import { change, type Move, note } from './move.ts'

/** Who breaks the glass says why, in so many characters at least. */
export const LEAST_REASON = 10

const BREAKING: readonly Command['verb'][] = ['promote', 'promote-full', 'approve', 'retry']

/** Whether a verb can break the glass at all: nothing holds back the others, so that `override` changes nothing there. */
export function isBreaking(verb: Command['verb']): boolean {
  return BREAKING.includes(verb)
}

/** Why a command may not break the glass, as a sentence; null = it may, or has no need to. */
export function unfitOverride({ override, verb, reason }: Command): string | null {
  if (!override || !isBreaking(verb)) return null
  if (reason.trim().length >= LEAST_REASON) return null
  return `breaking the glass needs a reason of ${LEAST_REASON} characters or more: it stands in the audit for good`
}

/** Binds a broken glass to the freezes of this moment, until the weight of the step that it began is real. */
export function unfrozenFor(move: Move, facts: Facts, { override }: Command): Move {
  const { phase } = move.rollout
  return override && phase.kind === 'progressing' && phase.steadyAt === null
    ? change(move, { unfrozen: holding(facts) })
    : move
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
