import type { TableClient } from '@azure/data-tables'
import type { EventRecord } from '../../ports.ts'
import { writeEvent } from './table-codec.ts'
import { refusal, throwFault } from './table-faults.ts'
import type { Written } from './table-rows.ts'

/** Table Storage takes at most this many operations in one transaction. */
const MOST_OPERATIONS = 100

/**
 * Writes what became of events. The first record of a delivery stands, so that recording again changes nothing; only a
 * `superseded` takes the place of the one before it. Not atomic over several events. Throws Fault.
 */
export async function recordEvents(
  table: TableClient,
  timeoutMs: number,
  events: readonly EventRecord[],
): Promise<void> {
  const days = new Map<string, Map<string, Written>>()
  for (const event of events.filter(({ outcome }) => outcome === 'superseded')) await replace(table, timeoutMs, event)
  for (const event of events.filter(({ outcome }) => outcome !== 'superseded')) {
    const row = writeEvent(event)
    const day = days.get(row.partitionKey) ?? new Map<string, Written>()
    if (!day.has(row.rowKey)) day.set(row.rowKey, row)
    days.set(row.partitionKey, day)
  }
  for (const day of days.values()) {
    const rows = [...day.values()]
    for (let at = 0; at < rows.length; at += MOST_OPERATIONS) {
      await insert(table, timeoutMs, rows.slice(at, at + MOST_OPERATIONS))
    }
  }
}

/** All at once where all are new, which is the rule; one by one where some are known already. */
async function insert(table: TableClient, timeoutMs: number, rows: readonly Written[]): Promise<void> {
  try {
    const abortSignal = AbortSignal.timeout(timeoutMs)
    if (rows.length === 1) await table.createEntity(rows[0] as Written, { abortSignal })
    else
      await table.submitTransaction(
        rows.map((row) => ['create', row]),
        { abortSignal },
      )
  } catch (error) {
    if (refusal(error)?.code !== 'EntityAlreadyExists') throwFault(error, 'recording events')
    if (rows.length > 1) for (const row of rows) await insert(table, timeoutMs, [row])
  }
}

async function replace(table: TableClient, timeoutMs: number, event: EventRecord): Promise<void> {
  try {
    await table.upsertEntity(writeEvent(event), 'Replace', { abortSignal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    throwFault(error, 'recording events')
  }
}
