import type { AuditRow } from './audit.ts'
import { GENESIS, hashedText } from './chain.ts'

/** How far a chain was walked, from its newest row back to its first. */
export interface Walk {
  /** Which row must come next: its number and its hash. At 0 the walk is over. */
  readonly seq: number
  readonly hash: string
  /** Rows that were found right so far. */
  readonly rows: number
}

/** What is wrong with a chain, and at which row. */
export interface Break {
  readonly id: string
  readonly because: string
}

/** The walk that begins at the head that is kept apart from the rows. */
export function walkFrom(head: { readonly seq: number; readonly hash: string }): Walk {
  return { seq: head.seq, hash: head.hash, rows: 0 }
}

/**
 * Walks on over `rows` of one chain, newest first. Rows newer than the head are passed over: they were written after it was
 * read. Each must have the number and the hash that the row after it (for the newest: the head) asks for, and its text must
 * give that hash: so a row that was changed, taken out, put in, moved, or cut off at the end is found.
 */
export function walkOn(
  walk: Walk,
  entityId: string,
  rows: readonly AuditRow[],
  digest: (text: string) => string,
): { readonly walk: Walk; readonly broken: Break | null } {
  let at = walk
  for (const row of rows) {
    if (at.rows === 0 && row.seq > at.seq && row.entityId === entityId) continue
    const because = wrongWith(row, at, entityId, digest)
    if (because !== null) return { walk: at, broken: { id: row.id, because } }
    at = { seq: at.seq - 1, hash: row.previousHash, rows: at.rows + 1 }
  }
  return { walk: at, broken: null }
}

/** What is wrong where no more rows come; null = the walk has reached the first row, and all is right. */
export function walkEnd(walk: Walk, entityId: string): Break | null {
  if (walk.seq > 0) return { id: `${entityId}#${walk.seq}`, because: `row ${walk.seq} is missing` }
  if (walk.hash === GENESIS) return null
  return { id: `${entityId}#1`, because: 'the first row does not begin the chain: it names a row before it' }
}

function wrongWith(
  row: AuditRow,
  { seq, hash }: Walk,
  entityId: string,
  digest: (text: string) => string,
): string | null {
  if (row.entityId !== entityId || row.id !== `${entityId}#${row.seq}`)
    return 'it says that it is a row of another chain'
  if (seq === 0) return 'it stands before the first row'
  if (row.seq !== seq) return `it stands where row ${seq} belongs`
  const { hash: said, ...text } = row
  if (said !== hash) return 'its hash is not the one that the row after it, or the head, names'
  return digest(hashedText(text)) === said ? null : 'what it says does not give its hash: it was changed'
}
