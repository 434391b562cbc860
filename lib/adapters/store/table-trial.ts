import type { TableClient } from '@azure/data-tables'
import type { Trouble } from '../../core/app.ts'
import type { StorageAnswer } from '../../core/doctor/storage.ts'
import { Fault } from '../../errors.ts'
import type { Clock } from '../../ports.ts'
import { refusal, throwFault } from './table-faults.ts'

/** A partition that no environment can have as its name, with nothing in it. */
const NOWHERE = '!doctor'

/**
 * Reads one row of a table, and asks to delete a row that is not there: 404 says that it would have been allowed. Nothing
 * changes. Never throws; `timeoutMs` bounds each of the two calls.
 */
export async function tryTable(table: TableClient, clock: Clock, timeoutMs: number): Promise<StorageAnswer> {
  const heard: { theirs: number; ours: number }[] = []
  const answer = (trouble: Trouble | null): StorageAnswer => {
    return { kind: 'table', name: table.tableName, trouble, poisoned: 0, time: heard[0] ?? null }
  }
  const onResponse = ({ headers }: { readonly headers: { get(name: string): string | undefined } }) => {
    const theirs = Date.parse(headers.get('date') ?? '')
    if (!Number.isNaN(theirs)) heard.push({ theirs, ours: clock.now() })
  }
  try {
    const abortSignal = AbortSignal.timeout(timeoutMs)
    const rows = table.listEntities({ abortSignal, onResponse, queryOptions: { select: ['PartitionKey'] } })
    await rows.byPage({ maxPageSize: 1 }).next()
    await deleteNothing(table, timeoutMs)
    return answer(null)
  } catch (error) {
    return answer(troubleOf(error, `trying ${table.tableName}`))
  }
}

async function deleteNothing(table: TableClient, timeoutMs: number): Promise<void> {
  try {
    await table.deleteEntity(NOWHERE, NOWHERE, { abortSignal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    const said = refusal(error)
    // The table itself was just read, so that what is not there is the row.
    if (said?.status !== 404) throw error
  }
}

function troubleOf(error: unknown, doing: string): Trouble {
  try {
    return throwFault(error, doing)
  } catch (fault) {
    if (!(fault instanceof Fault))
      return { kind: 'malformed', message: `Table Storage, ${doing}: the SDK failed.`, retryAfterMs: null }
    return { kind: fault.kind, message: fault.message, retryAfterMs: fault.retryAfterMs }
  }
}
