import { gateOf, isCalled } from '../approval.ts'
import { type Command, type Facts, VERBS, type Verb } from '../facts.ts'
import type { Frozen } from '../freeze.ts'
import type { Rollout } from '../rollout.ts'
import type { PendingUndo } from '../service.ts'
import { nothingSeen } from './move.ts'
import { obey } from './obey.ts'
import { unfitRetry } from './retry.ts'

/**
 * What a rollout's state lets somebody ask for now that would change anything, by the rules that a command meets itself.
 * Who may ask is another matter: an approver is taken to be one whom the gate accepts. An undo is offered where there is
 * a release to name.
 */
export function allowedVerbs(
  rollout: Rollout,
  freeze: Frozen | null,
  now: number,
  undo: PendingUndo | null = null,
): readonly Verb[] {
  const facts: Facts = { ...nothingSeen(now), verdict: rollout.verdict, freeze }
  const move = { rollout, rows: [] }
  return VERBS.filter((verb) => {
    if (verb === 'retry') return unfitRetry(rollout, undo) === null
    if (verb === 'undo') return undo === null && isUndoable(rollout)
    const obeyed = obey(move, facts, asker(rollout, verb, now))
    return obeyed.kind === 'done' && obeyed.move !== move
  })
}

/**
 * Whether there is something to go back to: what served before this rollout, unless it runs an image without a digest. While
 * or after a rollout that was not promoted that serves still, so that there is something only where it was a release too.
 */
function isUndoable({ phase, stable, stableImage, manifest }: Rollout): boolean {
  if (stable === null) return false
  const isRelease = stable.startsWith(`${manifest.target.app}--r`)
  const isPinned = stableImage === undefined || stableImage.includes('@sha256:')
  const isOver = phase.kind === 'finished' && phase.outcome !== 'promoted'
  return isRelease || (isPinned && !isOver)
}

function asker(rollout: Rollout, verb: Verb, now: number): Command {
  const gate = gateOf(rollout, now)
  const { author } = rollout.push
  const isOther = (name: string) => author === null || !isCalled({ id: name, name }, author)
  const name = gate?.rules.from?.find(isOther) ?? ''
  const { step = null, digest = null } = gate ?? {}
  return { id: '', verb, actor: name, actorId: name, reason: '', step, digest, to: null, override: false }
}
