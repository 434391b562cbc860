import type { TableClient } from '@azure/data-tables'
import type { Quarantined, RowKind, Suspect } from '../../core/quarantine.ts'
import { Fault } from '../../errors.ts'
import type { Quarantine, QuarantinedLoaded } from '../../ports.ts'
import { readAudit, readCommand, readEvent, readRollout, readService, readSource } from './table-codec.ts'
import { readDigest } from './table-digests.ts'
import { readDueRow } from './table-due.ts'
import { refusal, throwFault } from './table-faults.ts'
import { readFreezes } from './table-freezes.ts'
import { readBuckets, readJudge } from './table-judge.ts'
import { isName, type KeyRange, nameOfDue } from './table-keys.ts'
import { type Reader, readRowOf } from './table-load.ts'
import { readNotice, readParcel, readSink, readThread } from './table-notices.ts'
import { inPartition, readPage } from './table-pages.ts'
import {
  misshapen,
  type Read,
  type Row,
  readRow,
  shortened,
  type Unreadable,
  unreadable,
  type Written,
  writeRow,
} from './table-rows.ts'
import { QUARANTINED } from './table-shapes.ts'

/** Partition of what is of no environment; no environment can have this name. */
const INSTALLATION = '!quarantine'
const RANGE: KeyRange = { from: 'z!', to: 'z!~' }

/** A row as its keys tell it. */
export interface RowName {
  readonly partitionKey?: string | undefined
  readonly rowKey?: string | undefined
}

/** The tables that hold what can be in quarantine. */
export type Tables = Readonly<Record<'state' | 'index' | 'events', TableClient>>

/** What is said of a row that cannot be read. `holds` = its service is left alone meanwhile. */
export function suspectOf(tables: Tables, table: string, row: RowName, wrong: Unreadable, holds: boolean): Suspect {
  const { partitionKey = '?', rowKey = '?' } = row
  const place = `${table}/${partitionKey}/${rowKey}`
  const { field, why } = wrong
  const rest = { kind: 'row', place, field, why, holds, content: null } as const
  if (table === tables.index.tableName) return { ...rest, what: 'source', environment: null, service: null }
  if (table === tables.events.tableName) return { ...rest, what: 'event', environment: null, service: null }
  const environment = isName(partitionKey) ? partitionKey : null
  return { ...rest, what: kindOf(rowKey), environment, service: serviceOf(rowKey) }
}

/** The quarantine as rows of the state table; what lies in it stays where it is. */
export function tableQuarantine(reader: Reader, tables: Tables): Quarantine {
  const load = (row: Row): QuarantinedLoaded | null => {
    const read = readItem(row)
    if (read.kind === 'read') return { item: read.value, token: row.etag }
    // Never into the quarantine itself: it would quarantine its own rows without end.
    console.error(`quarantine row ${row.partitionKey}/${row.rowKey} cannot be read: ${read.why}`)
    return null
  }
  return {
    find: async (environment, id) => {
      const row = ID.test(id) ? await readRowOf(reader, partitionOf(environment), `z!${id}`) : null
      return row === null ? null : load(row)
    },
    keep: (item, token) => write(reader, item, token),
    remove: (item, token) => remove(reader, item, token),
    items: (environment, limit, from) =>
      readPage(inPartition(reader, partitionOf(environment), RANGE, 'the quarantine'), limit, from, load),
    examine: async (item) => {
      const [name, partitionKey, ...rest] = item.place.split('/')
      const table = Object.values(tables).find(({ tableName }) => tableName === name)
      if (table === undefined || partitionKey === undefined) return null
      const row = await readRowOf({ ...reader, table }, partitionKey, rest.join('/'))
      const read = row === null ? null : readAny(tables, table, row)
      if (row === null || read?.kind !== 'unreadable') return null
      return suspectOf(tables, table.tableName, row, read, item.holds)
    },
  }
}

const ID = /^[0-9a-f]{8,64}$/

const KINDS: Readonly<Record<string, RowKind>> = {
  s: 'service',
  r: 'rollout',
  b: 'buckets',
  a: 'audit',
  c: 'command',
  d: 'due',
  e: 'freezes',
  g: 'digest',
  o: 'notice',
  q: 'parcel',
  x: 'parcel',
  k: 'sink',
  t: 'thread',
}

function kindOf(rowKey: string): RowKind {
  if (rowKey.startsWith('r!') && rowKey.includes('!!')) return 'judge'
  return (rowKey[1] === '!' ? KINDS[rowKey[0] ?? ''] : undefined) ?? 'unknown'
}

function serviceOf(rowKey: string): string | null {
  const [letter = '', one = '', two = ''] = rowKey.split('!')
  const name = { s: one, r: one, b: one, c: one, d: nameOfDue(rowKey), a: two }[letter] ?? ''
  return isName(name) ? name : null
}

/** Reads a row of any kind as its own reader does. */
function readAny(tables: Tables, table: TableClient, row: Row): Read<unknown> {
  if (table.tableName === tables.index.tableName) return readSource(row)
  if (table.tableName === tables.events.tableName) return readEvent(row)
  const rowKey = row.rowKey ?? ''
  switch (kindOf(rowKey)) {
    case 'service':
      return readService(row)
    case 'rollout':
      return readRollout(row)
    case 'judge':
      return readJudge(row, rolloutOf(rowKey))
    case 'buckets':
      return readBuckets(row, rolloutOf(rowKey))
    case 'audit':
      return readAudit(row)
    case 'command':
      return readCommand(row)
    case 'freezes':
      return readFreezes(row)
    case 'digest':
      return readDigest(row)
    case 'notice':
      return readNotice(row)
    case 'parcel':
      return readParcel(row)
    case 'sink':
      return readSink(row)
    case 'thread':
      return readThread(row)
    case 'due':
      return readDueRow(row)
    default:
      return unreadable('nobody knows rows of this name')
  }
}

/** Id of the rollout that a judge's row (`r!shop!!000007`) or a line of buckets (`b!shop!999992!000000001`) is of. */
function rolloutOf(rowKey: string): string {
  const [letter, name, third, fourth] = rowKey.split('!')
  return `${name}-${letter === 'r' ? Number(fourth) : 999_999 - Number(third)}`
}

function partitionOf(environment: string | null): string {
  return environment !== null && isName(environment) ? environment : INSTALLATION
}

function writeItem(item: Quarantined): Written {
  const { kind, what, place, service, state, why, since, tries } = item
  const columns = { kind, what, place: shortened(place), service, state, why, since: new Date(since), tries }
  return writeRow(partitionOf(item.environment), `z!${item.id}`, columns, item)
}

function readItem(row: Row): Read<Quarantined> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const wrong = misshapen(QUARANTINED, read.value)
  return wrong ?? { kind: 'read', value: read.value as unknown as Quarantined }
}

async function write({ table, timeoutMs }: Reader, item: Quarantined, token: unknown): Promise<'saved' | 'conflict'> {
  if (!ID.test(item.id)) throw new Fault('malformed', `The id ${JSON.stringify(item.id)} cannot be stored.`)
  const abortSignal = AbortSignal.timeout(timeoutMs)
  try {
    if (token === null) await table.createEntity(writeItem(item), { abortSignal })
    else await table.updateEntity(writeItem(item), 'Replace', { etag: token as string, abortSignal })
    return 'saved'
  } catch (error) {
    if (isLost(error)) return 'conflict'
    return throwFault(error, `keeping ${item.id} in quarantine`)
  }
}

async function remove({ table, timeoutMs }: Reader, item: Quarantined, token: unknown): Promise<'saved' | 'conflict'> {
  try {
    const options = { etag: token as string, abortSignal: AbortSignal.timeout(timeoutMs) }
    await table.deleteEntity(partitionOf(item.environment), `z!${item.id}`, options)
    return 'saved'
  } catch (error) {
    if (refusal(error)?.status === 404) return 'saved'
    if (isLost(error)) return 'conflict'
    return throwFault(error, `taking ${item.id} out of quarantine`)
  }
}

function isLost(error: unknown): boolean {
  const said = refusal(error)
  return (
    said?.status === 412 ||
    said?.code === 'EntityAlreadyExists' ||
    (said?.status === 404 && said.code !== 'TableNotFound')
  )
}
