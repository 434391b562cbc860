import type { Facts } from '../facts.ts'
import { type Frozen, freezeText } from '../freeze.ts'
import type { Rollout } from '../rollout.ts'
import { change, type Move, note } from './move.ts'

/**
 * The freeze that holds a rollout back now; null = none does. An undo is held by none, and neither is the next step of a
 * rollout for which somebody broke the glass.
 */
export function heldBy({ cause, unfrozen }: Rollout, { freeze }: Pick<Facts, 'freeze'>): Frozen | null {
  return cause === 'undo' || unfrozen ? null : freeze
}

/** Takes in that a freeze holds, or that the one that was written down is over. */
export function thaw(move: Move, facts: Facts): Move {
  const { rollout } = move
  const freeze = heldBy(rollout, facts)
  const clocked = freeze === null ? move : change(move, { frozenAt: facts.now })
  const { frozen } = rollout
  if (frozen === null || frozen.id === freeze?.id) return clocked
  return note(change(clocked, { frozen: null }), facts, {
    kind: 'freeze-over',
    metric: 'freeze',
    notes: `freeze ${frozen.id} (${frozen.reason}) holds it no longer`,
    detail: { freeze: frozen },
  })
}

/** Lets the rollout stay where it is, and writes down once that a freeze is the reason. */
export function hold(move: Move, facts: Facts, freeze: Frozen, what: string): Move {
  const known = move.rollout.frozen?.id === freeze.id
  const held = change(move, { frozen: freeze })
  if (known) return held
  return note(held, facts, {
    kind: 'freeze-held',
    metric: 'freeze',
    notes: `${what} waits: held by ${freezeText(freeze)}`,
    detail: { freeze },
  })
}

/** From when a phase's time to do something counts: no clock runs while a freeze holds. */
export function clockFrom({ frozenAt }: Pick<Rollout, 'frozenAt'>, since: number): number {
  return Math.max(since, frozenAt ?? since)
}
