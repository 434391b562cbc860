import { cutText, isRipe, nextCut, type SignedCut } from '../core/audit-cut.ts'
import type { SignedDigest } from '../core/audit-digest.ts'
import { CLOCKS_APART_MS } from '../core/audit-window.ts'
import { isRunning } from '../core/start.ts'
import type { AuditLog } from '../ports.ts'
import { findCut } from './audit-cut.ts'
import { publicKeys } from './audit-digest.ts'
import { isWithin, type Watchman } from './audit-night.ts'
import { noteOn } from './environment-row.ts'
import type { Wheel } from './wheel.ts'

/** What a piece of trimming came to. */
export type Trimmed = 'nothing' | 'trimmed' | 'going-on'

/** Digests that one cut spans at most: a month. What is older yet goes with the next. */
const MOST_SPANNED = 31 * 24
const PAGE = 1_000
/** How long ago the check of a night may have ended on which a cut rests: what a cut removes is what it looked at last. */
const FRESH_MS = 26 * 3_600_000
const MOST_DUE = 20_000
/** A cut is told of by a later call for so long: shorter than it is remembered that it was. */
const TOLD_WITHIN_MS = 2 * 86_400_000

/**
 * Removes from the audit of an environment what is older than its retention: whole sealed segments, up to a digest whose
 * successor stands, and only what last night's check found as it was written. First a signed cut is stored, which says what
 * is removed, and the audit tells of it; then the rows go, the oldest of each chain first, so that a crash leaves a chain that
 * is right, and the next call goes on. Nothing goes that is younger than a rollout which runs, and nothing by a cut that is not
 * sound. The newest cut is signed anew where another key signs now, also without a retention (null). Throws Fault.
 */
export async function trim(
  wheel: Wheel,
  man: Watchman,
  environment: string,
  retentionDays: number | null,
  budgetMs: number,
): Promise<Trimmed> {
  const end = wheel.clock.now() + budgetMs
  if (!(await isProven(wheel, man, environment))) return 'nothing'
  const found = await findCut(wheel, man, environment)
  if (found.kind === 'wrong') return 'nothing'
  let cut = found.kind === 'sound' ? found.cut : null
  if (cut !== null) await tellOf(wheel, cut)
  if (cut !== null && !(await removeLeft(wheel, man, cut, end))) return 'going-on'
  if (cut !== null && (await isOldKey(man, cut))) cut = await renewed(wheel, man, cut)
  let result: Trimmed = 'nothing'
  while (retentionDays !== null && (await isProven(wheel, man, environment))) {
    const digest = await ripest(wheel, man, environment, cut, retentionDays)
    if (digest === null) return result
    const next = await cutAt(wheel, man, digest, cut, retentionDays)
    if (next === null || !(await removeLeft(wheel, man, next, end))) return 'going-on'
    result = 'trimmed'
    cut = next
    if (wheel.clock.now() >= end) return 'going-on'
  }
  return result
}

/** Whether the last check is over, ended lately, and found nothing. */
async function isProven(wheel: Wheel, { keeper }: Watchman, environment: string): Promise<boolean> {
  const { night } = await keeper.night(environment)
  const isFresh = night !== null && night.last !== null && isWithin(night.last.at, wheel.clock.now(), FRESH_MS)
  return isFresh && night.phase === 'over' && night.found.length === 0 && night.newest > 0
}

/** The newest digest up to which rows may go; null = none may. */
async function ripest(
  wheel: Wheel,
  { digests, keeper }: Watchman,
  environment: string,
  cut: SignedCut | null,
  retentionDays: number,
): Promise<SignedDigest | null> {
  const newest = (await digests.page(environment, 1, null)).items[0]?.number ?? 0
  const began = await runningSince(wheel, environment)
  const now = wheel.clock.now()
  let ripe: SignedDigest | null = null
  let low = (cut?.digest.number ?? 0) + 1
  let high = Math.min(newest - 1, low + MOST_SPANNED - 1)
  while (low <= high) {
    const middle = Math.floor((low + high) / 2)
    const digest = await keeper.digest(environment, middle)
    const isOld = digest !== null && isRipe(digest, newest, retentionDays, now) && Date.parse(digest.at) < began
    if (isOld) ripe = digest
    if (isOld) low = middle + 1
    else high = middle - 1
  }
  return ripe
}

/** When the oldest rollout that runs began; infinite where none does. */
async function runningSince(wheel: Wheel, environment: string): Promise<number> {
  const names = await wheel.store.due(environment, Number.MAX_SAFE_INTEGER, MOST_DUE)
  const loaded = await wheel.store.load(environment, names)
  const began = loaded.flatMap(({ rollout }) => (rollout !== null && isRunning(rollout) ? [rollout.startedAt] : []))
  return Math.min(Number.POSITIVE_INFINITY, ...began)
}

/** Whether another key signs now: that of the cut may not be shown for ever, and what nobody vouches for is a finding. */
async function isOldKey({ signer }: Watchman, { signature }: SignedCut): Promise<boolean> {
  const [newest] = await publicKeys(signer)
  return newest !== undefined && newest.kid !== signature.keyId
}

/** The cut once more, with the key that signs now; as it was where somebody else cut at the same time. */
async function renewed(wheel: Wheel, man: Watchman, cut: SignedCut): Promise<SignedCut> {
  const digest = await man.keeper.digest(cut.environment, cut.digest.number)
  return (digest === null ? null : await cutAt(wheel, man, digest, cut, cut.retentionDays)) ?? cut
}

/** Null = somebody else cut at the same time. */
async function cutAt(
  wheel: Wheel,
  { keeper, signer }: Watchman,
  digest: SignedDigest,
  before: SignedCut | null,
  retentionDays: number,
): Promise<SignedCut | null> {
  const said = nextCut(before, digest, retentionDays, wheel.clock.now())
  const text = cutText(said)
  const cut = { ...said, hash: wheel.digest(text), signature: await signer.sign(text) }
  if ((await keeper.appendCut(cut)) === 'conflict') return null
  await tellOf(wheel, cut)
  return cut
}

/**
 * Writes down what a cut is for, once: only what was stored was cut, and whoever died right after storing it leaves the
 * telling to the next call. One that is older than tellings are remembered was told of long ago.
 */
async function tellOf(wheel: Wheel, cut: SignedCut): Promise<void> {
  const { environment, number, hash, at, rows, retentionDays, digest, heads } = cut
  if (!isWithin(Date.parse(at), wheel.clock.now(), TOLD_WITHIN_MS)) return
  const detail = { cut: { number, hash }, digest, chains: heads.length, retentionDays }
  const notes = `${rows} rows older than ${retentionDays} days are removed, up to digest ${digest.number} of ${digest.at}`
  const row = { kind: 'audit-trimmed', metric: 'audit', value: rows, notes, actor: 'slipway', detail } as const
  await noteOn(wheel, environment, row, `cut ${number}`)
}

/** Removes the rows of a cut that are there yet, the oldest of each chain first; false = time is up before the last. */
async function removeLeft(wheel: Wheel, { log, keeper }: Watchman, cut: SignedCut, end: number): Promise<boolean> {
  const { environment } = cut
  const until = Date.parse(cut.digest.at) + CLOCKS_APART_MS
  const last = new Map(cut.heads.map(({ entityId, seq }) => [entityId, seq]))
  const rows: { readonly entityId: string; readonly seq: number; readonly happenedAt: number }[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<AuditLog['page']>> = await log.page({ environment, until, limit: PAGE, from })
    for (const { entityId, seq, happenedAt } of page.items)
      if (seq <= (last.get(entityId) ?? 0)) rows.push({ entityId, seq, happenedAt })
    from = page.next
  } while (from !== null)
  rows.sort((one, other) =>
    one.entityId === other.entityId ? one.seq - other.seq : one.entityId < other.entityId ? -1 : 1,
  )
  for (let at = 0; at < rows.length; at += PAGE) {
    if (at > 0 && wheel.clock.now() >= end) return false
    await keeper.removeRows(environment, rows.slice(at, at + PAGE))
  }
  return true
}
