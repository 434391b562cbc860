import { revisionName } from '../app.ts'
import type { AuditDraft, AuditKind } from '../audit.ts'
import type { Facts } from '../facts.ts'
import { withIntervals } from '../judge/interval.ts'
import type { Outcome, Phase, Rollout } from '../rollout.ts'
import { stageWeight, weightsSeen } from '../traffic.ts'

/** A decision in the making: where the rollout stands now, and what was written down on the way. */
export interface Move {
  readonly rollout: Rollout
  readonly rows: readonly AuditDraft[]
}

/** Adds a row to a move. Whatever the row does not say is taken from the rollout and the facts. */
export function note(move: Move, facts: Facts, row: Partial<AuditDraft> & { kind: AuditKind; notes: string }): Move {
  const { rollout } = move
  const filled: AuditDraft = {
    metric: 'none',
    value: null,
    actor: 'slipway',
    rollout: rollout.id,
    step: stepOf(rollout.phase),
    weightsBefore: facts.app.kind !== 'unseen' ? weightsSeen(facts.app.app) : (rollout.footprint?.weights ?? null),
    weightsAfter: null,
    evidence: [],
    detail: null,
    ...row,
  }
  return { rollout, rows: [...move.rows, { ...filled, evidence: withIntervals(filled.evidence) }] }
}

/** Changes the rollout within a move. */
export function change(move: Move, changes: Partial<Rollout>): Move {
  return { rollout: { ...move.rollout, ...changes }, rows: move.rows }
}

/** Takes the rollout into another phase; what counts within a phase starts anew. */
export function enter(move: Move, phase: Phase): Move {
  return change(move, { phase, overdue: false, unwell: 0, restarting: 0 })
}

/** Wishes for a canary weight: from now on it may be seen at the ingress. */
export function wish(move: Move, weight: number, now: number): Move {
  const { expected, wished } = move.rollout
  if (expected.at(-1) === weight) return move
  const ever = wished.includes(weight) ? wished : [...wished, weight]
  return change(move, { expected: [...expected, weight], wished: ever, wishedAt: now })
}

/** Step as people count, from 1; null where the rollout is not within the plan. */
export function stepOf(phase: Phase): number | null {
  if (phase.kind === 'progressing') return phase.stage + 1
  return phase.kind === 'paused' && phase.from === 'progressing' ? phase.stage + 1 : null
}

/**
 * Starts step `stage`: its weight is wished for, and what was measured before counts no more. A step at the weight that
 * is already there is steady at once.
 */
export function startStage(move: Move, facts: Facts, stage: number, row: Partial<AuditDraft> = {}): Move {
  const { phase, stable, canary } = move.rollout
  const weight = stageWeight(move.rollout, stage)
  const already = 'steadyAt' in phase && phase.steadyAt !== null && stageWeight(move.rollout, phase.stage) === weight
  const steadyAt = already ? facts.now : null
  // Whoever broke the glass for its beginning did so for its weight too.
  const unfrozen = phase.kind === 'provisioning' && steadyAt === null ? move.rollout.unfrozen : []
  const free = { verdict: null, frozen: null, unfrozen }
  const begun = change(enter(move, { kind: 'progressing', stage, since: facts.now, steadyAt }), free)
  const count = move.rollout.manifest.stages.length
  return note(wish(begun, weight, facts.now), facts, {
    kind: 'step-started',
    metric: 'canary-weight',
    value: weight,
    weightsAfter:
      stable === null ? null : weight >= 100 ? { [canary]: 100 } : { [stable]: 100 - weight, [canary]: weight },
    notes: `step ${stage + 1} of ${count}: ${weight} % to ${canary}`,
    ...row,
  })
}

/** Takes the canary out of traffic for good. From here the rollout can only finish. */
export function rollBack(
  move: Move,
  facts: Facts,
  outcome: Outcome,
  because: string,
  row: Partial<AuditDraft> = {},
): Move {
  const { stable } = move.rollout
  const noted = note(move, facts, {
    kind: 'rollback-started',
    metric: 'canary-weight',
    value: 0,
    weightsAfter: stable === null ? null : { [stable]: 100 },
    notes: because,
    ...row,
  })
  const { trouble } = move.rollout
  const hurried = change(noted, {
    trouble: trouble === null ? null : { ...trouble, retryAt: facts.now },
    frozen: null,
    unfrozen: [],
  })
  return wish(enter(hurried, { kind: 'rolling-back', outcome, because, since: facts.now }), 0, facts.now)
}

/** Takes the old rollout out of the way of a newer push; it is rolled back before the newer one begins. */
export function supersede(rollout: Rollout, now: number, because: string): Move {
  const facts = nothingSeen(now)
  const move = rollBack({ rollout, rows: [] }, facts, 'superseded', because)
  const ended = rollout.stable === null ? finish(move, facts, 'superseded', because) : move
  return change(ended, { wakeAt: now })
}

/** The facts of a look that was not taken. */
export function nothingSeen(now: number): Facts {
  const fault = { kind: 'unavailable', message: 'not looked at', retryAfterMs: null } as const
  const app = { kind: 'unseen', fault } as const
  return { now, app, image: null, verdict: null, restarts: null, blindSince: null, freeze: 'unread' }
}

/** Ends the rollout: from now on one weight is right. It stays on watch until nothing that it started can still run. */
export function finish(move: Move, facts: Facts, outcome: Outcome, because: string): Move {
  const watchUntil = facts.now + watchFor(move.rollout, outcome)
  const ended = change(enter(move, { kind: 'finished', outcome, because, at: facts.now, watchUntil }), {
    expected: [outcome === 'promoted' ? 100 : 0],
    frozen: null,
    unfrozen: [],
  })
  return note(ended, facts, { kind: 'finished', metric: 'outcome', notes: `${outcome}: ${because}` })
}

/** Long enough for late writes to come in and for leftovers to drain; nothing is watched where nothing was written. */
function watchFor(rollout: Rollout, outcome: Outcome): number {
  const { manifest, phase, stable, leftovers } = rollout
  if (phase.kind === 'preparing' || stable === null) return 0
  return Math.max(manifest.watchMs, manifest.drainMs, ...leftovers.map((name) => keepFor(rollout, outcome, name)))
}

/**
 * How long a leftover stays on after traffic last changed. What this rollout made and took back only drains; what a
 * promotion replaced, this one or one before, is kept ready for as long as the manifest says.
 */
export function keepFor({ manifest, number }: Rollout, outcome: Outcome, leftover: string): number {
  const isOwn = leftover.startsWith(revisionName(manifest.target.app, `r${number}-`))
  const drainsOnly = isOwn && outcome !== 'promoted'
  return drainsOnly ? manifest.drainMs : Math.max(manifest.drainMs, manifest.scaleDownDelayMs)
}
