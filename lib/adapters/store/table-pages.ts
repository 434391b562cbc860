import { createHash } from 'node:crypto'
import { odata, type TableClient } from '@azure/data-tables'
import { Fault } from '../../errors.ts'
import type { Page } from '../../ports.ts'
import { throwFault } from './table-faults.ts'
import type { KeyRange } from './table-keys.ts'
import type { Row } from './table-rows.ts'

/** One way through a table: which rows, and under which name its page tokens are known. */
export interface Listing {
  readonly table: TableClient
  /** OData, made with the SDK's `odata` tag; null = every row. */
  readonly filter: string | null
  /** Tokens of one scope are refused in another. */
  readonly scope: string
  readonly timeoutMs: number
}

/** The listing of a range of rows of one partition; `scope` names it. */
export function inPartition(
  { table, timeoutMs }: Pick<Listing, 'table' | 'timeoutMs'>,
  partitionKey: string,
  range: KeyRange,
  scope: string,
): Listing {
  const filter = odata`PartitionKey eq ${partitionKey} and RowKey ge ${range.from} and RowKey lt ${range.to}`
  return { table, filter, scope, timeoutMs }
}

/** Rows that Table Storage returns at most per request. */
const MOST_ROWS = 1000
/** Requests per page: a filter that seldom matches makes a short page with a token, not a long wait. */
const MOST_REQUESTS = 20

/**
 * Reads one page in the order of the keys. Rows for which `read` gives null (quarantined ones) are passed over. A page may
 * be shorter than `limit`, even empty, and still have a next one: `next` null alone means the end.
 * Throws Fault; `malformed` for a token that is not of this listing.
 */
export async function readPage<T>(
  listing: Listing,
  limit: number,
  from: string | null,
  read: (row: Row) => T | null,
): Promise<Page<T>> {
  const wanted = Math.max(1, Math.floor(limit))
  const items: T[] = []
  let at = from === null ? undefined : openToken(from, listing.scope)
  for (let requests = 0; requests < MOST_REQUESTS; requests += 1) {
    const { rows, next } = await readRows(listing, Math.min(wanted - items.length, MOST_ROWS), at)
    for (const row of rows) {
      const item = read(row)
      if (item !== null) items.push(item)
    }
    at = next
    if (at === undefined || items.length >= wanted) break
  }
  return { items, next: at === undefined ? null : sealToken(at, listing.scope) }
}

/** Every row of a listing, in the order of the keys. Throws Fault. */
export async function readAll(listing: Listing): Promise<readonly Row[]> {
  const all: Row[] = []
  let at: string | undefined
  do {
    const { rows, next } = await readRows(listing, MOST_ROWS, at)
    all.push(...rows)
    at = next
  } while (at !== undefined)
  return all
}

async function readRows(
  listing: Listing,
  maxPageSize: number,
  at: string | undefined,
): Promise<{ readonly rows: readonly Row[]; readonly next: string | undefined }> {
  const abortSignal = AbortSignal.timeout(listing.timeoutMs)
  const queryOptions = listing.filter === null ? {} : { filter: listing.filter }
  const entities = listing.table.listEntities<Record<string, unknown>>({ queryOptions, abortSignal })
  try {
    const pages = entities.byPage({ maxPageSize, ...(at === undefined ? {} : { continuationToken: at }) })
    const { value } = await pages.next()
    return { rows: value ?? [], next: value?.continuationToken || undefined }
  } catch (error) {
    return throwFault(error, `reading ${listing.scope}`)
  }
}

/** Azure's own continuation token under a checksum: not a secret, but a changed or foreign token is noticed. */
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
