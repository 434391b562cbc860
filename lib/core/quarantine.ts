import type { AuditDraft, AuditKind } from './audit.ts'

/** What a stored row is: told by its table and key. */
export type RowKind =
  | 'service'
  | 'rollout'
  | 'judge'
  | 'buckets'
  | 'audit'
  | 'command'
  | 'due'
  | 'freezes'
  | 'notice'
  | 'parcel'
  | 'sink'
  | 'thread'
  | 'digest'
  | 'source'
  | 'event'
  | 'unknown'

/** Something that cannot be read or acted on, as it was just met. */
export interface Suspect {
  readonly kind: 'row' | 'message'
  /** What kind of row; of a message, `delivery` (accepted by a hook) or `registry-event` (delivered straight by Event Grid). */
  readonly what: RowKind | 'delivery' | 'registry-event'
  /** Where it lies: `table/partition/row`, or the name of the queue that it came from. */
  readonly place: string
  /** Null = of no environment alone, or nobody can tell. */
  readonly environment: string | null
  readonly service: string | null
  /** The field that is wrong (`manifest.stages.0.weight`); null = no single one. */
  readonly field: string | null
  /** What is wrong, in words. */
  readonly why: string
  /** Whether its service is left alone as long as this lasts. */
  readonly holds: boolean
  /** A message, as it came; null for a row, which stays where it is. */
  readonly content: string | null
}

/** Something in quarantine: kept as it is, told to people, and left out of the work until it can be read. */
export interface Quarantined extends Suspect {
  readonly schema: 1
  /** The same for the same row, or the same message, however often it is met. */
  readonly id: string
  /** `redriven`: a message that was put back into its queue and has not failed since. `dismissed`: nobody waits for it. */
  readonly state: 'waiting' | 'redriven' | 'dismissed'
  readonly since: number
  /** When it was met or tried last, and how often in all. */
  readonly triedAt: number
  readonly tries: number
  /** A row is not read again by the engine before this; null = only when somebody asks. */
  readonly nextTryAt: number | null
  /** Who asked last for another try, and when. */
  readonly redriven: { readonly by: string; readonly at: number } | null
  readonly dismissed: { readonly by: string; readonly at: number; readonly reason: string } | null
}

const MINUTE_MS = 60_000
/** A row that a newer build can read is not left waiting longer than this. */
const LONGEST_WAIT_MS = 15 * MINUTE_MS
/** A message may hold 64 KiB; more than a queue takes is not kept. */
const MOST_CONTENT = 65_536
const MOST_WORDS = 1_000

/** How long a row that was met `tries` times is not read again: a minute, doubled each time, a quarter of an hour at most. */
export function backOffMs(tries: number): number {
  return Math.min(MINUTE_MS * 2 ** Math.max(0, Math.min(tries, 10) - 1), LONGEST_WAIT_MS)
}

/** What names a suspect: its place, and of a message what it says as well. */
export function nameOfSuspect({ kind, place, content }: Suspect): string {
  return kind === 'row' ? place : `${place}\n${content}`
}

/** A suspect under its id as it is kept from now on; `known` is what was kept of it before, or null. */
export function quarantinedAs(id: string, suspect: Suspect, known: Quarantined | null, now: number): Quarantined {
  const tries = (known?.tries ?? 0) + 1
  const isDismissed = known?.state === 'dismissed' && suspect.kind === 'row'
  return {
    ...suspect,
    why: plainWords(suspect.why),
    field: suspect.field === null ? null : plainWords(suspect.field),
    content: suspect.content?.slice(0, MOST_CONTENT) ?? null,
    holds: suspect.holds || known?.holds === true,
    schema: 1,
    id,
    state: isDismissed ? 'dismissed' : 'waiting',
    since: known?.state === 'waiting' || isDismissed ? known.since : now,
    triedAt: now,
    tries,
    nextTryAt: suspect.kind === 'row' && !isDismissed ? now + backOffMs(tries) : null,
    redriven: known?.redriven ?? null,
    dismissed: isDismissed ? known.dismissed : null,
  }
}

/** Whether the engine is to read it again by itself now. */
export function isDueAgain(item: Quarantined, now: number): boolean {
  return item.kind === 'row' && item.state === 'waiting' && item.nextTryAt !== null && !isResting(item, now)
}

/** Whether it waits for a try to come. A wait longer than any that is ever set was set by a clock that has gone back since. */
export function isResting({ nextTryAt }: Pick<Quarantined, 'nextTryAt'>, now: number): boolean {
  return nextTryAt !== null && now < nextTryAt && nextTryAt <= now + LONGEST_WAIT_MS
}

/** Which of two is read again first: what holds a service, then what has waited longest. */
export function byNeed(one: Quarantined, other: Quarantined): number {
  return Number(holdsService(other)) - Number(holdsService(one)) || (one.nextTryAt ?? 0) - (other.nextTryAt ?? 0)
}

/** Whether its service is left alone now: as long as nobody can read what the service needs. */
export function holdsService({ holds, service, state }: Quarantined): boolean {
  return holds && service !== null && state !== 'redriven'
}

/** The kinds of audit rows about what is in quarantine. */
export type QuarantineKind = Extract<AuditKind, `quarantine-${string}`>

/** What the audit says of an item; `reason` is what a person gave, or ''. */
export function quarantineRow(kind: QuarantineKind, item: Quarantined, actor: string, reason = ''): AuditDraft {
  const { id, what, place, service, field, why, since, tries } = item
  const tail = reason === '' ? '' : `: ${reason}`
  const notes = {
    'quarantine-added': `${thingText(item)} is left out until it can be read: ${why}`,
    'quarantine-redriven': `${thingText(item)} is tried again${tail}`,
    'quarantine-over': `${thingText(item)} can be read again, or is gone`,
    'quarantine-dismissed': `nobody waits for ${thingText(item)} any more${tail}`,
  }[kind]
  return {
    kind,
    metric: 'quarantine',
    value: tries,
    notes,
    actor,
    rollout: null,
    step: null,
    weightsBefore: null,
    weightsAfter: null,
    evidence: [],
    detail: { id, what, place, service, field, why, since, tries },
  }
}

function thingText({ kind, what, place }: Quarantined): string {
  return kind === 'row' ? `the ${what} row ${plainWords(place)}` : `a message of ${plainWords(place)}`
}

/** One line that a terminal and a chat can show, whatever was in it: no control characters and no marks that turn text round. */
function plainWords(text: string): string {
  const shown = text.slice(0, MOST_WORDS).toWellFormed()
  return shown.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (mark) => `\\u${mark.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  )
}
