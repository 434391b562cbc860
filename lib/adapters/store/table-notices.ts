import type { Notice } from '../../core/notice.ts'
import type { Parcel, SinkState } from '../../ports.ts'
import type { KeyRange } from './table-keys.ts'
import { misshapen, type Read, type Row, readRow, shortened, unreadable, type Written, writeRow } from './table-rows.ts'
import { NOTICE, PARCEL, SINK } from './table-shapes.ts'

/** All notices of a partition that were not handed out, oldest first. */
export const UNSENT_RANGE: KeyRange = { from: 'o!', to: 'o!~' }

/** A sink's line, oldest first. */
export function lineRange(sink: string): KeyRange {
  return { from: `q!${sink}!`, to: `q!${sink}!~` }
}

/** All parcels that wait, or all that were given up. */
export function parcelRange(dead: boolean): KeyRange {
  return dead ? { from: 'x!', to: 'x!~' } : { from: 'q!', to: 'q!~' }
}

/** Row of a parcel: while it waits it lies in its sink's line, afterwards among those that were given up. */
export function parcelRowKey({ sink, notice, deadAt }: Pick<Parcel, 'sink' | 'notice' | 'deadAt'>): string {
  return `${deadAt === null ? 'q' : 'x'}!${sink}!${placeOf(notice)}`
}

/** Row of a sink's state. */
export function sinkRowKey(sink: string): string {
  return `k!${sink}`
}

/** Row of what a sink calls a conversation. */
export function threadRowKey(sink: string, thread: string): string {
  return `t!${sink}!${thread}`
}

/** Time, service, number: rows of one service and moment keep the order of its audit. */
function placeOf({ at, service, seq }: Notice): string {
  const padded = (value: number) => String(Math.max(0, Math.floor(value))).padStart(13, '0')
  return `${padded(at)}!${service ?? ''}!${padded(seq)}`
}

/** A notice that is stored beside its audit row. */
export function writeUnsent(notice: Notice): Written {
  return writeRow(notice.environment, `o!${placeOf(notice)}`, columnsOf(notice), notice)
}

/** The notice of a row. */
export function readNotice(row: Row): Read<Notice> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const wrong = misshapen(NOTICE, read.value)
  if (wrong !== null) return wrong
  const notice = read.value as unknown as Notice
  return isNotice(notice, row) ? { kind: 'read', value: notice } : unreadable('it is no notice of this environment')
}

/** A parcel as a row. */
export function writeParcel(parcel: Parcel): Written {
  const { environment, sink, queuedAt, tries, lastError, deadAt, notice } = parcel
  const columns = {
    ...columnsOf(notice),
    sink,
    queuedAt: new Date(queuedAt),
    tries,
    lastError: lastError === null ? null : shortened(lastError),
    deadAt: deadAt === null ? null : new Date(deadAt),
  }
  return writeRow(environment, parcelRowKey(parcel), columns, parcel)
}

/** The parcel of a row. */
export function readParcel(row: Row): Read<Parcel> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const wrong = misshapen(PARCEL, read.value)
  if (wrong !== null) return wrong
  const parcel = read.value as unknown as Parcel
  if (!isNotice(parcel.notice, row) || parcelRowKey(parcel) !== row.rowKey) return unreadable('it is another parcel')
  return { kind: 'read', value: parcel }
}

/** A sink's state as a row. */
export function writeSink(environment: string, sink: string, state: SinkState): Written {
  const { failures, failingSince } = state
  const columns = { sink, failures, failingSince: failingSince === null ? null : new Date(failingSince) }
  return writeRow(environment, sinkRowKey(sink), columns, state)
}

/** The sink's state of a row. */
export function readSink(row: Row): Read<SinkState> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const wrong = misshapen(SINK, read.value)
  if (wrong !== null) return wrong
  return { kind: 'read', value: read.value as unknown as SinkState }
}

/** What a sink calls a conversation, as a row. */
export function writeThread(environment: string, sink: string, thread: string, name: string): Written {
  return writeRow(environment, threadRowKey(sink, thread), { sink, thread }, { name })
}

/** What a sink calls a conversation. */
export function readThread(row: Row): Read<string> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  return typeof read.value.name === 'string'
    ? { kind: 'read', value: read.value.name }
    : unreadable('it names no conversation')
}

function columnsOf({ id, kind, severity, title, service, rollout, at }: Notice): Readonly<Record<string, unknown>> {
  return { id, kind, severity, title: shortened(title), service, rollout, at: new Date(at) }
}

function isNotice(notice: Partial<Notice> | undefined, row: Row): boolean {
  return notice?.schema === 1 && typeof notice.id === 'string' && notice.environment === row.partitionKey
}
