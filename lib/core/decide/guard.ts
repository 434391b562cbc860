import type { Facts } from '../facts.ts'
import { duration } from '../format.ts'
import type { Verdict } from '../judge/verdict.ts'
import { change, type Move, note, rollBack } from './move.ts'

/** At two unhealthy looks in a row a canary with traffic is rolled back: one may be a restart. */
const UNWELL_LOOKS = 2

/** The fast loop: runs at every look, also while a gate or an operator holds the rollout. Null = nothing to object. */
export function guarded(move: Move, facts: Facts): Move | null {
  const { rollout } = move
  if (rollout.unwell >= UNWELL_LOOKS && facts.app.kind === 'seen') {
    const revision = facts.app.app.revisions.find((candidate) => candidate.name === rollout.canary)
    const state =
      revision === undefined ? 'gone' : `${revision.health}, ${revision.running}, ${revision.replicas} replicas`
    return rollBack(
      move,
      facts,
      'rolled-back',
      `${rollout.canary} is not healthy (${state}) at ${rollout.unwell} looks in a row`,
    )
  }
  if (rollout.restarting >= UNWELL_LOOKS) {
    const because = `${rollout.canary} restarted ${facts.restarts ?? 'several'} times within ten minutes, at ${rollout.restarting} looks in a row`
    return rollBack(move, facts, 'rolled-back', because, { metric: 'restarts', value: facts.restarts })
  }
  return failed(move, facts.verdict, facts) ?? blindTooLong(move, facts)
}

function failed(move: Move, verdict: Verdict | null, facts: Facts): Move | null {
  if (verdict?.kind !== 'fail') return null
  const telling = verdict.evidence.find((item) => item.verdict === 'fail' && item.role !== 'advisory')
  return rollBack(change(move, { verdict }), facts, 'rolled-back', verdict.because, {
    metric: telling?.kpi ?? 'canary-weight',
    value: telling?.value ?? 0,
    evidence: verdict.evidence,
  })
}

/** A source that stays silent raises an alarm once, and ends the rollout only where the manifest wants that. */
function blindTooLong(move: Move, facts: Facts): Move | null {
  const { rollout } = move
  const { afterMs, then } = rollout.manifest.analysis.onBlind
  const { verdict, blindSince } = facts
  // A KPI that is suspect already stays so while its source is silent.
  if (
    (verdict?.kind !== 'error' && verdict?.kind !== 'suspect') ||
    blindSince === null ||
    facts.now < blindSince + afterMs
  )
    return null
  const silent = verdict.evidence.flatMap((item) => (item.silent === null ? [] : [`${item.kpi}: ${item.silent}`]))
  const because = `the KPIs could not be read for ${duration(afterMs)}: ${silent.join('; ') || verdict.because}`
  if (then === 'abort') return rollBack(move, facts, 'aborted', because, { evidence: verdict.evidence })
  const alarmed = overdue(move, facts, blindSince + afterMs, because)
  return alarmed === move ? null : alarmed
}

/** Writes down once that a phase has overrun its deadline: the alarm for a person, while the attempts go on. */
export function overdue(move: Move, facts: Facts, deadline: number, because: string): Move {
  if (facts.now < deadline || move.rollout.overdue) return move
  return note(change(move, { overdue: true }), facts, { kind: 'deadline-passed', metric: 'deadline', notes: because })
}
