import type { Action } from '../app.ts'
import { steadySince } from '../ask.ts'
import type { AuditDraft } from '../audit.ts'
import type { Command, Facts } from '../facts.ts'
import type { Evidence, Verdict } from '../judge/verdict.ts'
import type { Rollout } from '../rollout.ts'
import { advance } from './advance.ts'
import { type Closing, closeGap } from './gap.ts'
import { thaw } from './hold.ts'
import { change, type Move, note } from './move.ts'
import { notice } from './notice.ts'
import { obey } from './obey.ts'
import { nextWake, untidied } from './wake.ts'

/** What now: the next state, the rows that say why, and the deeds that are to follow once both are stored. */
export interface Decision {
  readonly next: Rollout
  readonly rows: readonly AuditDraft[]
  readonly actions: readonly Action[]
  /** Null where no command was given. */
  readonly answer: { readonly kind: 'done' | 'refused'; readonly because: string } | null
}

/**
 * Decides what becomes of a rollout, from its state, the facts of one look, and at most one command. Pure: the same
 * input gives the same decision, and deciding twice does no harm, since deeds are the gap between wanted and seen.
 * A command goes before anything that the facts alone would bring about.
 */
export function decide(rollout: Rollout, facts: Facts, command: Command | null): Decision {
  const seen = thaw(notice(remember({ rollout, rows: [] }, facts), facts), facts)
  const answer = command === null ? null : obey(seen, facts, command)
  const obeyed = answer?.kind === 'done' ? answer.move : seen
  const isHeld = isHurried(command) || (answer?.kind === 'done' && isLeap(command))
  const advanced = isHeld ? obeyed : advance(obeyed, facts)
  const { move, actions } = lastTried(rollout, advanced, closeGap(advanced, facts), facts)
  const ended = endWatch(move, facts, actions.length > 0)
  return {
    next: ended.rollout,
    rows: ended.rows,
    actions,
    answer: answer === null ? null : { kind: answer.kind, because: answer.because },
  }
}

/** Whether a command is obeyed without measurements and freezes: nothing goes on by what such a look has seen. */
export function isHurried(command: Command | null): boolean {
  return command?.verb === 'abort' || command?.verb === 'pause'
}

const LEAPS: readonly Command['verb'][] = ['promote', 'promote-full', 'approve']

/** Whether a command moves the rollout by itself: what was measured before it says nothing about where it stands now. */
function isLeap(command: Command | null): boolean {
  return command !== null && LEAPS.includes(command.verb)
}

/**
 * Tidying up has an end: what cannot be done long after the watch is left to a person, after one more look and one more try.
 * While one leftover goes off after the other, it goes on.
 */
function lastTried(old: Rollout, before: Move, closing: Closing, { now }: Facts): Closing {
  const { phase, manifest } = before.rollout
  if (phase.kind !== 'finished' || closing.actions.length === 0) return closing
  if (now < phase.watchUntil + 2 * manifest.watchMs) return closing
  const isStuck = old.overdue && untidied(before.rollout).length >= untidied(old).length
  return isStuck ? { move: before, actions: [] } : { ...closing, move: change(closing.move, { overdue: true }) }
}

function endWatch(move: Move, facts: Facts, busy: boolean): Move {
  const wakeAt = nextWake(move.rollout, facts.now, busy || facts.isBehind === true)
  const timed = change(move, { wakeAt })
  const { phase } = move.rollout
  if (wakeAt !== null || phase.kind !== 'finished' || phase.watchUntil === phase.at) return timed
  if (move.rollout.wakeAt === null) return timed
  const left = untidied(move.rollout)
  const quiet =
    facts.app.kind === 'unseen'
      ? 'the app could not be seen when the watch ended; the rollout is closed'
      : 'nothing moved during the watch; the rollout is closed'
  const notes = left.length === 0 ? quiet : `the rollout is closed; ${left.join(', ')} is still switched on`
  return note(timed, facts, { kind: 'watch-ended', notes })
}

/** Keeps what the KPIs said for status, and writes down when measurements are lost and when they are back. */
function remember(move: Move, facts: Facts): Move {
  const { verdict } = facts
  if (verdict === null) return move
  const before = move.rollout.verdict === null ? null : darkKpi(move.rollout.verdict)
  // While what was missed is taken in nobody can say whether a silence is over.
  if (before !== null && facts.isBehind === true) return move
  const taken = change(move, { verdict })
  const now = darkKpi(verdict)
  if (now !== null && isNews(before, now))
    return note(taken, facts, {
      kind: 'measurements-lost',
      metric: now.kpi,
      notes: lossText(now, verdict),
      evidence: verdict.evidence,
    })
  if (before === null || now !== null) return taken
  // A silence that has ended was alarmed of; the next one is another.
  const known = isSteady(taken.rollout, facts) ? change(taken, { overdue: false }) : taken
  return note(known, facts, {
    kind: 'measurements-back',
    metric: before.kpi,
    notes: `the KPIs can be read again: ${verdict.because}`,
    evidence: verdict.evidence,
  })
}

/** Whether no other deadline can have passed: the weight is real, and the app can be seen. */
function isSteady({ phase }: Rollout, { app }: Facts): boolean {
  return app.kind !== 'unseen' && steadySince(phase) !== null
}

/**
 * The first KPI that counts and whose source gives no answer, as opposed to too few requests or an unclear figure, those that
 * keep the traffic as it is before others; null = none.
 */
function darkKpi({ evidence }: Verdict): Evidence | null {
  const dark = evidence.filter(isDark)
  return dark.find(holdsTraffic) ?? dark[0] ?? null
}

/** Whether a silence was not told of yet: it is the first, or traffic waits for it now and did not, or no longer does. */
function isNews(before: Evidence | null, now: Evidence): boolean {
  if (before === null) return true
  return (holdsTraffic(before) && isAlone(now)) || (isAlone(before) && holdsTraffic(now))
}

function lossText(dark: Evidence, { kind, because }: Verdict): string {
  const why = dark.silent ?? dark.because
  if (isAlone(dark))
    return `${dark.kpi} is judged by its limit alone, with no stable revision to compare with, and a step may wait for that: ${why}`
  if (dark.role === 'required' && kind !== 'fail') return `traffic stays as it is: ${because}`
  return `${dark.kpi} cannot be read as it should: ${why}`
}

/** Whether no step passes while this KPI is silent. */
function holdsTraffic({ role, verdict }: Evidence): boolean {
  return role === 'required' && (verdict === 'error' || verdict === 'nodata')
}

/** Whether a KPI with a silent source is judged all the same: then the baseline's is the silent one. */
function isAlone({ verdict, silent }: Evidence): boolean {
  return silent !== null && (verdict === 'pass' || verdict === 'inconclusive')
}

function isDark({ role, verdict, silent }: Evidence): boolean {
  return role !== 'advisory' && (silent !== null || verdict === 'error' || verdict === 'nodata')
}
