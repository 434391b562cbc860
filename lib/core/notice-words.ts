import { assertNever } from './assert-never.ts'
import type { AuditKind, AuditRow } from './audit.ts'
import type { Outcome, Rollout } from './rollout.ts'

/** `warning` wants eyes soon, `critical` wants somebody now, `resolved` says that what did is over. */
export type Severity = 'info' | 'warning' | 'critical' | 'resolved'

/** How a row is told. */
export interface Told {
  readonly severity: Severity
  readonly ends: 'warning' | 'critical' | null
  readonly closes: boolean
}

/** How a row is told to people outside, or null where only auditors want to know of it. */
export function toldAs(row: AuditRow, rollout: Rollout | null): Told | null {
  const manner = mannerOf(row, rollout)
  if (manner === null) return null
  if (manner === 'info' || manner === 'warning' || manner === 'critical')
    return { severity: manner, ends: null, closes: false }
  const closes = !alarms(rollout)
  if (manner === 'calming') return { severity: 'info', ends: null, closes }
  return closes ? { severity: 'resolved', ends: manner.over, closes } : { severity: 'info', ends: null, closes }
}

/** `calming`: good news that ends no alarm of its own; `over`: an alarm of that severity has ended. */
type Manner = 'info' | 'warning' | 'critical' | 'calming' | { readonly over: 'warning' | 'critical' } | null

/** Kinds that are told according to how the rollout stands, or to what the row says. */
type Moving =
  | 'deadline-passed'
  | 'finished'
  | 'foreign-edit'
  | 'paused'
  | 'rollback-confirmed'
  | 'rollback-started'
  | 'trouble'
  | 'trouble-over'

const MANNERS: Readonly<Record<Exclude<AuditKind, Moving>, Manner>> = {
  'stable-found': null,
  'traffic-pinned': null,
  'revision-requested': null,
  'revision-ready': null,
  'weights-confirmed': null,
  'repair-requested': null,
  'revision-activated': null,
  'revision-deactivated': null,
  'promotion-confirmed': null,
  'watch-ended': null,
  'drift-reported': null,
  'push-queued': null,
  'audit-verified': null,
  'manifest-stored': 'info',
  'push-rejected': 'info',
  'rollout-started': 'info',
  'step-started': 'info',
  approved: 'info',
  'freeze-held': 'info',
  'freeze-over': 'info',
  'freeze-lifted': 'info',
  'person-erased': 'info',
  'audit-trimmed': 'info',
  'quarantine-redriven': 'info',
  'quarantine-dismissed': 'info',
  'quarantine-over': 'info',
  'approval-lapsed': 'warning',
  'break-glass': 'warning',
  'freeze-added': 'warning',
  'undo-requested': 'warning',
  'quarantine-added': 'warning',
  'measurements-lost': 'warning',
  'late-write-corrected': 'warning',
  'mode-set': 'warning',
  'measurements-back': { over: 'warning' },
  resumed: 'calming',
  'promoted-by-hand': 'calming',
  'audit-broken': 'critical',
}

function mannerOf(row: AuditRow, rollout: Rollout | null): Manner {
  switch (row.kind) {
    case 'paused':
      return pausedManner(rollout)
    case 'rollback-started':
      return graveness(outcomeOf(rollout))
    case 'rollback-confirmed':
      return endManner(outcomeOf(rollout))
    case 'finished':
      return neverBegan(rollout) ? graveness(outcomeOf(rollout)) : endManner(outcomeOf(rollout))
    case 'foreign-edit':
      return rollout?.phase.kind === 'finished' ? 'warning' : 'critical'
    case 'trouble':
      return troubleManner(row)
    case 'trouble-over':
      return { over: troubleManner(row) }
    case 'deadline-passed':
      return rollout?.phase.kind === 'rolling-back' ? 'critical' : 'warning'
    default:
      return MANNERS[row.kind]
  }
}

/** Whether something about the rollout still calls for somebody. */
function alarms(rollout: Rollout | null): boolean {
  if (rollout === null || rollout.phase.kind === 'finished') return false
  const { phase, trouble, overdue } = rollout
  return phase.kind === 'rolling-back' || isStuck(rollout) || trouble !== null || overdue
}

/** Whether it waits for somebody against the plan: a gate is a wait by plan, and so is a pause that an operator wished. */
function isStuck({ phase }: Rollout): boolean {
  return phase.kind === 'paused' && phase.why !== 'operator' && phase.why !== 'gate'
}

function pausedManner(rollout: Rollout | null): 'info' | 'warning' | 'critical' {
  if (rollout?.phase.kind !== 'paused') return 'info'
  switch (rollout.phase.why) {
    case 'operator':
      return 'info'
    case 'gate':
    case 'inconclusive':
      return 'warning'
    case 'foreign-edit':
    case 'fault':
      return 'critical'
    default:
      return assertNever(rollout.phase.why)
  }
}

/** What only a person can mend calls for one; the rest passes by itself or becomes overdue. */
function troubleManner({ metric }: AuditRow): 'warning' | 'critical' {
  return metric === 'denied' || metric === 'malformed' || metric === 'not-found' ? 'critical' : 'warning'
}

/** How grave it is that a rollout goes back: a person or a newer push that ended it needs nobody else. */
function graveness(outcome: Outcome | null): 'info' | 'warning' | 'critical' {
  switch (outcome) {
    case 'rolled-back':
    case 'failed':
    case 'refused':
      return 'critical'
    case 'aborted':
      return 'warning'
    case 'promoted':
    case 'unchanged':
    case 'superseded':
    case null:
      return 'info'
    default:
      return assertNever(outcome)
  }
}

function endManner(outcome: Outcome | null): Manner {
  const grave = graveness(outcome)
  return grave === 'info' ? 'calming' : { over: grave }
}

/** Whether a push came to nothing before anything was written for it: then its end is the first that anybody hears of it. */
function neverBegan(rollout: Rollout | null): boolean {
  if (rollout?.phase.kind !== 'finished') return false
  const { outcome, at, watchUntil } = rollout.phase
  return (outcome === 'failed' || outcome === 'refused') && watchUntil === at
}

function outcomeOf(rollout: Rollout | null): Outcome | null {
  const { phase } = rollout ?? { phase: null }
  return phase?.kind === 'finished' || phase?.kind === 'rolling-back' ? phase.outcome : null
}

/** A few words about a row that name the rollout and its tag, else the service or the environment. */
export function titleOf(row: AuditRow, rollout: Rollout | null): string {
  const name =
    row.rollout === null ? row.entityId : rollout === null ? row.rollout : `${rollout.id} (${rollout.push.tag})`
  return `${name} ${predicateOf(row, rollout)}`
}

const PREDICATES: Readonly<Record<Exclude<AuditKind, Varying>, string>> = {
  'stable-found': 'knows its stable revision',
  'traffic-pinned': 'has its traffic pinned',
  'mode-set': 'is set to Multiple revision mode',
  'revision-requested': 'gets its revision',
  'revision-ready': 'has its revision ready',
  'weights-confirmed': 'has the wished weights',
  'repair-requested': 'is repaired',
  'revision-activated': 'has a revision switched on',
  'revision-deactivated': 'has a revision switched off',
  'promotion-confirmed': 'serves all traffic',
  'watch-ended': 'is no longer watched',
  'drift-reported': 'has a drift report',
  'push-queued': 'has a push that waits',
  'manifest-stored': 'has a new manifest',
  'push-rejected': 'turned a push down',
  'rollout-started': 'begins',
  'measurements-lost': 'is blind: measurements are missing',
  'measurements-back': 'sees again: measurements are back',
  resumed: 'goes on',
  'promoted-by-hand': 'was promoted by a person',
  'rollback-confirmed': 'is rolled back: the canary has no traffic',
  'foreign-edit': 'was changed by somebody else',
  'late-write-corrected': 'had old traffic brought back; it is put right',
  trouble: 'meets trouble',
  'trouble-over': 'is out of trouble',
  'deadline-passed': 'is overdue',
  approved: 'has an approval',
  'approval-lapsed': 'has an approval that counts no more',
  'break-glass': 'had the glass broken',
  'freeze-added': 'has a freeze',
  'freeze-lifted': 'has a freeze lifted',
  'freeze-held': 'is held back by a freeze',
  'freeze-over': 'is held back by no freeze any more',
  'undo-requested': 'goes back to an earlier release',
  'person-erased': 'knows a person less: erased on request',
  'audit-verified': 'has an audit that is proven',
  'audit-broken': 'has an audit that was tampered with',
  'audit-trimmed': 'has old audit rows removed',
  'quarantine-added': 'has something in quarantine that cannot be read',
  'quarantine-redriven': 'has something of its quarantine tried again',
  'quarantine-dismissed': 'has something of its quarantine dismissed',
  'quarantine-over': 'has something less in quarantine',
}

type Varying = 'step-started' | 'paused' | 'rollback-started' | 'finished'

function predicateOf(row: AuditRow, rollout: Rollout | null): string {
  const step = row.step === null ? 'a step' : `step ${row.step}`
  switch (row.kind) {
    case 'step-started':
      return `begins ${step}${rollout === null ? '' : ` of ${rollout.manifest.stages.length}`}: ${row.value ?? '?'} % of the traffic`
    case 'paused':
      return pausedWords(step, rollout)
    case 'rollback-started':
      return outcomeOf(rollout) === 'superseded' ? 'gives way to a newer push' : 'is being rolled back'
    case 'finished':
      return endWords(outcomeOf(rollout))
    default:
      return PREDICATES[row.kind]
  }
}

function pausedWords(step: string, rollout: Rollout | null): string {
  const why = rollout?.phase.kind === 'paused' ? rollout.phase.why : null
  switch (why) {
    case 'gate':
      return `waits at the gate of ${step} for a person`
    case 'inconclusive':
      return `is paused: ${step} stayed unclear`
    case 'fault':
      return 'is paused: Azure refuses it'
    case 'foreign-edit':
      return 'is paused: somebody else changed it'
    case 'operator':
    case null:
      return 'is paused'
    default:
      return assertNever(why)
  }
}

function endWords(outcome: Outcome | null): string {
  switch (outcome) {
    case 'promoted':
      return 'is promoted: it serves all traffic'
    case 'unchanged':
      return 'had nothing to do: its digest serves already'
    case null:
      return 'has ended'
    default:
      return `has ended: ${outcome}`
  }
}
