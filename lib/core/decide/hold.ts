import type { Facts } from '../facts.ts'
import { type Frozen, freezeText } from '../freeze.ts'
import type { Phase, Rollout } from '../rollout.ts'
import { change, type Move, note } from './move.ts'

type Known = Pick<Facts, 'freeze'>

/**
 * The freeze that keeps a rollout from a further step now; null = none does. An undo is held by none, and a rollout that
 * has not begun by none past which somebody broke the glass for it. Where nobody asked for freezes, it is held.
 */
export function heldBy(rollout: Rollout, { freeze }: Known): Frozen | null {
  return rollout.cause === 'undo' ? null : heldPast(freeze, hasBegun(rollout.phase) ? [] : rollout.unfrozen)
}

/**
 * The freeze that keeps the canary's weight from rising now, also where that was wished for before; null = none does. A
 * weight for which somebody broke the glass may become real.
 */
export function keptLowBy({ cause, unfrozen }: Rollout, { freeze }: Known): Frozen | null {
  return cause === 'undo' ? null : heldPast(freeze, unfrozen)
}

/** The ids of all freezes that hold now: what a broken glass goes past. */
export function holding({ freeze }: Known): readonly string[] {
  return freeze === null || freeze === 'unread' ? [] : [freeze, ...(freeze.besides ?? [])].map(({ id }) => id)
}

const UNREAD: Frozen = {
  id: 'unread',
  reason: 'which freezes hold was not read',
  by: 'slipway',
  since: 0,
  until: null,
  unreadable: true,
}

function heldPast(freeze: Facts['freeze'], broken: readonly string[]): Frozen | null {
  if (freeze === 'unread') return UNREAD
  if (freeze === null || !broken.includes(freeze.id)) return freeze
  return freeze.besides?.find(({ id }) => !broken.includes(id)) ?? null
}

function hasBegun(phase: Phase): boolean {
  const within = phase.kind === 'paused' ? phase.from : phase.kind
  return within !== 'preparing' && within !== 'provisioning'
}

/** Takes in that a freeze holds, or that the one that was written down is over. What was not read tells neither. */
export function thaw(move: Move, facts: Facts): Move {
  const { rollout } = move
  if (facts.freeze === 'unread') return move
  const freeze = keptLowBy(rollout, facts)
  const clocked = freeze !== null && stopsClocks(rollout, freeze) ? change(move, { frozenAt: facts.now }) : move
  const { frozen } = rollout
  if (frozen === null || frozen.id === freeze?.id || freeze?.unreadable === true) return clocked
  const { id, reason, unreadable } = frozen
  return note(change(clocked, { frozen: null }), facts, {
    kind: 'freeze-over',
    metric: 'freeze',
    notes: unreadable === true ? 'the freezes can be read again' : `freeze ${id} (${reason}) holds it no longer`,
    detail: { freeze: frozen },
  })
}

/**
 * Whether no clock runs while this holds. A record that cannot be read stops those of what it keeps back, and of a gate, which
 * nobody can open meanwhile; what would wait anyway must not wait longer because one answer of the store was lost.
 */
function stopsClocks({ frozen, phase }: Rollout, freeze: Frozen): boolean {
  return freeze.unreadable !== true || frozen !== null || (phase.kind === 'paused' && phase.why === 'gate')
}

/** Lets the rollout stay where it is, and writes down once that a freeze is the reason. */
export function hold(move: Move, facts: Facts, { besides: _, ...freeze }: Frozen, what: string): Move {
  const { frozen } = move.rollout
  if (frozen?.id === freeze.id) return change(move, { frozen: freeze })
  // What could not be read says nothing about the freeze that was written down.
  if (facts.freeze === 'unread' || (frozen !== null && freeze.unreadable === true)) return move
  return note(change(move, { frozen: freeze, frozenAt: facts.now }), facts, {
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
