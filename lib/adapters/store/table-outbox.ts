import type { TransactionAction } from '@azure/data-tables'
import { threadOf } from '../../core/notice.ts'
import type { Outbox, Parcel, SinkState, Unsent } from '../../ports.ts'
import { refusal, throwFault } from './table-faults.ts'
import { type Reader, readRowOf } from './table-load.ts'
import {
  lineRange,
  parcelRange,
  parcelRowKey,
  readNotice,
  readParcel,
  readSink,
  readThread,
  sinkRowKey,
  threadRowKey,
  UNSENT_RANGE,
  writeParcel,
  writeSink,
  writeThread,
} from './table-notices.ts'
import { inPartition, type Listing, readPage } from './table-pages.ts'
import type { Read, Row, Written } from './table-rows.ts'

const WELL: SinkState = { leasedUntil: 0, failures: 0, failingSince: null, pausedUntil: 0, lastError: null }

/** The outbox in the state table: the same partitions as the audit, so that a decision and its notices are one transaction. */
export function tableOutbox(reader: Reader): Outbox {
  const read = <T>(row: Row, reading: (row: Row) => Read<T>): T | null => {
    const result = reading(row)
    if (result.kind === 'read') return result.value
    reader.quarantine(reader.table.tableName, row, result)
    return null
  }
  const listing = (environment: string, range: Parameters<typeof inPartition>[2], what: string): Listing =>
    inPartition(reader, environment, range, `${what} in ${environment}`)

  return {
    unsent: async (environment, limit) => {
      const rows = await readPage(listing(environment, UNSENT_RANGE, 'the outbox'), limit, null, (row) => {
        const notice = read(row, readNotice)
        return notice === null ? null : { notice, token: row.rowKey }
      })
      return rows.items
    },
    handOut: (unsent, sinks, now) => handOut(reader, unsent, sinks, now),
    line: async (environment, sink, limit) => {
      const found = listing(environment, lineRange(sink), `the line of ${sink}`)
      return (await readPage(found, limit, null, (row) => read(row, readParcel))).items
    },
    sink: async (environment, sink) => {
      const row = await readRowOf(reader, environment, sinkRowKey(sink))
      // A state that nobody can read is written anew: it only remembers how long to wait.
      return row === null ? { state: WELL, token: null } : { state: read(row, readSink) ?? WELL, token: row.etag }
    },
    keepSink: (environment, sink, state, token) => keepSink(reader, writeSink(environment, sink, state), token),
    delivered: (parcel, thread) => {
      const { environment, sink, notice } = parcel
      const remembered = thread === null ? [] : [writeThread(environment, sink, threadOf(notice), thread)]
      return leave(reader, parcel, remembered)
    },
    failed: (parcel) =>
      parcel.deadAt === null
        ? rewrite(reader, parcel)
        : leave(reader, { ...parcel, deadAt: null }, [writeParcel(parcel)]),
    thread: async (environment, sink, thread) => {
      const row = await readRowOf(reader, environment, threadRowKey(sink, thread))
      return row === null ? null : read(row, readThread)
    },
    parcels: (environment, dead, limit, from) => {
      const found = listing(environment, parcelRange(dead), dead ? 'notices given up' : 'notices that wait')
      return readPage(found, limit, from, (row) => read(row, readParcel))
    },
    revive: (parcel, now) => {
      const fresh: Parcel = { ...parcel, queuedAt: now, tries: 0, lastError: null, deadAt: null }
      return leave(reader, parcel, [writeParcel(fresh)])
    },
  }
}

/** Deleting a row that is gone fails the whole transaction: of two who hand out the same notice, one does. */
async function handOut(
  reader: Reader,
  { notice, token }: Unsent,
  sinks: readonly string[],
  now: number,
): Promise<'saved' | 'conflict'> {
  const { environment } = notice
  const parcels = sinks.map((sink): Parcel => {
    return { environment, sink, notice, queuedAt: now, tries: 0, lastError: null, deadAt: null }
  })
  return move(reader, environment, token as string, parcels.map(writeParcel), `handing out ${notice.id}`)
}

/** Takes a parcel out of its place and puts these rows down; does nothing where somebody else took it out. */
async function leave(reader: Reader, parcel: Parcel, put: readonly Written[]): Promise<void> {
  await move(reader, parcel.environment, parcelRowKey(parcel), put, `moving ${parcel.notice.id} for ${parcel.sink}`)
}

async function move(
  { table, timeoutMs }: Reader,
  partitionKey: string,
  rowKey: string,
  put: readonly Written[],
  doing: string,
): Promise<'saved' | 'conflict'> {
  const actions: TransactionAction[] = [
    ['delete', { partitionKey, rowKey }],
    ...put.map((row): TransactionAction => ['upsert', row, 'Replace']),
  ]
  try {
    await table.submitTransaction(actions, { abortSignal: AbortSignal.timeout(timeoutMs) })
    return 'saved'
  } catch (error) {
    if (isGone(error)) return 'conflict'
    return throwFault(error, doing)
  }
}

/** A parcel that left its line meanwhile is not put back. */
async function rewrite({ table, timeoutMs }: Reader, parcel: Parcel): Promise<void> {
  try {
    await table.updateEntity(writeParcel(parcel), 'Replace', { abortSignal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    if (!isGone(error)) throwFault(error, `keeping ${parcel.notice.id} for ${parcel.sink}`)
  }
}

async function keepSink(
  { table, timeoutMs }: Reader,
  row: Written,
  token: unknown,
): Promise<{ readonly token: unknown } | null> {
  const abortSignal = AbortSignal.timeout(timeoutMs)
  try {
    const { etag } =
      token === null
        ? await table.createEntity(row, { abortSignal })
        : await table.updateEntity(row, 'Replace', { etag: token as string, abortSignal })
    return { token: etag }
  } catch (error) {
    const said = refusal(error)
    if (said?.status === 409 || said?.status === 412 || isGone(error)) return null
    return throwFault(error, `keeping the state of ${row.rowKey}`)
  }
}

function isGone(error: unknown): boolean {
  const said = refusal(error)
  return said?.status === 404 && said.code !== 'TableNotFound'
}
