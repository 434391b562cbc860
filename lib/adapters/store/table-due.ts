import type { TransactionAction } from '@azure/data-tables'
import { claimEnd, type Due, isDueBy, type Share, shareOf } from '../../core/claims.ts'
import type { Claimed } from '../../ports.ts'
import { refusal, throwFault } from './table-faults.ts'
import { dueRange, isName, nameOfDue, timeOfDue } from './table-keys.ts'
import type { Reader } from './table-load.ts'
import { inPartition, type Listing, readPage } from './table-pages.ts'
import { otherSchema, type Read, type Row, SCHEMA, unreadable } from './table-rows.ts'

/** A due row as it was read. */
export interface DueRow extends Due {
  readonly at: number
  readonly rowKey: string
  readonly etag: string
}

type Keep = <T>(read: (row: Row) => Read<T>) => (row: Row) => T | null

/** Due rows that one request brings at most. */
const PAGE = 1000
/** Due rows that are read for one share, so that as many can be called to help as there is work for. */
const MOST_READ = 4 * PAGE
/** Rows that one transaction marks. */
const MARKS = 100
/** How often a worker looks again after others have claimed before him; then he takes what he finds, claimed or not. */
const MOST_TRIES = 6

/** Names of up to `limit` services that are due: one range query, whose cost grows with what is due. Throws Fault. */
export async function dueNames(
  reader: Reader,
  environment: string,
  until: number,
  limit: number,
  keep: Keep,
): Promise<readonly string[]> {
  const enough = (rows: readonly DueRow[]) => distinct(rows).length >= limit
  const isDue = ({ at }: DueRow) => at <= until
  const { rows } = await readDue(reader, environment, until, limit, keep, isDue, enough)
  return distinct(rows).slice(0, limit)
}

/**
 * Takes a share of what is due, and marks it where others may want the rest: a hundred marks are one transaction, which
 * fails where anybody has touched one of its rows since; then these are left to whoever comes, but for the rollbacks among
 * them. A commit moves a due row and so takes its mark away. `late` are rows of a time to come that are to be looked at now
 * all the same. Throws Fault.
 */
export async function claimDue(
  reader: Reader,
  environment: string,
  now: number,
  limit: number,
  except: ReadonlySet<string>,
  keep: Keep,
  late: readonly DueRow[] = [],
): Promise<Claimed> {
  for (let tries = 1; ; tries += 1) {
    const share = (rows: readonly DueRow[]) => shareOf(rows, now, limit, except)
    const isDue = (row: DueRow) => isDueBy(row, now)
    const isEnough = (read: readonly DueRow[]) => read.length >= MOST_READ && share(read).mine.length >= limit
    const { rows: read, isWhole } = await readDue(reader, environment, now, PAGE, keep, isDue, isEnough)
    // Before all but rollbacks, for they are few; whoever was overtaken knows no newer mark of them.
    const ahead = tries === 1 ? late.filter((row) => !isDue(row)) : []
    const rows = ahead.length === 0 ? read : [...read, ...ahead].toSorted(byUrgency(ahead))
    const { mine, isClaim, left: counted, othersUntil } = share(rows)
    // What was not read nobody has counted.
    const left = isWhole ? counted : Math.max(1, counted)
    const isFree = !isClaim || mine.length === 0 || tries === MOST_TRIES
    if (isFree) return { names: distinct(mine), left, othersUntil }
    const taken = await marked(reader, environment, mine, now)
    if (taken.length === 0) continue
    const lost = mine.filter((row) => !taken.includes(row))
    const urgent = await urgentOf(reader, environment, lost, now, except, keep)
    const names = [...new Set([...urgent, ...distinct(taken)])]
    return { names, left: left + new Set([...names, ...distinct(lost)]).size - names.length, othersUntil }
  }
}

/**
 * Rollbacks among rows that could not be marked, as they stand now, without those that somebody else has in hand. They are
 * taken though marking them should fail again: two at one rollback do no harm, and a rollback that nobody makes does.
 */
async function urgentOf(
  reader: Reader,
  environment: string,
  lost: readonly DueRow[],
  now: number,
  except: ReadonlySet<string>,
  keep: Keep,
): Promise<readonly string[]> {
  const wanted = new Set(distinct(lost.filter((row) => row.isUrgent)))
  if (wanted.size === 0) return []
  const isDue = (row: DueRow) => row.isUrgent && wanted.has(row.name) && isDueBy(row, now)
  // Urgent rows come first: they are on the first page.
  const { rows } = await readDue(reader, environment, now, PAGE, keep, isDue, () => true)
  const { mine } = shareOf(rows, now, wanted.size, except)
  await marked(reader, environment, mine, now)
  return distinct(mine)
}

/** Rollbacks first, then `late`; the rest as it was. */
function byUrgency(late: readonly DueRow[]): (one: DueRow, other: DueRow) => number {
  const rank = (row: DueRow) => (row.isUrgent ? 0 : late.includes(row) ? 1 : 2)
  return (one, other) => rank(one) - rank(other)
}

/** Those of the rows that could be marked. */
async function marked(
  reader: Reader,
  environment: string,
  mine: readonly DueRow[],
  now: number,
): Promise<readonly DueRow[]> {
  const parts = Array.from({ length: Math.ceil(mine.length / MARKS) }, (_, n) => mine.slice(n * MARKS, (n + 1) * MARKS))
  const taken = await Promise.all(parts.map((part) => mark(reader, environment, part, now)))
  return parts.flatMap((part, n) => (taken[n] === true ? part : []))
}

/** Rows that are due, in the order of their keys, page by page until `isEnough` of all that were read, or the end. */
async function readDue(
  reader: Reader,
  environment: string,
  until: number,
  pageSize: number,
  keep: Keep,
  isDue: (row: DueRow) => boolean,
  isEnough: (rows: readonly DueRow[]) => boolean,
): Promise<{ readonly rows: readonly DueRow[]; readonly isWhole: boolean }> {
  const listing: Listing = inPartition(reader, environment, dueRange(until), 'due')
  const read = keep(readDueRow)
  const rows: DueRow[] = []
  let from: string | null = null
  do {
    const page: Awaited<ReturnType<typeof readPage<DueRow>>> = await readPage(listing, pageSize, from, read)
    // The range holds urgent rows of a time to come as well.
    rows.push(...page.items.filter(isDue))
    from = page.next
  } while (from !== null && !isEnough(rows))
  return { rows, isWhole: from === null }
}

/** A due row as the sweep reads it; `unreadable` for an unknown schema, and where its key names no service. */
export function readDueRow(row: Row): Read<DueRow> {
  if (row.schema !== SCHEMA) return otherSchema(row)
  const { rowKey = '', etag, claimedUntil } = row
  const name = nameOfDue(rowKey)
  if (!isName(name)) return unreadable('it names no service', 'service')
  const until = claimedUntil instanceof Date ? claimedUntil.getTime() : null
  return { kind: 'read', value: { name, ...timeOfDue(rowKey), claimedUntil: until, rowKey, etag } }
}

async function mark(
  { table, timeoutMs }: Reader,
  partitionKey: string,
  mine: Share<DueRow>['mine'],
  now: number,
): Promise<boolean> {
  const actions = mine.map((one): TransactionAction => {
    const marked = { partitionKey, rowKey: one.rowKey, claimedUntil: new Date(claimEnd(one, now)) }
    return ['update', marked, 'Merge', { etag: one.etag }]
  })
  try {
    await table.submitTransaction(actions, { abortSignal: AbortSignal.timeout(timeoutMs) })
    return true
  } catch (error) {
    const said = refusal(error)
    if (said?.status === 412 || (said?.status === 404 && said.code !== 'TableNotFound')) return false
    return throwFault(error, `claiming what is due in ${partitionKey}`)
  }
}

function distinct(rows: readonly DueRow[]): readonly string[] {
  return [...new Set(rows.map(({ name }) => name))]
}
