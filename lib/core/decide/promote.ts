import { gateOf, gateText, isEnough, notAnApprover } from '../approval.ts'
import type { Command, Facts } from '../facts.ts'
import { freezeText } from '../freeze.ts'
import type { Phase, Rollout } from '../rollout.ts'
import { done, type Obeyed, refused, said, spoken } from './answer.ts'
import { agreed, pastGate, personOf } from './gate.ts'
import { breakGlass, unfrozenFor } from './glass.ts'
import { guarded } from './guard.ts'
import { heldBy, holding } from './hold.ts'
import { change, type Move, note, startStage, wish } from './move.ts'
import { ended, isForbidden } from './promotion.ts'

/** Where a canary takes traffic. `isGate`: its step has passed and waits for people. */
interface Place {
  readonly stage: number
  readonly steadyAt: number | null
  readonly why: (Phase & { kind: 'paused' })['why'] | null
}

/** Something that a promotion would go past: why it is refused, and how breaking the glass is told of it. */
interface Obstacle {
  readonly because: string
  readonly past: string
}

/**
 * Takes the canary a step further, or to the end of the plan, without waiting. At a gate it is the caller's approval, and
 * goes on where that is enough.
 */
export function promote(move: Move, facts: Facts, command: Command): Obeyed {
  const { phase, id } = move.rollout
  const begun = letBegin(move, facts, command)
  if (begun !== null) return begun
  const at = placeOf(phase)
  if (at === null) return refused(`${id} is ${spoken(phase)}; only a canary that takes traffic can be promoted`)
  if (phase.kind === 'paused' && (at.why === 'foreign-edit' || at.why === 'fault'))
    return refused(`${id} waits because ${phase.because}`)
  const stopped = guarded(move, facts)?.rollout.phase
  if (stopped?.kind === 'rolling-back') return refused(`${id} is about to be rolled back: ${stopped.because}`)
  const obstacles = obstaclesOf(move.rollout, facts, command, at)
  const [first] = obstacles
  if (first !== undefined && !command.override) return refused(first.because)
  return past(move, facts, command, { at, obstacles })
}

/** Past the obstacles with a broken glass, if there are any; at a gate, with the caller's approval. */
function past(
  move: Move,
  facts: Facts,
  command: Command,
  { at, obstacles }: { readonly at: Place; readonly obstacles: readonly Obstacle[] },
): Obeyed {
  const gate = at.why === 'gate' && move.rollout.manifest.approvals !== null ? gateOf(move.rollout, facts.now) : null
  if (gate === null)
    return goOn(
      breakGlass(
        move,
        facts,
        command,
        obstacles.map((one) => one.past),
      ),
      facts,
      command,
      at,
    )
  const missing = command.override ? pastGate(move.rollout, facts, command, gate) : []
  const broken = breakGlass(move, facts, command, [...obstacles.map((one) => one.past), ...missing])
  const mayApprove = notAnApprover(gate, move.rollout, personOf(command)) === null
  const given = mayApprove ? agreed(broken, facts, command, gate) : broken
  const after = gateOf(given.rollout, facts.now) ?? gate
  return isEnough(after) || command.override
    ? goOn(given, facts, command, at)
    : done(given, gateText(after, given.rollout))
}

/** A rollout that a freeze keeps from beginning begins with a broken glass; null where that is not what is asked. */
function letBegin(move: Move, facts: Facts, command: Command): Obeyed | null {
  const { rollout } = move
  const { kind } = rollout.phase
  const freeze = heldBy(rollout, facts)
  if ((kind !== 'preparing' && kind !== 'provisioning') || !command.override || freeze === null) return null
  const broken = breakGlass(move, facts, command, [freezeText(freeze)])
  const because = said(command, `${rollout.id} goes on to its first step, past ${freezeText(freeze)}`)
  return done(change(broken, { unfrozen: holding(facts), frozen: null }), because)
}

function placeOf(phase: Phase): Place | null {
  if (phase.kind === 'progressing') return { stage: phase.stage, steadyAt: phase.steadyAt, why: null }
  if (phase.kind !== 'paused' || phase.from !== 'progressing') return null
  return { stage: phase.stage, steadyAt: phase.steadyAt, why: phase.why }
}

/** What stands in the way, the missing approvals of others aside: those are waited for. */
function obstaclesOf(rollout: Rollout, facts: Facts, command: Command, at: Place): readonly Obstacle[] {
  const obstacles: Obstacle[] = []
  const { id, manifest } = rollout
  if (isForbidden(rollout, facts, at.why === 'inconclusive')) {
    const because = `${id} is not clear, and its manifest lets nobody promote what is not (promote-never)`
    obstacles.push({ because, past: 'promote-never: the KPIs are not clear' })
  }
  const freeze = heldBy(rollout, facts)
  // The last step has its weight already: to finish it sends nobody anything new.
  if (freeze !== null && (at.why === 'gate' || at.stage < manifest.stages.length - 1)) {
    const because = `${id} is held by ${freezeText(freeze)}; nothing goes on before, except with override by an Admin`
    obstacles.push({ because, past: freezeText(freeze) })
  }
  const jumped = jumpedGates(rollout, command, at)
  if (jumped.length > 0) {
    const gates = `the ${jumped.length === 1 ? 'gate' : 'gates'} of step ${jumped.join(' and ')}`
    const because = `${command.verb} cannot go past ${gates}, which ${jumped.length === 1 ? 'takes' : 'take'} approvals; wait until the step has passed, then approve`
    obstacles.push({ because, past: gates })
  }
  const gate = at.why === 'gate' && manifest.approvals !== null ? gateOf(rollout, facts.now) : null
  if (gate !== null && gate.needed > 1 && command.verb === 'promote-full') {
    const because = `the approvals of step ${gate.step} are for the next step only; approve, then promote-full`
    obstacles.push({ because, past: `the approvals of step ${gate.step}, which are for the next step only` })
  }
  const against = gate === null ? null : notAnApprover(gate, rollout, personOf(command))
  // Its own words stand with the missing approvals, where the glass is broken.
  if (against !== null && !command.override) obstacles.push({ because: against, past: against })
  return obstacles
}

/** Steps, from 1, whose gates would never be asked; none where the manifest asks for no approvals. */
function jumpedGates({ manifest }: Rollout, { verb }: Command, at: Place): readonly number[] {
  if (manifest.approvals === null) return []
  const last = manifest.stages.length - 1
  const until = at.stage >= last ? last : verb === 'promote-full' ? last - 1 : at.stage
  return manifest.stages.flatMap(({ gate }, stage) => {
    const isAhead = stage > at.stage || (stage === at.stage && at.why !== 'gate')
    return gate && isAhead && stage <= until ? [stage + 1] : []
  })
}

function goOn(move: Move, facts: Facts, command: Command, at: Place): Obeyed {
  const { manifest } = move.rollout
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
  return done(unfrozenFor(startStage(noted, facts, stage, { actor: command.actor }), facts, command), because)
}

function promoteLast(move: Move, facts: Facts, command: Command, at: Place): Obeyed {
  if (at.steadyAt === null) return done(move, `${move.rollout.id} is on its way to 100 % already`)
  const because = said(command, `promoted by ${command.actor} without waiting for the end of the last step`)
  const noted = note(move, facts, {
    kind: 'promoted-by-hand',
    metric: 'step',
    value: at.stage + 1,
    actor: command.actor,
    notes: because,
  })
  return done(ended(wish(noted, 100, facts.now), facts), because)
}
