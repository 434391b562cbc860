import type { Evidence } from './judge/verdict.ts'

/** All that an audit row can tell. Decisions say what was wished; observations say what came of it. */
export const AUDIT_KINDS = [
  'manifest-stored',
  'push-queued',
  'push-rejected',
  'rollout-started',
  'stable-found',
  'traffic-pinned',
  'mode-set',
  'revision-requested',
  'revision-ready',
  'step-started',
  'weights-confirmed',
  'measurements-lost',
  'measurements-back',
  'paused',
  'resumed',
  'promoted-by-hand',
  'rollback-started',
  'rollback-confirmed',
  'promotion-confirmed',
  'foreign-edit',
  'late-write-corrected',
  'trouble',
  'trouble-over',
  'repair-requested',
  'revision-activated',
  'revision-deactivated',
  'deadline-passed',
  'finished',
  'watch-ended',
  'drift-reported',
  'approved',
  'approval-lapsed',
  'break-glass',
  'freeze-added',
  'freeze-lifted',
  'freeze-held',
  'freeze-over',
  'undo-requested',
  'person-erased',
  'audit-verified',
  'audit-broken',
  'audit-trimmed',
  'quarantine-added',
  'quarantine-redriven',
  'quarantine-dismissed',
  'quarantine-over',
] as const

/** What an audit row tells. */
export type AuditKind = (typeof AUDIT_KINDS)[number]

/** Canary and stable weights in percent at a moment; by revision name. */
export type Weights = Readonly<Record<string, number>>

/** What the mind writes down. Numbering, time and the chain are added when it is stored. */
export interface AuditDraft {
  readonly kind: AuditKind
  /** The figure this row is about (`canary-weight`, a KPI's name, …); `none` where there is no figure. */
  readonly metric: string
  readonly value: number | null
  /** The reason, as a sentence. */
  readonly notes: string
  /** Who: `slipway` for the machine itself, else the operator's name or the event's source. */
  readonly actor: string
  readonly rollout: string | null
  /** Step as people count, from 1; null outside the steps. */
  readonly step: number | null
  readonly weightsBefore: Weights | null
  readonly weightsAfter: Weights | null
  readonly evidence: readonly Evidence[]
  /** Whatever else an auditor needs, e.g. both sides of a foreign edit. */
  readonly detail: Readonly<Record<string, unknown>> | null
}

/** A row of the audit as stored: append-only, numbered without gaps per service, chained by hash. */
export interface AuditRow extends AuditDraft {
  readonly schema: 1
  /** `<environment>/<service>#<seq>`; of an environment's own chain `<environment>#<seq>`. */
  readonly id: string
  readonly seq: number
  readonly happenedAt: number
  readonly entityId: string
  readonly previousHash: string
  /** SHA-256, hex, over `previousHash` and the canonical JSON of all other fields. */
  readonly hash: string
}
