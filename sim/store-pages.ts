import { createHash } from 'node:crypto'
import { Fault } from '../lib/errors.ts'
import type { Page } from '../lib/ports.ts'

/** Something listed, and where. */
export interface Row<T> {
  /** Where it sorts; unique. */
  readonly at: string
  readonly item: T
}

/**
 * One page of `rows` in the order of `at`; `scope` names the listing, and a token of another one is refused.
 * Throws Fault `malformed` for such a token.
 */
export function pageOf<T>(rows: readonly Row<T>[], limit: number, from: string | null, scope: string): Page<T> {
  const after = from === null ? '' : openToken(from, scope)
  const rest = rows.filter((row) => row.at > after).sort((a, b) => compare(a.at, b.at))
  const shown = rest.slice(0, Math.max(1, limit))
  const last = shown.at(-1)
  return {
    items: shown.map((row) => row.item),
    next: last !== undefined && rest.length > shown.length ? sealToken(last.at, scope) : null,
  }
}

function sealToken(at: string, scope: string): string {
  return Buffer.from(`${checksum(at, scope)}${at}`).toString('base64url')
}

function openToken(token: string, scope: string): string {
  const at = Buffer.from(token, 'base64url').toString().slice(16)
  if (sealToken(at, scope) === token) return at
  throw new Fault(
    'malformed',
    'The page token is not one of this listing: ask for the first page again, without a token.',
  )
}

function checksum(at: string, scope: string): string {
  return createHash('sha256').update(`${scope}\n${at}`).digest('hex').slice(0, 16)
}

/** A number so that greater ones sort first: 13 digits. */
export function inverted(value: number): string {
  return String(9_999_999_999_999 - value).padStart(13, '0')
}

/** Order by code units, as Table Storage sorts its keys. */
export function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
