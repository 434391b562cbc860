import { bakeEnds } from '../ask.ts'
import { assertNever } from '../assert-never.ts'
import type { Facts } from '../facts.ts'
import { duration } from '../format.ts'
import { extensionOf } from '../judge/kpi-test.ts'
import type { Verdict } from '../judge/verdict.ts'
import type { Phase, Rollout } from '../rollout.ts'
import { weightsSeen } from '../traffic.ts'
import { prepare, provision } from './begin.ts'
import { tendGate } from './gate.ts'
import { guarded, overdue } from './guard.ts'
import { clockFrom, heldBy, hold } from './hold.ts'
import { change, enter, finish, type Move, note, rollBack, startStage } from './move.ts'
import { promoted } from './promotion.ts'

/** Takes the rollout as far as the facts allow; a later phase is entered at most once per verdict. */
export function advance(move: Move, facts: Facts): Move {
  const { phase } = move.rollout
  switch (phase.kind) {
    case 'preparing': {
      const next = prepare(move, facts)
      return next.rollout.phase.kind === 'provisioning' ? provision(next, facts) : next
    }
    case 'provisioning':
      return provision(move, facts)
    case 'progressing':
      return guarded(move, facts) ?? progress(move, facts, phase)
    case 'paused':
      return paused(move, facts, phase)
    case 'rolling-back':
      return rollingBack(move, facts, phase)
    case 'finished':
      return move
    default:
      return assertNever(phase)
  }
}

function progress(move: Move, facts: Facts, phase: Phase & { kind: 'progressing' }): Move {
  const { rollout } = move
  const stage = rollout.manifest.stages[phase.stage]
  const last = phase.stage >= rollout.manifest.stages.length - 1
  if (phase.steadyAt === null) {
    const { trafficMs } = rollout.manifest.deadlines
    return overdue(
      move,
      facts,
      clockFrom(rollout, phase.since) + trafficMs,
      `the wished weight is not real after ${duration(trafficMs)}`,
    )
  }
  if (last && stage?.bakeMs === 0 && !stage.gate) return promoted(move, facts)
  if (facts.now < bakeEnds(rollout)) return move
  if (facts.app.kind === 'unseen') {
    return overdue(move, facts, patienceEnds(rollout, phase), 'the bake is over, but the app cannot be seen')
  }
  if (facts.now > phase.steadyAt && facts.verdict?.kind === 'pass' && liesWithin(facts.verdict, phase.steadyAt))
    return passed(move, facts, phase.stage, last)
  return unclearTooLong(move, facts, phase)
}

/** Whether all that a pass rests on was measured since then: what an earlier step showed lets no later one pass. */
function liesWithin(verdict: Verdict, since: number): boolean {
  return verdict.evidence.every((item) => item.role !== 'required' || item.from >= since)
}

function passed(move: Move, facts: Facts, stage: number, last: boolean): Move {
  const evidence = facts.verdict?.evidence ?? []
  const because = facts.verdict?.because ?? ''
  const held = move.rollout.phase
  if (move.rollout.manifest.stages[stage]?.gate === true && held.kind === 'progressing') {
    const { approvals } = move.rollout.manifest
    const needs =
      approvals === null
        ? 'a person must open the gate: promote or abort'
        : `the gate takes approvals: approve or abort`
    const text = `step ${stage + 1} passed and ${needs}`
    const gate = {
      kind: 'paused',
      why: 'gate',
      because: text,
      since: facts.now,
      from: 'progressing',
      stage,
      steadyAt: held.steadyAt,
    } as const
    // Whoever agreed when it waited here before did so for that time.
    const earlier = move.rollout.approvals.filter((one) => one.step !== stage + 1)
    const waiting = enter(change(move, { approvals: earlier }), gate)
    return note(waiting, facts, { kind: 'paused', metric: 'gate', notes: `${text} (${because})`, evidence })
  }
  if (last) return promoted(move, facts)
  const freeze = heldBy(move.rollout, facts)
  if (freeze !== null) return hold(move, facts, freeze, `step ${stage + 2}, for which step ${stage + 1} has passed,`)
  return startStage(move, facts, stage + 1, {
    evidence,
    notes: `step ${stage + 1} passed (${because}); step ${stage + 2} begins`,
  })
}

/** A step that was extended as far as it may be and is still unclear ends as the manifest says; it never goes on by itself. */
function unclearTooLong(move: Move, facts: Facts, phase: Phase & { kind: 'progressing' }): Move {
  const { manifest } = move.rollout
  const { then } = manifest.analysis.onInconclusive
  // What was missed is still taken in: nobody can say yet that it is unclear.
  if (facts.isBehind === true || facts.now < patienceEnds(move.rollout, phase)) return move
  const why = facts.verdict?.because ?? 'no measurements'
  const evidence = facts.verdict?.evidence ?? []
  const unclear = facts.verdict?.kind ?? 'inconclusive'
  const waited = duration(extensionOf(manifest, phase.stage))
  const because = `step ${phase.stage + 1} stayed ${unclear} for ${waited} after its bake: ${why}`
  if (then === 'abort') return rollBack(move, facts, 'aborted', because, { evidence })
  const text = `${because}; ${WAYS_OUT[then]}`
  const { stage, steadyAt } = phase
  return note(
    enter(move, {
      kind: 'paused',
      why: 'inconclusive',
      because: text,
      since: facts.now,
      from: 'progressing',
      stage,
      steadyAt,
    }),
    facts,
    { kind: 'paused', metric: 'inconclusive', notes: text, evidence },
  )
}

const WAYS_OUT = {
  wait: 'promote, resume to wait longer, or abort',
  'promote-never': 'resume to wait longer, or abort; the manifest lets nobody promote what is not clear',
} as const

/** Until when a step may wait for a clear verdict; a person who resumes it grants it the same time again. */
function patienceEnds(rollout: Rollout, phase: Phase & { kind: 'progressing' }): number {
  return Math.max(bakeEnds(rollout), clockFrom(rollout, phase.since)) + extensionOf(rollout.manifest, phase.stage)
}

function paused(move: Move, facts: Facts, phase: Phase & { kind: 'paused' }): Move {
  if (phase.why === 'foreign-edit') return move
  const stopped = guarded(move, facts)
  if (stopped !== null) return stopped
  if (phase.why !== 'gate') return move
  const tended = tendGate(move, facts)
  if (tended.rollout.phase !== phase) return tended
  const { gateMs } = move.rollout.manifest.deadlines
  if (gateMs !== null && facts.now >= clockFrom(tended.rollout, phase.since) + gateMs) {
    return rollBack(
      tended,
      facts,
      'aborted',
      `nobody opened the gate of step ${phase.stage + 1} within ${duration(gateMs)}`,
    )
  }
  return tended
}

/** So long an app that is not there, and may come back with users on the canary, is waited for. */
const GONE_MS = 24 * 3_600_000

/** Whether the app has not been there for so long that it counts as gone: nothing is left to be taken from the canary. */
function isGone({ trouble, wished, footprint, canary, manifest }: Rollout, since: number, now: number): boolean {
  if (trouble?.kind !== 'not-found') return false
  const { readyMs } = manifest.deadlines
  // Whoever brings it back brings its split back, in which the canary has users if we wished for them or a hand gave them.
  const hasUsers = wished.some((weight) => weight > 0) || (footprint?.weights[canary] ?? 0) > 0
  const patienceMs = hasUsers ? Math.max(GONE_MS, readyMs) : readyMs
  return now >= Math.max(since + patienceMs, Math.min(trouble.since, now) + readyMs)
}

function rollingBack(move: Move, facts: Facts, phase: Phase & { kind: 'rolling-back' }): Move {
  const { rollout } = move
  const { trafficMs, readyMs } = rollout.manifest.deadlines
  if (facts.app.kind === 'unseen') {
    if (isGone(rollout, phase.since, facts.now))
      return finish(move, facts, phase.outcome, `${phase.because}; the app itself is gone`)
    return overdue(move, facts, phase.since + trafficMs, 'the canary may still have traffic: the app cannot be seen')
  }
  const { app } = facts.app
  if ((weightsSeen(app)[rollout.canary] ?? 0) > 0) {
    return overdue(move, facts, phase.since + trafficMs, `the canary still has traffic after ${duration(trafficMs)}`)
  }
  const settling = app.provisioning === 'InProgress' || (app.provisioning === 'Failed' && rollout.stable !== null)
  if (settling && facts.now < phase.since + readyMs) return move
  const confirmed = note(change(move, { leftovers: [rollout.canary, ...rollout.leftovers] }), facts, {
    kind: 'rollback-confirmed',
    metric: 'canary-weight',
    value: 0,
    weightsAfter: weightsSeen(app),
    notes: `${rollout.canary} has no traffic`,
  })
  return finish(confirmed, facts, phase.outcome, phase.because)
}
