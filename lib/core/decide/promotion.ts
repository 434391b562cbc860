import { bakeEnds } from '../ask.ts'
import type { Facts } from '../facts.ts'
import type { Rollout } from '../rollout.ts'
import { weightsSeen } from '../traffic.ts'
import { change, finish, type Move, note } from './move.ts'

/** The last step is over: the canary serves all traffic, and that was seen. `how` = what ended the step, where that is to be told. */
export function promoted(move: Move, facts: Facts, how: string | null = null): Move {
  const { canary } = move.rollout
  const confirmed = note(move, facts, {
    kind: 'promotion-confirmed',
    metric: 'canary-weight',
    value: 100,
    weightsAfter: facts.app.kind !== 'unseen' ? weightsSeen(facts.app.app) : null,
    notes: `${how === null ? '' : `${how}; `}${canary} serves all traffic`,
    evidence: facts.verdict?.kind === 'pass' ? facts.verdict.evidence : [],
  })
  // In a last step without a bake nothing was judged to its end: an unclear verdict would only confuse.
  const verdict = facts.verdict?.kind === 'pass' ? facts.verdict : null
  return ended(change(confirmed, { verdict }), facts)
}

/** Finishes a rollout as promoted; what it replaced is left to drain. */
export function ended(move: Move, facts: Facts): Move {
  const { stable, canary, leftovers } = move.rollout
  const idle = stable === null ? [] : [stable, ...leftovers]
  return finish(change(move, { leftovers: idle }), facts, 'promoted', `${canary} serves all traffic`)
}

/** With `promote-never` a step whose bake is over is promoted on a pass only. */
export function isForbidden(rollout: Rollout, facts: Facts, isUnclear: boolean): boolean {
  if (rollout.manifest.analysis.onInconclusive.then !== 'promote-never' || facts.verdict?.kind === 'pass') return false
  return isUnclear || facts.now >= bakeEnds(rollout)
}
