import { type AppSeen, isEmpty, isSick } from '../app.ts'
import { type Edit, foreignEdits, mayBeLate, TRAFFIC_EDIT } from '../drift.ts'
import type { Facts } from '../facts.ts'
import { weightsText } from '../format.ts'
import type { Footprint, Place, Rollout } from '../rollout.ts'
import { footprintOf, sameWeights, split, wantedWeight, weightsSeen } from '../traffic.ts'
import { change, enter, type Move, note } from './move.ts'
import { troubled, untroubled } from './trouble.ts'

/**
 * Takes in what the look showed: trouble at the outside, foreign edits, and weights that have become real. A glance is taken
 * for what it was made for: the app is as it is known (`isAsKnown`).
 */
export function notice(move: Move, facts: Facts): Move {
  if (facts.image?.kind === 'absent') return move
  if (facts.app.kind === 'unseen') return troubled(move, facts, facts.app.fault, 'look')
  if (facts.app.kind === 'glanced') return restarts(untroubled(move, facts, 'look'), facts)
  const { app } = facts.app
  const seen = confirmed(edited(untroubled(move, facts, 'look'), facts, app), facts, app)
  return restarts(health(seen, app), facts)
}

function edited(move: Move, facts: Facts, app: AppSeen): Move {
  const { rollout } = move
  const after = { ...footprintOf(app, rollout), revisionsAt: facts.now }
  const before = rollout.footprint
  const taken = change(move, {
    footprint: after,
    place: placeOf(app, rollout),
    trafficSeenAt: before !== null && sameWeights(before.weights, after.weights) ? rollout.trafficSeenAt : facts.now,
  })
  if (before === null || rollout.stable === null) return taken
  const edits = foreignEdits(rollout, before, after)
  if (edits.length === 0) return taken
  const late = isLateWrite(rollout, before, after)
  const corrected = late ? lateWrite(taken, facts, after.weights) : taken
  const foreign = late ? edits.filter((edit) => edit.what !== TRAFFIC_EDIT) : edits
  if (foreign.length === 0) return corrected
  return pausedByEdit(writtenDown(corrected, facts, foreign, before.weights, after.weights), facts, foreign)
}

function placeOf(app: AppSeen, { stable, canary }: Rollout): Place {
  const known = app.revisions.filter(({ name, fqdn }) => fqdn !== null && (name === stable || name === canary))
  return {
    region: app.location.replaceAll(' ', '').toLowerCase(),
    hosts: Object.fromEntries(known.map(({ name, fqdn }) => [name, fqdn ?? ''])),
  }
}

/** Whether weights came back after the end that only a writer of this rollout that slept can have brought. */
function isLateWrite(rollout: Rollout, before: Footprint, after: Footprint): boolean {
  return !sameWeights(before.weights, after.weights) && mayBeLate(rollout, after.weights)
}

function writtenDown(
  move: Move,
  facts: Facts,
  edits: readonly Edit[],
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Move {
  return note(move, facts, {
    kind: 'foreign-edit',
    metric: 'canary-weight',
    value: after[move.rollout.canary] ?? 0,
    actor: 'unknown',
    weightsBefore: before,
    weightsAfter: after,
    notes: `somebody else changed ${edits.map((edit) => edit.what).join(', ')}`,
    detail: { edits },
  })
}

function pausedByEdit(move: Move, facts: Facts, edits: readonly Edit[]): Move {
  const { phase } = move.rollout
  if (phase.kind === 'rolling-back' || phase.kind === 'finished') return move
  const because = `somebody else changed ${edits.map((edit) => edit.what).join(', ')}; resume goes on with the weights of the plan, abort takes the canary out`
  if (phase.kind === 'paused') return enter(move, { ...phase, why: 'foreign-edit', because, since: facts.now })
  const stage = phase.kind === 'progressing' ? phase.stage : -1
  const steadyAt = phase.kind === 'progressing' ? phase.steadyAt : null
  return enter(move, {
    kind: 'paused',
    why: 'foreign-edit',
    because,
    since: facts.now,
    from: phase.kind,
    stage,
    steadyAt,
  })
}

function lateWrite(move: Move, facts: Facts, weights: Readonly<Record<string, number>>): Move {
  const { rollout } = move
  const { phase, stable, canary } = rollout
  if (phase.kind !== 'finished' || stable === null) return move
  const wanted = split(stable, canary, wantedWeight(rollout) ?? 0)
  const extended = change(move, {
    phase: { ...phase, watchUntil: facts.now + rollout.manifest.watchMs },
    overdue: false,
  })
  return note(extended, facts, {
    kind: 'late-write-corrected',
    metric: 'canary-weight',
    value: wanted[canary] ?? 0,
    weightsBefore: weights,
    weightsAfter: wanted,
    notes: `a late write brought back ${weightsText(weights)}; it is put right`,
  })
}

/** Notes that the wished weight is real now. The bake of a step counts from here. */
function confirmed(move: Move, facts: Facts, app: AppSeen): Move {
  const { rollout } = move
  const { phase, stable, canary, expected } = rollout
  const weight = wantedWeight(rollout)
  if (weight === null || stable === null || phase.kind === 'finished') return move
  const weights = weightsSeen(app)
  if (!sameWeights(weights, split(stable, canary, weight))) return move
  const settled = expected.length === 1 ? move : change(move, { expected: [weight], overdue: false })
  if ((phase.kind !== 'progressing' && phase.kind !== 'paused') || phase.steadyAt !== null) return settled
  if (phase.kind === 'paused' && phase.from !== 'progressing') return settled
  return note(change(settled, { phase: { ...phase, steadyAt: facts.now }, unfrozen: [] }), facts, {
    kind: 'weights-confirmed',
    metric: 'canary-weight',
    value: weight,
    weightsBefore: null,
    weightsAfter: weights,
    notes: `the ingress now sends ${weightsText(weights)}`,
  })
}

/** So many restarts within the minutes that were asked about are no accident. */
const MANY_RESTARTS = 3

/** Counts the looks in a row at which the canary had restarted too often; what nobody can tell leaves the count as it is. */
function restarts(move: Move, facts: Facts): Move {
  if (facts.restarts === null) return move
  const restarting = facts.restarts >= MANY_RESTARTS ? move.rollout.restarting + 1 : 0
  return restarting === move.rollout.restarting ? move : change(move, { restarting })
}

/** Counts the looks in a row at which a canary that has weight, or is about to get some, is not well. */
function health(move: Move, app: AppSeen): Move {
  const { rollout } = move
  const revision = app.revisions.find((candidate) => candidate.name === rollout.canary)
  const taking = rollout.phase.kind === 'progressing' || (weightsSeen(app)[rollout.canary] ?? 0) > 0
  const well = !taking || (revision !== undefined && !isSick(revision) && !isEmpty(revision))
  const unwell = well ? 0 : rollout.unwell + 1
  return unwell === rollout.unwell ? move : change(move, { unwell })
}
