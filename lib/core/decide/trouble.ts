import type { Trouble } from '../app.ts'
import type { Facts } from '../facts.ts'
import type { Rollout } from '../rollout.ts'
import { change, enter, type Move, note } from './move.ts'

const FIRST_WAIT_MS = 15_000
const LONGEST_WAIT_MS = 300_000
/** While the canary has traffic that it must lose, every refused attempt is followed by another within a minute. */
const LONGEST_ROLLBACK_WAIT_MS = 60_000
/** A throttled rollback goes on at once, whatever the other side asks for: it has a share of the calls for itself. */
const THROTTLED_ROLLBACK_WAIT_MS = 2_000

/**
 * Takes in that the outside refused: written down when it begins or changes its kind, counted after that. Traffic stays
 * where it is; the next attempt comes later each time (15 s doubling to 5 min, or what the other side asked for).
 */
export function troubled(move: Move, facts: Facts, trouble: Trouble, during: 'look' | 'deed'): Move {
  const old = move.rollout.trouble
  const same = old !== null && old.kind === trouble.kind && old.during === during
  const count = same ? old.count + 1 : 1
  const since = same ? old.since : facts.now
  const retryAt = facts.now + waitMs(move.rollout, trouble, count)
  const taken = change(move, { trouble: { ...trouble, during, since, retryAt, count } })
  if (same) return taken
  return note(taken, facts, { kind: 'trouble', metric: trouble.kind, notes: trouble.message })
}

/** Takes in that what was refused has worked now. */
export function untroubled(move: Move, facts: Facts, during: 'look' | 'deed'): Move {
  const { trouble } = move.rollout
  if (trouble === null || trouble.during !== during) return move
  return note(change(move, { trouble: null }), facts, {
    kind: 'trouble-over',
    metric: trouble.kind,
    notes: `over after ${trouble.count} attempt${trouble.count === 1 ? '' : 's'}: ${trouble.message}`,
  })
}

/** Whether an attempt at a deed would come too early. */
export function mustWait(rollout: Rollout, now: number): boolean {
  const { trouble } = rollout
  if (trouble === null) return false
  const left = trouble.retryAt - now
  // A wait longer than any that is ever set was set by a clock that has gone back since.
  return left > 0 && left <= waitMs(rollout, trouble, Number.POSITIVE_INFINITY)
}

/** Whether all that keeps a rollback from Azure is that Azure takes few calls now. */
export function isThrottledRollback({ phase }: Rollout, trouble: Trouble | null): boolean {
  return phase.kind === 'rolling-back' && trouble?.kind === 'throttled'
}

function waitMs(rollout: Rollout, trouble: Trouble, count: number): number {
  const asked = trouble.retryAfterMs ?? 0
  if (isThrottledRollback(rollout, trouble)) return THROTTLED_ROLLBACK_WAIT_MS
  if (rollout.phase.kind === 'rolling-back') return Math.max(FIRST_WAIT_MS, Math.min(asked, LONGEST_ROLLBACK_WAIT_MS))
  return Math.max(Math.min(FIRST_WAIT_MS * 2 ** Math.min(count - 1, 10), LONGEST_WAIT_MS), asked)
}

/**
 * Takes in that a deed was refused after its wish was stored. What passes by itself is tried again; what only a person
 * can mend parks the rollout with traffic as it is. A rollback is never parked.
 */
export function refusedDeed(move: Move, facts: Facts, trouble: Trouble): Move {
  const { phase } = move.rollout
  const passing = trouble.kind === 'conflict' || trouble.kind === 'throttled' || trouble.kind === 'unavailable'
  if (passing || phase.kind === 'rolling-back' || phase.kind === 'finished')
    return troubled(move, facts, trouble, 'deed')
  const because = `Azure refused: ${trouble.message}; resume tries again, abort takes the canary out`
  const from = phase.kind === 'paused' ? phase.from : phase.kind
  const stage = phase.kind === 'progressing' || phase.kind === 'paused' ? phase.stage : -1
  const steadyAt = phase.kind === 'progressing' || phase.kind === 'paused' ? phase.steadyAt : null
  const parked = enter(move, { kind: 'paused', why: 'fault', because, since: facts.now, from, stage, steadyAt })
  return note(parked, facts, { kind: 'paused', metric: trouble.kind, notes: because })
}
