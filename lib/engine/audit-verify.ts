import type { AuditRow } from '../core/audit.ts'
import { baseOf, type SignedCut } from '../core/audit-cut.ts'
import { type Base, type Break, type Walk, walkEnd, walkFrom, walkOn } from '../core/chain-walk.ts'
import type { ServiceState } from '../core/service.ts'
import { Fault } from '../errors.ts'
import type { AuditLog } from '../ports.ts'
import { type CutReader, findCut } from './audit-cut.ts'
import type { Wheel } from './wheel.ts'

/** What walking a chain has shown so far, and where the rest is walked (null = that was all, or it is broken). */
export interface ChainVerdict {
  readonly entityId: string
  readonly intact: boolean
  readonly rows: number
  readonly head: { readonly id: string; readonly hash: string; readonly happenedAt: string } | null
  readonly broken: Break | null
  /** The row up to which older ones were removed; null = the chain has its first row. */
  readonly removed: Base | null
  readonly next: string | null
}

/** How far an earlier call came; goes to the caller and comes back. */
interface Progress {
  readonly walk: Walk
  readonly page: string | null
  readonly head: ChainVerdict['head']
}

/** Rows that are asked for at once, and after which the time is looked at. */
const PAGE = 500

/**
 * Walks the audit chain of a service, or (`service` null) of what concerns its whole environment, from the head that is
 * kept in its state back to the first row. It stops when `budgetMs` are over and says how to go on (`from`). Null = there
 * is no such service. A chain may begin where `cut` says that older rows were removed. Throws Fault; `malformed` where `from`
 * is no mark of this chain.
 */
export async function verifyChain(
  wheel: Wheel,
  log: AuditLog,
  chain: { readonly environment: string; readonly service: string | null },
  from: string | null,
  budgetMs: number,
  cut: SignedCut | null = null,
): Promise<ChainVerdict | null> {
  const { environment, service } = chain
  const entityId = service === null ? environment : `${environment}/${service}`
  const head = await headOf(wheel, environment, service)
  if (head === null) return null
  const end = wheel.clock.now() + budgetMs
  let at: Progress =
    from === null
      ? { walk: walkFrom(head, baseOf(cut, entityId)), page: null, head: headCut(head, cut, entityId) }
      : readMark(from, entityId)
  for (;;) {
    const { items, next } = await log.page({ environment, service, limit: PAGE, from: at.page })
    const walked = walkOn(at.walk, entityId, items, wheel.digest)
    at = { walk: walked.walk, page: next, head: at.head ?? headRow(items, head.seq) }
    const beyond = from === null && walked.broken === null ? await rowBeyond(wheel, chain, items, head.seq) : null
    const broken = walked.broken ?? beyond ?? (next === null ? walkEnd(at.walk, entityId) : null)
    if (broken !== null || next === null) return verdict(entityId, at, broken, null)
    if (wheel.clock.now() >= end && at.walk.early.length === 0)
      return verdict(entityId, at, null, writeMark(at, entityId))
  }
}

/**
 * As `verifyChain`, by the newest cut that is sound. A chain that is broken only because rows were removed meanwhile, as they may
 * be, is walked anew by the cut of now. Throws Fault.
 */
export async function verifyStanding(
  wheel: Wheel,
  reader: CutReader & { readonly log: AuditLog },
  chain: { readonly environment: string; readonly service: string | null },
  from: string | null,
  budgetMs: number,
): Promise<ChainVerdict | null> {
  const verdict = await verifyChain(wheel, reader.log, chain, from, budgetMs, await soundCut(wheel, reader, chain))
  if (verdict === null || verdict.intact) return verdict
  const cut = await soundCut(wheel, reader, chain)
  if (baseOf(cut, verdict.entityId).seq === (verdict.removed?.seq ?? 0)) return verdict
  return verifyChain(wheel, reader.log, chain, null, budgetMs, cut)
}

async function soundCut(
  wheel: Wheel,
  reader: CutReader,
  { environment }: { readonly environment: string },
): Promise<SignedCut | null> {
  const found = await findCut(wheel, reader, environment)
  return found.kind === 'sound' ? found.cut : null
}

async function headOf(
  wheel: Wheel,
  environment: string,
  service: string | null,
): Promise<ServiceState['chain'] | null> {
  if (service === null) return (await wheel.freezes.freezesOf(environment)).chain
  const [item] = await wheel.store.load(environment, [service])
  return item?.service.chain ?? null
}

/** A row behind the head is right only where the head has moved on to it meanwhile. */
async function rowBeyond(
  wheel: Wheel,
  { environment, service }: { readonly environment: string; readonly service: string | null },
  items: readonly AuditRow[],
  seq: number,
): Promise<Break | null> {
  const [newest] = items
  if (newest === undefined || newest.seq <= seq) return null
  const now = await headOf(wheel, environment, service)
  if (now !== null && newest.seq <= now.seq) return null
  return { id: newest.id, because: `it stands behind the head of the chain, which is row ${seq}` }
}

/** The newest row of a chain of which all rows were removed: only the cut knows it yet. */
function headCut({ seq, hash }: ServiceState['chain'], cut: SignedCut | null, entityId: string): ChainVerdict['head'] {
  const base = baseOf(cut, entityId)
  if (cut === null || seq === 0 || seq !== base.seq || hash !== base.hash) return null
  return { id: `${entityId}#${seq}`, hash, happenedAt: cut.digest.at }
}

function headRow(items: readonly AuditRow[], seq: number): ChainVerdict['head'] {
  const row = items.find((each) => each.seq === seq)
  return row === undefined ? null : { id: row.id, hash: row.hash, happenedAt: new Date(row.happenedAt).toISOString() }
}

function verdict(entityId: string, { walk, head }: Progress, broken: Break | null, next: string | null): ChainVerdict {
  const removed = walk.base.seq === 0 ? null : walk.base
  return { entityId, intact: broken === null, rows: walk.rows, head, broken, removed, next }
}

function writeMark(progress: Progress, entityId: string): string {
  return btoa(JSON.stringify({ entityId, ...progress }))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

/** What was changed in a mark misleads only who changed it: nothing is shown by it that they may not see. */
function readMark(from: string, entityId: string): Progress {
  try {
    const read = JSON.parse(atob(from.replaceAll('-', '+').replaceAll('_', '/'))) as Progress & { entityId: string }
    const { walk, page, head } = read
    const numbers = [walk.seq, walk.rows, walk.top, walk.base.seq, walk.last?.happenedAt ?? 0]
    const isEarly = walk.early.every(({ seq }) => Number.isSafeInteger(seq))
    const isWalk = numbers.every(Number.isSafeInteger) && typeof walk.hash === 'string' && isEarly
    if (isWalk && typeof page === 'string' && read.entityId === entityId) return { walk, page, head }
  } catch {
    // told below, whatever was wrong with it
  }
  throw new Fault('malformed', 'this page mark is of another list; ask for the first page again')
}
