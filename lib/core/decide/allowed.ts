import { gateOf } from '../approval.ts'
import { type Command, type Facts, VERBS, type Verb } from '../facts.ts'
import type { Frozen } from '../freeze.ts'
import type { Rollout } from '../rollout.ts'
import { nothingSeen } from './move.ts'
import { obey } from './obey.ts'
import { unfitRetry } from './retry.ts'

/**
 * What a rollout's state lets somebody ask for now, by the rules that a command meets itself. Who may ask is another
 * matter: an approver is taken to be one whom the gate accepts. An undo is offered once something was promoted.
 */
export function allowedVerbs(rollout: Rollout, freeze: Frozen | null, now: number): readonly Verb[] {
  const facts: Facts = { ...nothingSeen(now), verdict: rollout.verdict, freeze }
  return VERBS.filter((verb) => {
    if (verb === 'retry') return unfitRetry(rollout) === null
    if (verb === 'undo') return isUndoable(rollout)
    return obey({ rollout, rows: [] }, facts, asker(rollout, verb, now)).kind === 'done'
  })
}

/** Whether something served before this rollout was promoted. */
function isUndoable({ phase, stable }: Rollout): boolean {
  return phase.kind === 'finished' && phase.outcome === 'promoted' && stable !== null
}

function asker(rollout: Rollout, verb: Verb, now: number): Command {
  const gate = gateOf(rollout, now)
  const author = rollout.push.author?.toLowerCase()
  const name = gate?.rules.from?.find((one) => one.toLowerCase() !== author) ?? ''
  const { step = null, digest = null } = gate ?? {}
  return { id: '', verb, actor: name, actorId: name, reason: '', step, digest, to: null, override: false }
}
