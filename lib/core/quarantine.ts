import type { AuditDraft } from './audit.ts'

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

/** Something that cannot be read or acted on, as it was just met. `service` = its rows can be read, and our own code breaks on them. */
export interface Suspect {
  readonly kind: 'row' | 'message' | 'service'
  /** What kind of row; of a message, `delivery` (accepted by a hook) or `registry-event` (delivered straight by Event Grid); of a service, `turn`. */
  readonly what: RowKind | 'delivery' | 'registry-event' | 'turn'
  /** Where it lies: `table/partition/row`, the name of the queue that it came from, or `environment/service`. */
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
  /** Of a service: whether its canary may have users that are to go back. It is tried at every look then. Absent = no. */
  readonly mayGoBack?: boolean
}

/** A row of the audit that is yet to be written for an item: stored with what it tells of, so that no crash loses it. */
export interface Owed {
  /** No other telling of any item has it: who has written it down already writes it no second time. */
  readonly id: string
  readonly row: AuditDraft
  /** Those in whose audit it is missing. */
  readonly environments: readonly string[]
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
  /** What people were told is wrong with it since it came; absent = `why`. */
  readonly reasons?: readonly string[]
  /** What the audit does not say yet. Absent = nothing. */
  readonly owed?: readonly Owed[]
  /** How often its audit came to owe a row; absent = never. */
  readonly tellings?: number
  /** It is well again, and goes once nothing is owed; absent = it is not. */
  readonly releasedAt?: number
}

const MINUTE_MS = 60_000
/** A row that a newer build can read is not left waiting longer than this. */
const LONGEST_WAIT_MS = 15 * MINUTE_MS
/** A message may hold 64 KiB; more than a queue takes is not kept. */
const MOST_CONTENT = 65_536
const MOST_WORDS = 1_000
/** A reason that is another one each time is told of no more often than this. */
const MOST_REASONS = 5
/** How long what was dismissed is kept: a message then goes, and a row is read again. */
const KEPT_DISMISSED_MS = 30 * 24 * 60 * MINUTE_MS
/** A service that breaks our code is tried every quarter of an hour at the least: one that nobody tried for so long is due no more. */
const KEPT_UNTRIED_MS = 24 * 60 * MINUTE_MS
const KEPT_REDRIVEN_MS = 7 * 24 * 60 * MINUTE_MS

/** How long a row that was met `tries` times is not read again: a minute, doubled each time, a quarter of an hour at most. */
export function backOffMs(tries: number): number {
  return Math.min(MINUTE_MS * 2 ** Math.max(0, Math.min(tries, 10) - 1), LONGEST_WAIT_MS)
}

/** What names a suspect: its place, and of a message what it says as well. */
export function nameOfSuspect({ kind, what, place, content }: Suspect): string {
  if (kind === 'service') return `${what} ${place}`
  return kind === 'row' ? place : `${place}\n${content}`
}

/** A suspect under its id as it is kept from now on; `known` is what was kept of it before, or null. */
export function quarantinedAs(id: string, suspect: Suspect, known: Quarantined | null, now: number): Quarantined {
  const tries = (known?.tries ?? 0) + 1
  const isDismissed = known?.state === 'dismissed' && suspect.kind !== 'message' && !isReleased(known)
  const why = plainWords(suspect.why)
  return {
    ...suspect,
    why,
    field: suspect.field === null ? null : plainWords(suspect.field),
    content: suspect.content?.slice(0, MOST_CONTENT) ?? null,
    holds: suspect.holds || known?.holds === true,
    schema: 1,
    id,
    state: isDismissed ? 'dismissed' : 'waiting',
    since: known !== null && (isDismissed || !isBack(known)) ? known.since : now,
    triedAt: now,
    tries,
    nextTryAt: nextTryOf(suspect, known?.nextTryAt === null ? 1 : tries, isDismissed, now),
    redriven: known?.redriven ?? null,
    dismissed: isDismissed ? known.dismissed : null,
    reasons: reasonsWith(why, known, isDismissed),
    owed: known?.owed ?? [],
    tellings: known?.tellings ?? 0,
  }
}

/** Whether it is met again after nobody waited for it any more. */
function isBack(known: Quarantined): boolean {
  return known.state !== 'waiting' || isReleased(known)
}

/** `pauses`: where somebody has ended a rest, the next is the shortest, for whoever breaks on it now may not know what was ordered. */
function nextTryOf(
  { kind, mayGoBack = false }: Suspect,
  pauses: number,
  isDismissed: boolean,
  now: number,
): number | null {
  if (kind === 'service') return mayGoBack ? now : now + backOffMs(pauses)
  return kind === 'row' && !isDismissed ? now + backOffMs(pauses) : null
}

function reasonsWith(why: string, known: Quarantined | null, isDismissed: boolean): readonly string[] {
  if (known === null || (isBack(known) && !isDismissed)) return [why]
  const { reasons = [known.why] } = known
  return isDismissed || reasons.includes(why) || reasons.length >= MOST_REASONS ? reasons : [...reasons, why]
}

/** Whether people are to be told of an item as it is kept now: it is new, it is back, or another thing is wrong with it. */
export function isNews(item: Quarantined, known: Quarantined | null): boolean {
  if (item.state !== 'waiting') return false
  if (known === null || isBack(known)) return true
  return (item.reasons?.length ?? 1) > (known.reasons?.length ?? 1)
}

/** Whether it is well again and only not gone yet. */
export function isReleased({ releasedAt }: Pick<Quarantined, 'releasedAt'>): boolean {
  return releasedAt !== undefined
}

/**
 * What is to become of an item that nobody waits for: `remove` = it goes; `examine` = what was dismissed a month ago may be well
 * again, or gone, and is looked at; null = it stays. A service that was not tried for a day is not sick any more. What is
 * well again goes by itself, once its audit has been told.
 */
export function endOf(item: Quarantined, now: number): 'remove' | 'examine' | null {
  const { state, kind, redriven, triedAt, dismissed } = item
  if (isReleased(item)) return null
  if (state === 'redriven') return (redriven?.at ?? triedAt) < now - KEPT_REDRIVEN_MS ? 'remove' : null
  if (kind === 'service') return triedAt < now - KEPT_UNTRIED_MS ? 'remove' : null
  if (state !== 'dismissed' || Math.max(triedAt, dismissed?.at ?? 0) >= now - KEPT_DISMISSED_MS) return null
  return kind === 'row' ? 'examine' : 'remove'
}

/** Whether the engine is to read it again by itself now. */
export function isDueAgain(item: Quarantined, now: number): boolean {
  const isWaiting = item.kind === 'row' && item.state === 'waiting' && !isReleased(item)
  return isWaiting && item.nextTryAt !== null && !isResting(item, now)
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
export function holdsService(item: Quarantined): boolean {
  return item.holds && item.service !== null && item.state !== 'redriven' && !isReleased(item)
}

/** One line that a terminal and a chat can show, whatever was in it: no control characters and no marks that turn text round. */
export function plainWords(text: string): string {
  const shown = text.slice(0, MOST_WORDS).toWellFormed()
  return shown.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (mark) => `\\u${mark.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  )
}
