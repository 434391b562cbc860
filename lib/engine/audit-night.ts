import { baseOf, type SignedCut, wrongCut } from '../core/audit-cut.ts'
import { type ChainHead, digestText, type Signature, type SignedDigest } from '../core/audit-digest.ts'
import { CLOCKS_APART_MS, closeWindow, openWindow, type Standing, takeRows, timesOf } from '../core/audit-window.ts'
import { type Break, walkEnd, walkFrom, walkOn } from '../core/chain-walk.ts'
import type { AuditLog, Night } from '../ports.ts'
import type { CutReader } from './audit-cut.ts'
import { headsOf, publicKeys } from './audit-digest.ts'
import { noteOn } from './environment-row.ts'
import type { Wheel } from './wheel.ts'

/** What the night's check needs beside the wheel. */
export interface Watchman extends CutReader {
  readonly log: AuditLog
}

/** What a piece of the night's check came to. `resting`: this night's is done. */
export type Watched = 'resting' | 'going-on' | 'intact' | 'broken'

/** One check a night: the next begins when the last began so long ago. */
const NIGHT_MS = 20 * 3_600_000
/** Digests that one window spans: a day. */
const SPAN = 24
const PAGE = 1_000
const MOST_FOUND = 20
/** What nobody can mend is told again after so long, not every night. */
const REMIND_MS = 7 * 86_400_000
/** How often a window is looked at anew because rows were removed meanwhile, as they may be. */
const MOST_LOOKS = 3

/**
 * Goes on with the night's check of all chains of an environment against its digests, for about `budgetMs`: window by window
 * from where the chains stand now back to their beginning, or to the last cut. What it found is stored after each window, so
 * that a later call goes on there, whoever makes it. Writes its result as a row of the environment's chain. Throws Fault.
 */
export async function watch(wheel: Wheel, man: Watchman, environment: string, budgetMs: number): Promise<Watched> {
  const end = wheel.clock.now() + budgetMs
  let { night, token } = await man.keeper.night(environment)
  if (night === null || night.phase === 'over') {
    const now = wheel.clock.now()
    if (night !== null && isWithin(night.startedAt, now, NIGHT_MS)) return 'resting'
    const begun = await keep(
      man,
      environment,
      {
        ...(await lookedAt(man, environment, () => beginning(wheel, man, environment), [])),
        last: night?.last ?? null,
      },
      token,
    )
    if (begun === null) return 'going-on'
    ;({ night, token } = begun)
  }
  if (night.phase === 'going') {
    const begun = await keep(man, environment, { ...night, stuck: stuckAt(night) }, token)
    if (begun === null) return 'going-on'
    ;({ night, token } = begun)
  }
  while (night.phase === 'going') {
    const stepped = await keep(
      man,
      environment,
      await lookedAt(man, environment, () => nextWindow(wheel, man, environment, night as Night), night.found),
      token,
    )
    if (stepped === null) return 'going-on'
    ;({ night, token } = stepped)
    if (night.phase === 'going' && wheel.clock.now() >= end) return 'going-on'
  }
  const { startedAt, rows, found } = night
  const told = toldOf(wheel, night)
  if (told === null || told !== night.last?.told)
    await noteOn(wheel, environment, resultRow(night), `night ${startedAt}`)
  const last = { at: wheel.clock.now(), startedAt, rows, found: found.length, ...(told === null ? {} : { told }) }
  await keep(man, environment, { ...night, phase: 'over', last }, token)
  return found.length === 0 ? 'intact' : 'broken'
}

/** When what was found is told: as before where it is the same as then, and that is not long ago. A full list may hide what is new. */
function toldOf(wheel: Wheel, { found, last }: Night): NonNullable<NonNullable<Night['last']>['told']> | null {
  if (found.length === 0) return null
  const now = wheel.clock.now()
  const mark = wheel.digest(JSON.stringify(found.map(({ id, because }) => [id, because])))
  const before = last?.told
  const isKnown = before?.mark === mark && found.length < MOST_FOUND && isWithin(before.at, now, REMIND_MS)
  return isKnown ? before : { at: now, mark }
}

/** Each call that ends before its first window does leaves smaller ones to the next: a host ends what takes too long. */
function stuckAt({ next, stuck }: Night): NonNullable<Night['stuck']> {
  const at = next?.number ?? 0
  const { at: before = null, calls = 0 } = stuck ?? {}
  return { at, calls: before === at ? calls + 1 : Math.max(0, calls - 1) }
}

/** A piece of the check; where it found something while rows were removed beside it, as they may be, it is done again. */
async function lookedAt(
  { keeper }: Watchman,
  environment: string,
  look: () => Promise<Night>,
  before: readonly Break[],
): Promise<Night> {
  for (let looks = 1; ; looks += 1) {
    const cut = await keeper.newestCut(environment)
    const seen = await look()
    if (seen.found.length === before.length || looks === MOST_LOOKS) return seen
    if ((await keeper.newestCut(environment))?.number === cut?.number) return seen
  }
}

/** Whether a moment of a check is so late. One that is said to be in the future was written by no clock here. */
export function isWithin(at: number, now: number, ms: number): boolean {
  return now - at < ms && at <= now + CLOCKS_APART_MS
}

type Kept = { readonly night: Night; readonly token: unknown }

/** Null = somebody else goes on with it at the same time. */
async function keep({ keeper }: Watchman, environment: string, night: Night, token: unknown): Promise<Kept | null> {
  const kept = await keeper.keepNight(environment, night, token)
  return kept === null ? null : { night, token: kept.token }
}

/** The first window: from now back to the newest digest, in one piece; the others go from digest to digest. */
async function beginning(wheel: Wheel, man: Watchman, environment: string): Promise<Night> {
  const startedAt = wheel.clock.now()
  const newest = (await man.digests.page(environment, 1, null)).items[0] ?? null
  const cut = await man.keeper.newestCut(environment)
  const listed = await headsOf(wheel, environment)
  const heads = [...listed.filter(({ seq }) => seq > 0), ...unread(wheel, environment, listed, newest?.heads ?? [])]
  const upper = { at: startedAt, heads }
  const lower = newest === null ? bottom(cut) : standingOf(newest)
  const { rows, found } = await checkWindow(wheel, man, environment, upper, lower)
  const signed = newest === null ? [] : await unsigned(man, newest)
  const lost = newest === null && cut !== null ? [cutBreak(cut, 'there is no digest any more that it could be at')] : []
  const night = { startedAt, newest: newest?.number ?? 0, rows, found: [...found, ...signed, ...lost], last: null }
  if (newest === null) return { ...night, phase: 'found', next: null }
  return { ...night, phase: 'going', next: { number: newest.number, hash: newest.hash } }
}

/** Where chains stood before whose services cannot be read now: the quarantine tells of them. One that is gone is not among them. */
function unread(
  wheel: Wheel,
  environment: string,
  listed: readonly ChainHead[],
  before: readonly ChainHead[],
): readonly ChainHead[] {
  const known = new Set(listed.map(({ entityId }) => entityId))
  return before.filter(({ entityId }) => {
    const key = { environment, name: entityId.slice(environment.length + 1) }
    return !known.has(entityId) && (wheel.heldBy?.(key) ?? null) !== null
  })
}

async function unsigned(
  man: Watchman,
  { signature, environment, number, ...said }: SignedDigest,
): Promise<readonly Break[]> {
  const keys = await publicKeys(man.signer)
  const verdict = man.verify(keys, digestText({ environment, number, ...said }), signature)
  if (verdict === 'good') return []
  const because =
    verdict === 'bad'
      ? 'its signature is not over what it says'
      : `no key that is known vouches for it (${signature.keyId})`
  return [{ id: digestId(environment, number), because }]
}

/** From one digest back to that of a day before, or to the last cut, or to the beginning. */
async function nextWindow(wheel: Wheel, man: Watchman, environment: string, night: Night): Promise<Night> {
  const { next, newest } = night
  if (next === null) return { ...night, phase: 'found' }
  const cut = await man.keeper.newestCut(environment)
  const least = cut?.digest.number ?? 0
  if (cut !== null && least >= next.number) {
    const because = `digest ${least} is not one before digest ${next.number}, from which the check goes back`
    return { ...night, phase: 'found', found: more(night.found, [cutBreak(cut, because)]) }
  }
  const until = Math.max(next.number - spanOf(night), least)
  const { upper, lower, broken } = await linked(wheel, man, environment, next, until)
  if (upper === null || broken.length > 0) return { ...night, phase: 'found', found: more(night.found, broken) }
  const isLast = until === least
  const wrong = isLast && cut !== null ? await cutTrouble(wheel, man, cut, lower, newest) : []
  const below = lower === null ? bottom(null) : standingOf(lower)
  const { rows, found } = await checkWindow(wheel, man, environment, standingOf(upper), below)
  const left = isLast && cut !== null ? await leftBehind(wheel, man, environment, cut) : []
  const all = more(night.found, [...wrong, ...found, ...left])
  const seen = { ...night, rows: night.rows + rows, found: all }
  if (isLast || lower === null) return { ...seen, phase: 'found', next: null }
  return { ...seen, next: { number: lower.number, hash: lower.hash } }
}

/** Half the digests for each call that could not get through them, one at the least. */
function spanOf({ stuck }: Night): number {
  return Math.max(1, Math.floor(SPAN / 2 ** (stuck?.calls ?? 0)))
}

/** The digests of a window, each of which must be the one that the next names; those of both ends. Lower null = the beginning. */
async function linked(
  wheel: Wheel,
  man: Watchman,
  environment: string,
  from: { readonly number: number; readonly hash: string },
  until: number,
): Promise<{
  readonly upper: SignedDigest | null
  readonly lower: SignedDigest | null
  readonly broken: readonly Break[]
}> {
  const numbers = Array.from({ length: from.number - Math.max(until, 1) + 1 }, (_, index) => from.number - index)
  const digests = await Promise.all(numbers.map((number) => man.keeper.digest(environment, number)))
  let { hash } = from
  for (const [index, each] of digests.entries()) {
    const because = wrongLink(wheel, environment, each, hash)
    if (because !== null) {
      const broken = [{ id: digestId(environment, numbers[index] ?? 0), because }]
      return { upper: null, lower: null, broken }
    }
    hash = each?.previousHash ?? ''
  }
  const isAll = until === 0
  const broken =
    isAll && !/^0+$/.test(hash) ? [{ id: digestId(environment, 1), because: 'it names a digest before the first' }] : []
  return { upper: digests[0] ?? null, lower: isAll ? null : (digests.at(-1) ?? null), broken }
}

function wrongLink(wheel: Wheel, environment: string, each: SignedDigest | null, hash: string): string | null {
  if (each === null) return 'it is missing'
  if (each.environment !== environment) return `it is a digest of ${each.environment}`
  if (each.hash !== hash) return 'it is not the one that the digest after it names'
  return wheel.digest(digestText(each)) === hash ? null : 'what it says does not give its hash: it was changed'
}

async function checkWindow(wheel: Wheel, man: Watchman, environment: string, upper: Standing, lower: Standing) {
  let window = openWindow(upper, lower)
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<AuditLog['page']>> = await man.log.page({
      environment,
      ...timesOf(window),
      limit: PAGE,
      from,
    })
    window = takeRows(window, page.items, wheel.digest)
    from = page.next
  } while (from !== null)
  return { rows: window.rows, found: closeWindow(window) }
}

async function cutTrouble(
  wheel: Wheel,
  man: Watchman,
  cut: SignedCut,
  named: SignedDigest | null,
  newest: number,
): Promise<readonly Break[]> {
  const keys = await publicKeys(man.signer)
  const verifySignature = (text: string, signature: Signature) => man.verify(keys, text, signature)
  const because = wrongCut(cut, cut.environment, { digest: wheel.digest, verifySignature, newest, named })
  return because === null ? [] : [cutBreak(cut, because)]
}

function cutBreak({ environment, number }: SignedCut, because: string): Break {
  return { id: `${environment}#cut-${number}`, because }
}

/** Rows that a cut has not removed yet: they must follow one another down from where it ends. */
async function leftBehind(wheel: Wheel, man: Watchman, environment: string, cut: SignedCut): Promise<readonly Break[]> {
  const at = Date.parse(cut.digest.at)
  const until = at + CLOCKS_APART_MS
  const walks = new Map(cut.heads.map(({ entityId, seq, hash }) => [entityId, walkFrom({ seq, hash }, { seq, hash })]))
  const broken: Break[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<AuditLog['page']>> = await man.log.page({ environment, until, limit: PAGE, from })
    for (const row of page.items) {
      const walk = walks.get(row.entityId)
      const isBeyond = walk === undefined || row.seq > walk.base.seq
      if (isBeyond && row.happenedAt > at - CLOCKS_APART_MS) continue
      const step = isBeyond ? null : walkOn(walk, row.entityId, [row], wheel.digest)
      const wrong = step === null ? { id: row.id, because: 'it is older than what was removed' } : step.broken
      if (wrong !== null && broken.length < MOST_FOUND) broken.push(wrong)
      if (step !== null) walks.set(row.entityId, step.walk)
    }
    from = page.next
  } while (from !== null)
  const ends = [...walks].flatMap(([entityId, walk]) =>
    walk.early.length === 0 ? [] : (walkEnd(walk, entityId) ?? []),
  )
  return [...broken, ...ends]
}

function standingOf({ at, heads }: SignedDigest): Standing {
  return { at: Date.parse(at), heads }
}

/** Before everything; after a cut without a digest to hold on to, where it ends. */
function bottom(cut: SignedCut | null): Standing {
  const heads: readonly ChainHead[] = (cut?.heads ?? []).map(({ entityId }) => ({ entityId, ...baseOf(cut, entityId) }))
  return { at: 0, heads }
}

function more(found: readonly Break[], others: readonly Break[]): readonly Break[] {
  return [...found, ...others].slice(0, MOST_FOUND)
}

function digestId(environment: string, number: number): string {
  return `${environment}#digest-${number}`
}

function resultRow({ found, rows, newest, startedAt }: Night) {
  const upTo = newest === 0 ? 'there is no digest to hold it against' : `against the digests up to ${newest}`
  const [first] = found
  const detail = { rows, newest, startedAt: new Date(startedAt).toISOString(), found }
  const common = { metric: 'audit', actor: 'slipway', detail }
  if (first === undefined)
    return {
      ...common,
      kind: 'audit-verified' as const,
      value: rows,
      notes: `${rows} rows are as they were written; ${upTo}`,
    }
  const least = found.length < MOST_FOUND ? '' : ' at least'
  const others = found.length > 1 ? ` (and ${found.length - 1} more${least})` : ''
  const notes = `the audit is not as it was written: ${first.id}: ${first.because}${others}`
  return { ...common, kind: 'audit-broken' as const, value: found.length, notes }
}
