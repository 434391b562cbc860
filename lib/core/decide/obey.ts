import { assertNever } from '../assert-never.ts'
import type { Command, Facts } from '../facts.ts'
import type { Phase } from '../rollout.ts'
import { movedOn } from '../rollout-tag.ts'
import { done, type Obeyed, refused, said, spoken } from './answer.ts'
import { unfitness } from './begin.ts'
import { approve } from './gate.ts'
import { unfitOverride } from './glass.ts'
import { enter, finish, type Move, note, rollBack } from './move.ts'
import { promote } from './promote.ts'

/**
 * Does what a person asked, or says why not. `retry` and `undo` are not for this rollout but for a new one: they come here
 * only where somebody else was faster.
 */
export function obey(move: Move, facts: Facts, command: Command): Obeyed {
  const unfit = movedOn(move.rollout, command) ?? unfitOverride(command)
  if (unfit !== null) return refused(unfit)
  switch (command.verb) {
    case 'abort':
      return abort(move, facts, command)
    case 'pause':
      return pause(move, facts, command)
    case 'resume':
      return resume(move, facts, command)
    case 'promote':
    case 'promote-full':
      return promote(move, facts, command)
    case 'retry':
      return retry(move)
    case 'approve':
      return approve(move, facts, command)
    case 'undo':
      return refused(`${move.rollout.id} has changed meanwhile; ask again`)
    default:
      return assertNever(command.verb)
  }
}

function retry(move: Move): Obeyed {
  const { id, phase } = move.rollout
  if (phase.kind === 'finished') return refused(`${id} has just finished (${phase.outcome}); ask again to try anew`)
  return refused(`${id} is not finished; abort it first`)
}

function abort(move: Move, facts: Facts, command: Command): Obeyed {
  const { phase, id, stable } = move.rollout
  if (phase.kind === 'finished') return refused(`${id} is finished (${phase.outcome}); there is nothing to abort`)
  if (phase.kind === 'rolling-back') return done(move, `${id} is being rolled back already`)
  const because = said(command, `aborted by ${command.actor}`)
  const row = { actor: command.actor }
  if (stable === null)
    return done(finish(rollBack(move, facts, 'aborted', because, row), facts, 'aborted', because), because)
  return done(rollBack(move, facts, 'aborted', because, row), because)
}

function pause(move: Move, facts: Facts, command: Command): Obeyed {
  const { phase, id } = move.rollout
  if (phase.kind === 'paused') return done(move, `${id} is paused already: ${phase.because}`)
  if (phase.kind === 'finished' || phase.kind === 'rolling-back')
    return refused(`${id} is ${spoken(phase)}; there is nothing to pause`)
  const because = said(command, `paused by ${command.actor}`)
  const stage = phase.kind === 'progressing' ? phase.stage : -1
  const steadyAt = phase.kind === 'progressing' ? phase.steadyAt : null
  const held = enter(move, {
    kind: 'paused',
    why: 'operator',
    because,
    since: facts.now,
    from: phase.kind,
    stage,
    steadyAt,
  })
  return done(note(held, facts, { kind: 'paused', metric: 'operator', actor: command.actor, notes: because }), because)
}

function resume(move: Move, facts: Facts, command: Command): Obeyed {
  const { phase, id } = move.rollout
  if (phase.kind !== 'paused') return refused(`${id} is not paused; it is ${spoken(phase)}`)
  if (phase.why === 'gate')
    return refused(`${id} waits at a manual gate; approve or promote opens it, abort ends the rollout`)
  const { footprint, manifest } = move.rollout
  const unfit = footprint === null ? null : unfitness(manifest.target, footprint)
  if (unfit !== null) return refused(`${id} cannot go on: ${unfit}`)
  const because = said(command, `resumed by ${command.actor}`)
  return done(
    note(enter(move, resumed(phase, facts)), facts, { kind: 'resumed', actor: command.actor, notes: because }),
    because,
  )
}

function resumed(phase: Phase & { kind: 'paused' }, facts: Facts): Phase {
  if (phase.from !== 'progressing') return { kind: phase.from, since: facts.now }
  const handsOff = phase.why === 'foreign-edit' || phase.why === 'fault'
  return { kind: 'progressing', stage: phase.stage, since: facts.now, steadyAt: handsOff ? null : phase.steadyAt }
}
