import type { AuditDraft } from '../core/audit.ts'
import { type Caller, mayDo } from '../core/caller.ts'
import type { By } from '../core/facts.ts'
import { isReleased, type Quarantined, quarantinedAs } from '../core/quarantine.ts'
import { quarantineRow } from '../core/quarantine-row.ts'
import { Fault } from '../errors.ts'
import type { Clock, Page, Quarantine, QuarantinedLoaded, Requeue } from '../ports.ts'
import type { Ward } from './ward.ts'

/** What trying again needs. */
export interface Redriving {
  readonly ward: Ward
  readonly requeue: Requeue
  readonly clock: Clock
}

/** Which items are asked for; null = any, but those that were dismissed only where they are asked for. */
export interface QuarantineQuery {
  /** In this order; null among them = what is of no environment. */
  readonly scopes: readonly (string | null)[]
  readonly service: string | null
  readonly state: Quarantined['state'] | null
  readonly limit: number
  readonly from: string | null
}

/** A list that seldom shows anything makes a short page with a mark, not a long wait. */
const MOST_READS = 20

/**
 * One page of the quarantine, scope by scope. What `caller` may not see is left out, so that a page may be shorter than was
 * asked for, and empty. Throws Fault `malformed` for a mark that no page gave out.
 */
export async function quarantinePage(
  quarantine: Quarantine,
  { scopes, service, state, limit, from }: QuarantineQuery,
  caller: Caller,
): Promise<Page<Quarantined>> {
  const isWanted = (item: Quarantined) =>
    (state === null ? item.state !== 'dismissed' : item.state === state) &&
    (service === null || item.service === service) &&
    !isReleased(item) &&
    maySee(caller, item)
  const seen: Quarantined[] = []
  let { scope, inner } = from === null ? { scope: 0, inner: null } : readMark(from, scopes.length)
  for (let reads = 0; scope < scopes.length; reads += 1) {
    if (seen.length >= limit || reads === MOST_READS) return { items: seen, next: `${scope}~${inner ?? ''}` }
    const page: Page<QuarantinedLoaded> = await quarantine.items(scopes[scope] ?? null, limit - seen.length, inner)
    seen.push(...page.items.map(({ item }) => item).filter(isWanted))
    inner = page.next
    if (inner === null) scope += 1
  }
  return { items: seen, next: null }
}

/** An item by its id, wherever it lies; null where there is none that `caller` may see. Throws Fault. */
export async function findQuarantined(
  quarantine: Quarantine,
  scopes: readonly (string | null)[],
  id: string,
  caller: Caller,
): Promise<QuarantinedLoaded | null> {
  const found = await Promise.all(scopes.map((scope) => quarantine.find(scope, id)))
  return found.find((one) => one !== null && !isReleased(one.item) && maySee(caller, one.item)) ?? null
}

/** What became of another try: the row can be read (or is gone), it still cannot, or it is tried again soon (a message is in its queue again). */
export interface Redriven {
  readonly outcome: 'released' | 'unreadable' | 'queued'
  readonly item: Quarantined
}

/** Tries an item again because a person asks for it, and writes that down. Throws Fault; `conflict`: it changed meanwhile. */
export async function redrive(redriving: Redriving, loaded: QuarantinedLoaded, by: By): Promise<Redriven> {
  const again = { row: readAgain, message: sendAgain, service: turnAgain }[loaded.item.kind]
  return again(redriving, loaded, by)
}

async function readAgain({ ward, clock }: Redriving, { item, token }: QuarantinedLoaded, by: By): Promise<Redriven> {
  const still = await ward.examined(item)
  const now = clock.now()
  const redriven = { by: actorOf(by), at: now }
  if (still === null) {
    const row = rowBy('quarantine-redriven', item, by, 'it can be read again, or is gone')
    if ((await ward.release(item, token, row)) === 'conflict') throw changed(item)
    return { outcome: 'released', item: { ...item, redriven } }
  }
  const next = { ...quarantinedAs(item.id, still, { ...item, state: 'waiting' }, now), redriven }
  await keep(ward, next, token, rowBy('quarantine-redriven', next, by, `it still cannot be read: ${next.why}`))
  return { outcome: 'unreadable', item: next }
}

/** First it is written down, then sent: what is lost between the two stands here as sent, and can be sent again. */
async function sendAgain(
  { ward, requeue, clock }: Redriving,
  { item, token }: QuarantinedLoaded,
  by: By,
): Promise<Redriven> {
  const next = sentAgain(item, by, clock.now())
  await keep(ward, next, token, rowBy('quarantine-redriven', next, by, `it is put back into ${item.place}`))
  try {
    await requeue.send(item.place, item.content ?? '')
  } catch (error) {
    const now = await ward.quarantine.find(item.environment, item.id)
    if (now?.item.state === 'redriven') {
      const before = { ...now.item, state: item.state, dismissed: item.dismissed }
      const why = error instanceof Fault ? error.message : 'sending failed'
      const row = rowBy('quarantine-redriven', before, by, `it was not put back into ${item.place}: ${why}`)
      await ward.keep(before, now.token, row)
    }
    throw error
  }
  return { outcome: 'queued', item: next }
}

/** A service rests no more: the next sweep looks at it. */
async function turnAgain({ ward, clock }: Redriving, { item, token }: QuarantinedLoaded, by: By): Promise<Redriven> {
  const next = { ...sentAgain(item, by, clock.now()), nextTryAt: null }
  await keep(ward, next, token, rowBy('quarantine-redriven', next, by, 'the next sweep looks at it'))
  return { outcome: 'queued', item: next }
}

function sentAgain(item: Quarantined, by: By, at: number): Quarantined {
  return { ...item, state: 'redriven', redriven: { by: actorOf(by), at }, dismissed: null }
}

/**
 * Says that nobody waits for an item any more. A message is kept for thirty days and not sent; a row stays where it is, and
 * is read again only when somebody asks, or once thirty days are over. What holds a whole environment cannot be dismissed:
 * null. Throws Fault.
 */
export async function dismiss(
  { ward, clock }: Pick<Redriving, 'ward' | 'clock'>,
  { item, token }: QuarantinedLoaded,
  by: By,
  reason: string,
): Promise<Quarantined | null> {
  if (item.what === 'freezes') return null
  const dismissed = { by: actorOf(by), at: clock.now(), reason }
  const rests = item.kind === 'service' ? item.nextTryAt : null
  const next: Quarantined = { ...item, state: 'dismissed', nextTryAt: rests, dismissed }
  await keep(ward, next, token, rowBy('quarantine-dismissed', next, by, reason))
  return next
}

async function keep(ward: Ward, item: Quarantined, token: unknown, row: AuditDraft): Promise<void> {
  if ((await ward.keep(item, token, row)) === 'conflict') throw changed(item)
}

function changed({ id }: Quarantined): Fault {
  return new Fault('conflict', `the quarantined ${id} changed meanwhile; look at it again`)
}

function rowBy(
  kind: 'quarantine-redriven' | 'quarantine-dismissed',
  item: Quarantined,
  by: By,
  words: string,
): AuditDraft {
  const row = quarantineRow(kind, item, actorOf(by), words)
  const asked = typeof by === 'string' || by.asked === undefined ? {} : { asked: by.asked }
  return { ...row, detail: { ...row.detail, ...asked } }
}

function actorOf(by: By): string {
  return typeof by === 'string' ? by : by.actor
}

function maySee(caller: Caller, { environment, service }: Quarantined): boolean {
  return mayDo(caller, 'see', { environment, name: service })
}

function readMark(text: string, scopes: number): { readonly scope: number; readonly inner: string | null } {
  const [, scope, inner = ''] = /^(\d{1,3})~(.*)$/s.exec(text) ?? []
  if (scope !== undefined && Number(scope) < scopes) return { scope: Number(scope), inner: inner === '' ? null : inner }
  const words = 'The page token is not one of this listing: ask for the first page again, without a token.'
  throw new Fault('malformed', words)
}
