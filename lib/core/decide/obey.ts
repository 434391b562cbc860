import { bakeEnds } from '../ask.ts'
import { assertNever } from '../assert-never.ts'
import type { Command, Facts } from '../facts.ts'
import type { Phase, Rollout } from '../rollout.ts'
import { guarded } from './advance.ts'
import { unfitness } from './begin.ts'
import { change, enter, finish, type Move, note, rollBack, startStage, wish } from './move.ts'

/** What a command brought: the move, or why it cannot be done now. `because` is for the person who asked. */
export type Obeyed =
  | { readonly kind: 'done'; readonly move: Move; readonly because: string }
  | { readonly kind: 'refused'; readonly because: string }

/** Does what a person asked, or says why not. `retry` is not for this rollout but for a new one: it never comes here. */
export function obey(move: Move, facts: Facts, command: Command): Obeyed {
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
    case 'undo':
      return refused(`${command.verb} is not known here yet`)
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
  if (phase.why === 'gate') return refused(`${id} waits at a manual gate; promote opens it, abort ends the rollout`)
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

function promote(move: Move, facts: Facts, command: Command): Obeyed {
  const { phase, id, manifest } = move.rollout
  const held = phase.kind === 'paused' && phase.from === 'progressing' ? phase : null
  const at = phase.kind === 'progressing' ? phase : held
  if (at === null) return refused(`${id} is ${spoken(phase)}; only a canary that takes traffic can be promoted`)
  if (held !== null && (held.why === 'foreign-edit' || held.why === 'fault')) {
    return refused(`${id} waits because ${held.because}`)
  }
  const stopped = guarded(move, facts)?.rollout.phase
  if (stopped?.kind === 'rolling-back') return refused(`${id} is about to be rolled back: ${stopped.because}`)
  if (isForbidden(move.rollout, facts, held?.why === 'inconclusive')) {
    return refused(`${id} is not clear, and its manifest lets nobody promote what is not (promote-never)`)
  }
  const last = manifest.stages.length - 1
  if (at.stage >= last) return promoteLast(move, facts, command, at)
  const stage = command.verb === 'promote-full' ? last : at.stage + 1
  const because = said(command, `promoted by ${command.actor} to step ${stage + 1} of ${last + 1}`)
  const noted = note(move, facts, {
    kind: 'promoted-by-hand',
    metric: 'step',
    value: stage + 1,
    actor: command.actor,
    notes: because,
  })
  const begun = startStage(noted, facts, stage, { actor: command.actor })
  return done(begun, because)
}

/** With `promote-never` a step whose bake is over is promoted on a pass only. */
function isForbidden(rollout: Rollout, facts: Facts, isUnclear: boolean): boolean {
  if (rollout.manifest.analysis.onInconclusive.then !== 'promote-never' || facts.verdict?.kind === 'pass') return false
  return isUnclear || facts.now >= bakeEnds(rollout)
}

function promoteLast(
  move: Move,
  facts: Facts,
  command: Command,
  at: { readonly stage: number; readonly steadyAt: number | null },
): Obeyed {
  const { id, stable, canary } = move.rollout
  if (at.steadyAt === null) return done(move, `${id} is on its way to 100 % already`)
  const because = said(command, `promoted by ${command.actor} without waiting for the end of the last step`)
  const noted = note(move, facts, {
    kind: 'promoted-by-hand',
    metric: 'step',
    value: at.stage + 1,
    actor: command.actor,
    notes: because,
  })
  const leftovers = stable === null ? [] : [stable, ...move.rollout.leftovers]
  return done(
    finish(change(wish(noted, 100, facts.now), { leftovers }), facts, 'promoted', `${canary} serves all traffic`),
    because,
  )
}

/** A phase as a person says it in the middle of a sentence. */
export function spoken(phase: Phase): string {
  switch (phase.kind) {
    case 'preparing':
      return 'being prepared'
    case 'provisioning':
      return 'waiting for its revision'
    case 'progressing':
      return `in step ${phase.stage + 1}`
    case 'paused':
      return 'paused'
    case 'rolling-back':
      return 'being rolled back'
    case 'finished':
      return `finished (${phase.outcome})`
  }
}

function said(command: Command, text: string): string {
  return command.reason === '' ? text : `${text}: ${command.reason}`
}

function done(move: Move, because: string): Obeyed {
  return { kind: 'done', move, because }
}

function refused(because: string): Obeyed {
  return { kind: 'refused', because }
}
