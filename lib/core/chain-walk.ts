import type { AuditRow } from './audit.ts'
import { GENESIS, hashedText } from './chain.ts'

/** Where a chain begins: before its first row, or at the row up to which older ones were removed. */
export interface Base {
  readonly seq: number
  readonly hash: string
}

/** How far a chain was walked, from its newest row back to its first. */
export interface Walk {
  /** Which row must come next: its number and its hash. At 0 the walk is over. */
  readonly seq: number
  readonly hash: string
  /** Rows that were found right so far. */
  readonly rows: number
  /** Number of the newest row; those behind it were written after the head was read. */
  readonly top: number
  /** Rows older than this were removed under a retention: they need not be there. */
  readonly base: Base
  /** The row that was listed last. Listed are the newest first, by time and then by falling number; null before the first. */
  readonly last: Pick<AuditRow, 'seq' | 'happenedAt'> | null
  /** Rows that came before their turn: the clock of whoever wrote them was ahead of that of whoever wrote the next. */
  readonly early: readonly AuditRow[]
}

/** What is wrong with a chain, and at which row. */
export interface Break {
  readonly id: string
  readonly because: string
}

const BEGINNING: Base = { seq: 0, hash: GENESIS }
/** More rows than these do not come before their turn for the sake of a clock. */
const MOST_EARLY = 1_000

/** The walk that begins at the head that is kept apart from the rows, and ends at `base`. */
export function walkFrom(head: Base, base: Base = BEGINNING): Walk {
  return { seq: head.seq, hash: head.hash, rows: 0, top: head.seq, base, last: null, early: [] }
}

/**
 * Walks on over `rows` of one chain, as they are listed. Rows newer than the head are passed over: they were written after it
 * was read. Each must have the number and the hash that the row after it (for the newest: the head) asks for, and its text
 * must give that hash: so a row that was changed, taken out, put in, moved, or cut off at the end is found. A row whose time
 * is later than that of the row after it (two clocks) waits for its turn.
 */
export function walkOn(
  walk: Walk,
  entityId: string,
  rows: readonly AuditRow[],
  digest: (text: string) => string,
): { readonly walk: Walk; readonly broken: Break | null } {
  let at = walk
  for (const row of rows) {
    if (row.seq > at.top && row.entityId === entityId) continue
    const because = wrongPlace(row, at, entityId)
    if (because !== null) return { walk: at, broken: { id: row.id, because } }
    const { seq, happenedAt } = row
    const step = drained({ ...at, last: { seq, happenedAt } }, row, entityId, digest)
    if (step.broken !== null) return step
    at = step.walk
  }
  return { walk: at, broken: null }
}

/** What is wrong where no more rows come; null = the walk has reached the first row, and all is right. */
export function walkEnd(walk: Walk, entityId: string): Break | null {
  const { seq, hash, base, early, top } = walk
  if (top < base.seq)
    return { id: `${entityId}#${base.seq}`, because: `the chain went back: it ends at row ${top} now` }
  if (seq > base.seq || early.length > 0) return { id: `${entityId}#${seq}`, because: `row ${seq} is missing` }
  if (seq < base.seq || hash === base.hash) return null
  if (base.seq === 0)
    return { id: `${entityId}#1`, because: 'the first row does not begin the chain: it names a row before it' }
  return { id: `${entityId}#${seq + 1}`, because: AWAY }
}

const AWAY = 'it does not follow the row up to which older ones were removed'

/** Takes in a row, and those whose turn has come by it; or lets it wait for its turn. */
function drained(
  walk: Walk,
  row: AuditRow,
  entityId: string,
  digest: (text: string) => string,
): { readonly walk: Walk; readonly broken: Break | null } {
  if (row.seq !== walk.seq) {
    const early = [...walk.early, row]
    if (early.length <= MOST_EARLY) return { walk: { ...walk, early }, broken: null }
    return { walk, broken: { id: `${entityId}#${walk.seq}`, because: `row ${walk.seq} is missing` } }
  }
  let at = walk
  for (let next: AuditRow | undefined = row; next !== undefined; ) {
    const because = wrongText(next, at, digest)
    if (because !== null) return { walk: at, broken: { id: next.id, because } }
    const early = at.early.length === 0 ? at.early : at.early.filter((one) => one !== next)
    at = { ...at, seq: at.seq - 1, hash: next.previousHash, rows: at.rows + 1, early }
    if (at.seq === at.base.seq && at.seq > 0 && at.hash !== at.base.hash)
      return { walk: at, broken: { id: next.id, because: AWAY } }
    next = at.early.find(({ seq }) => seq === at.seq)
  }
  return { walk: at, broken: null }
}

function wrongPlace(row: AuditRow, { seq, last, early }: Walk, entityId: string): string | null {
  if (row.entityId !== entityId || row.id !== `${entityId}#${row.seq}`)
    return 'it says that it is a row of another chain'
  if (seq === 0) return 'it stands before the first row'
  if (row.seq > seq || early.some((one) => one.seq === row.seq)) return `it stands where row ${seq} belongs`
  const isInOrder = last === null || row.happenedAt < last.happenedAt
  return isInOrder || (row.happenedAt === last.happenedAt && row.seq < last.seq) ? null : 'it stands out of its order'
}

function wrongText(row: AuditRow, { hash }: Walk, digest: (text: string) => string): string | null {
  if (row.hash !== hash) return 'its hash is not the one that the row after it, or the head, names'
  return digest(hashedText(row)) === hash ? null : 'what it says does not give its hash: it was changed'
}
