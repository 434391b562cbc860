import {
  counts,
  type GateState,
  gateOf,
  gateText,
  hasApproved,
  isEnough,
  notAnApprover,
  type Person,
  withApproval,
} from '../approval.ts'
import type { Command, Facts } from '../facts.ts'
import { freezeText } from '../freeze.ts'
import type { Rollout } from '../rollout.ts'
import { done, type Obeyed, refused, said, spoken } from './answer.ts'
import { breakGlass, unfrozenFor } from './glass.ts'
import { guarded } from './guard.ts'
import { heldBy, hold } from './hold.ts'
import { change, type Move, note, startStage } from './move.ts'
import { isForbidden, promoted } from './promotion.ts'

/**
 * What a gate that waits does by itself: approvals lapse, and it opens once there are enough, nothing holds it, and the KPIs
 * pass: whoever approved did so before what this look has seen.
 */
export function tendGate(move: Move, facts: Facts): Move {
  const lapsed = lapse(move, facts)
  const gate = gateOf(lapsed.rollout, facts.now)
  if (gate === null || !isEnough(gate) || facts.app.kind === 'unseen') return lapsed
  const freeze = heldBy(lapsed.rollout, facts)
  if (freeze !== null) return hold(lapsed, facts, freeze, `the gate of step ${gate.step}, which has its approvals,`)
  return facts.verdict?.kind === 'pass' ? open(lapsed, facts, gate) : lapsed
}

/** One person's yes to the step and the digest that wait. With the last one that is missing the gate opens. */
export function approve(move: Move, facts: Facts, command: Command): Obeyed {
  const { rollout } = move
  const gate = gateOf(rollout, facts.now)
  if (gate === null) return refused(`${rollout.id} waits at no gate; it is ${spoken(rollout.phase)}`)
  if (command.step !== gate.step || command.digest !== gate.digest) {
    return refused(
      `${rollout.id} waits for approvals of step ${gate.step} with digest ${gate.digest}; ${namedText(command)}`,
    )
  }
  const stopped = guarded(move, facts)?.rollout.phase
  if (stopped?.kind === 'rolling-back') return refused(`${rollout.id} is about to be rolled back: ${stopped.because}`)
  const against = notAnApprover(gate, rollout, personOf(command))
  if (against !== null && !command.override) return refused(against)
  if (command.override) return override(move, facts, command, gate, against)
  return settle(agreed(move, facts, command, gate), facts)
}

/** Takes in a person's yes: stored and written down, with what it brings the gate to. */
export function agreed(move: Move, facts: Facts, command: Command, gate: GateState): Move {
  const { rollout } = move
  if (hasApproved(gate, personOf(command)) && gate.rules.validForMs === null) return move
  const approvals = withApproval(rollout, gate, personOf(command), facts.now)
  const after = change(move, { approvals })
  const now = gateOf(after.rollout, facts.now) ?? gate
  return note(after, facts, {
    kind: 'approved',
    metric: 'approvals',
    value: now.given.length,
    actor: command.actor,
    notes: said(command, `${command.actor} approved step ${gate.step} of ${rollout.id}, ${gateText(now, rollout)}`),
    detail: {
      by: { id: command.actorId, name: command.actor },
      digest: gate.digest,
      expiresAt: approvals.at(-1)?.expiresAt ?? null,
    },
  })
}

/** Who asks, as approvals are counted. */
export function personOf({ actorId, actor, aliases = [] }: Command): Person {
  return { id: actorId, name: actor, aliases }
}

/** What breaking the glass at a gate goes past, with `person`'s own yes counted where it may be. */
export function pastGate(rollout: Rollout, facts: Facts, command: Command, gate: GateState): readonly string[] {
  const against = notAnApprover(gate, rollout, personOf(command))
  const approvals = against === null ? withApproval(rollout, gate, personOf(command), facts.now) : rollout.approvals
  const after = gateOf({ ...rollout, approvals }, facts.now) ?? gate
  if (isEnough(after)) return []
  return [
    `missing approvals of step ${gate.step} (${gateText(after, rollout)})${against === null ? '' : `, though ${against}`}`,
  ]
}

/** Past everything that keeps the gate shut but the health of the canary. */
function override(move: Move, facts: Facts, command: Command, gate: GateState, against: string | null): Obeyed {
  const { rollout } = move
  const freeze = heldBy(rollout, facts)
  const past = [
    ...(freeze === null ? [] : [freezeText(freeze)]),
    ...pastGate(rollout, facts, command, gate),
    ...(isForbidden(rollout, facts, false) ? ['promote-never: the KPIs are not clear'] : []),
  ]
  const broken = breakGlass(move, facts, command, past)
  const given = against === null ? agreed(broken, facts, command, gate) : broken
  const after = gateOf(given.rollout, facts.now) ?? gate
  const opened = open(given, facts, after, past.length > 0 ? command : null)
  return done(unfrozenFor(opened, facts, command), openedText(after, past, rollout))
}

function settle(move: Move, facts: Facts): Obeyed {
  const { rollout } = move
  const gate = gateOf(rollout, facts.now)
  if (gate === null) throw new Error(`${rollout.id} left its gate by an approval`)
  const have = gateText(gate, rollout)
  if (!isEnough(gate)) return done(move, have)
  const freeze = heldBy(rollout, facts)
  if (freeze !== null) {
    const held = hold(move, facts, freeze, `the gate of step ${gate.step}, which has its approvals,`)
    return done(held, `${have}; held by ${freezeText(freeze)}, then the gate opens by itself while the KPIs pass`)
  }
  if (isForbidden(rollout, facts, false))
    return done(move, `${have}; the gate opens once the KPIs pass (promote-never)`)
  return done(open(move, facts, gate), openedText(gate, [], rollout))
}

function open(move: Move, facts: Facts, gate: GateState, breaker: Command | null = null): Move {
  const names = gate.given.map(({ name }) => name).join(', ')
  const by = breaker === null ? `by ${names}` : `by ${breaker.actor}, who broke the glass`
  const notes = `the gate of step ${gate.step} was opened ${by}`
  const { stages } = move.rollout.manifest
  const evidence = facts.verdict?.evidence ?? []
  if (gate.step >= stages.length) return promoted(move, facts, notes)
  return startStage(move, facts, gate.step, {
    evidence,
    notes: `${notes}; step ${gate.step + 1} of ${stages.length} begins`,
    detail: { approvals: gate.given },
  })
}

function openedText(gate: GateState, past: readonly string[], rollout: Rollout): string {
  const { stages } = rollout.manifest
  const next = gate.step >= stages.length ? 'the rollout is promoted' : `step ${gate.step + 1} begins`
  return past.length === 0 ? `${gateText(gate, rollout)}; ${next}` : `the glass is broken; ${next}`
}

/** Takes out the approvals that count no more, each with a row: the gate waits for others now. */
function lapse(move: Move, facts: Facts): Move {
  const gate = gateOf(move.rollout, facts.now)
  if (gate === null) return move
  const { approvals } = move.rollout
  const old = approvals.filter((one) => one.step === gate.step && !counts(one, facts.now))
  if (old.length === 0) return move
  const kept = change(move, { approvals: approvals.filter((one) => !old.includes(one)) })
  return old.reduce(
    (noted, one) =>
      note(noted, facts, {
        kind: 'approval-lapsed',
        metric: 'approvals',
        value: gate.given.length,
        notes: `the approval of ${one.name} for step ${one.step} has lapsed: ${gateText(gate, move.rollout)}`,
        detail: { approval: one },
      }),
    kept,
  )
}

function namedText({ step, digest }: Command): string {
  if (step === null || digest === null) return 'name both, so that nothing else is approved by mistake'
  return `you named step ${step} with digest ${digest}`
}
