import { createHash } from 'node:crypto'
import type { Row } from './line.ts'
import type { Members } from './shape.ts'

/** What a chain ended with so far. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

/** Before the first row of a chain. */
export const BEFORE_THE_FIRST: Head = { seq: 0, hash: '0'.repeat(64) }

/** What is wrong with a row as the next one of its chain: rows left out, put in or altered. */
export function brokenChain(row: Row, head: Head): readonly string[] {
  const wrongs: string[] = []
  if (row.seq > head.seq + 1) wrongs.push(`rows are missing: #${head.seq} is followed by #${row.seq}`)
  if (row.seq <= head.seq) wrongs.push(`it is out of order: #${head.seq} is followed by #${row.seq}`)
  if (row.seq === head.seq + 1 && row.previousHash !== head.hash)
    wrongs.push('it names another row before it than the one that stands there')
  if (hashOf(row.whole) !== row.hash) wrongs.push('its text was altered: it does not give the hash that it carries')
  return wrongs
}

/** SHA-256 over the hash before it and the JSON of all else, names sorted. */
export function hashOf(row: Members): string {
  const { hash: _, previousHash, ...said } = row
  return createHash('sha256')
    .update(String(previousHash) + sorted(said))
    .digest('hex')
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${sorted(one)}`).join(',')}}`
}
