import { gateOf, gateText } from './approval.ts'
import type { AuditKind, AuditRow } from './audit.ts'
import { explain } from './explain.ts'
import { type Severity, titleOf, toldAs } from './notice-words.ts'
import type { Outcome, Rollout } from './rollout.ts'

export type { Severity } from './notice-words.ts'

/** A manual gate, as somebody must know it who is asked to open it. */
export interface NoticeGate {
  /** From 1. */
  readonly step: number
  readonly digest: string
  /** How many people it takes, and the names of those who have agreed. */
  readonly needed: number
  readonly given: readonly string[]
  /** The only ones who may open it, by name or id; null = every Approver. */
  readonly from: readonly string[] | null
  /** How far it is and who is still asked, in words. */
  readonly says: string
  /** When the rollout is rolled back because nobody opened it; epoch milliseconds, null = never. */
  readonly expiresAt: number | null
}

/**
 * One line of the audit, made ready to be told to people and machines outside. Its id is that of the row, so that whoever
 * hears it twice can tell.
 */
export interface Notice {
  readonly schema: 1
  /** `<environment>/<service>#<seq>`, or `<environment>#<seq>` for what concerns all of an environment. */
  readonly id: string
  /** The row's number within its audit chain: what is told of one service is told in this order. */
  readonly seq: number
  readonly kind: AuditKind
  readonly severity: Severity
  /** How grave that is what this notice says to be over; null where it says no such thing. */
  readonly ends: 'warning' | 'critical' | null
  /** Whether nothing about the rollout calls for anybody any more: an alert about it may be closed. */
  readonly closes: boolean
  /** A few words that name rollout and tag. */
  readonly title: string
  /** The audit row as one sentence. */
  readonly sentence: string
  readonly environment: string
  /** Null = the environment as a whole. */
  readonly service: string | null
  readonly rollout: string | null
  /** `registry/repository`; null where no rollout is meant, as for tag, digest, step, gate and outcome. */
  readonly image: string | null
  readonly tag: string | null
  readonly digest: string | null
  readonly step: { readonly number: number; readonly of: number } | null
  /** The gate that waits; null where none does. */
  readonly gate: NoticeGate | null
  readonly outcome: Outcome | null
  /** The dashboard's page about it; null where nobody has said where the dashboard is. */
  readonly link: string | null
  readonly actor: string
  /** Epoch milliseconds. */
  readonly at: number
}

/** A sentence longer than this is cut: all of it stands in the audit. */
const LONGEST_SENTENCE = 4_000

/**
 * What is to be told of rows that are stored together; rows that only auditors read give no notice. `rollout` is the one
 * that the rows are about as it stands after them, or null. `publicUrl` is where people reach the API, or null.
 */
export function noticesOf(
  rows: readonly AuditRow[],
  rollout: Rollout | null,
  publicUrl: string | null,
): readonly Notice[] {
  const confirmed = rows.some(({ kind }) => kind === 'rollback-confirmed')
  // The end that follows a confirmed rollback in the same breath says nothing new.
  const telling = rows.filter(({ kind }) => !(confirmed && kind === 'finished'))
  return telling.flatMap((row) => noticeOf(row, row.rollout === rollout?.id ? rollout : null, publicUrl) ?? [])
}

function noticeOf(row: AuditRow, rollout: Rollout | null, publicUrl: string | null): Notice | null {
  const told = toldAs(row, rollout)
  if (told === null) return null
  const [environment = '', service = null] = row.entityId.split('/')
  const { phase, push, manifest } = rollout ?? { phase: null, push: null, manifest: null }
  const isOver = phase?.kind === 'finished' || phase?.kind === 'rolling-back'
  return {
    schema: 1,
    id: row.id,
    seq: row.seq,
    kind: row.kind,
    ...told,
    title: titleOf(row, rollout),
    sentence: shortened(explain(row), LONGEST_SENTENCE),
    environment,
    service,
    rollout: row.rollout,
    image: push === null ? null : `${push.registry}/${push.repository}`,
    tag: push?.tag ?? null,
    digest: push?.digest ?? null,
    step: row.step === null || manifest === null ? null : { number: row.step, of: manifest.stages.length },
    gate: noticeGate(row, rollout),
    outcome: isOver ? phase.outcome : null,
    link: linkOf(publicUrl, environment, service),
    actor: row.actor,
    at: row.happenedAt,
  }
}

/** The thread that a notice belongs to: one per rollout, else one per service, else one for the environment. */
export function threadOf({
  environment,
  service,
  rollout,
}: Pick<Notice, 'environment' | 'service' | 'rollout'>): string {
  return rollout ?? service ?? environment
}

function noticeGate(row: AuditRow, rollout: Rollout | null): NoticeGate | null {
  const gate = rollout === null ? null : gateOf(rollout, row.happenedAt)
  if (rollout === null || gate === null || rollout.phase.kind !== 'paused') return null
  const { gateMs } = rollout.manifest.deadlines
  return {
    step: gate.step,
    digest: gate.digest,
    needed: gate.needed,
    given: gate.given.map(({ name }) => name),
    from: gate.rules.from,
    says: gateText(gate, rollout),
    expiresAt: gateMs === null ? null : rollout.phase.since + gateMs,
  }
}

function linkOf(publicUrl: string | null, environment: string, service: string | null): string | null {
  if (publicUrl === null) return null
  return service === null ? `${publicUrl}/ui/#/freezes` : `${publicUrl}/ui/#/${environment}/${service}`
}

/** The beginning of a text, never longer than `most` characters and never half a character; an ellipsis where it was cut. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
