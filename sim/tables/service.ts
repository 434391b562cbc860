import type { Clock } from '../../lib/ports.ts'
import { json, type Reply } from '../azure/serve.ts'
import type { WireRequest } from '../wire.ts'
import { type BatchCommand, commandsIn, refusedReply, storedReply } from './batch.ts'
import { checkEntity, checkKeys, type EntityKey, entityIn, type Properties } from './entity.ts'
import { readFilter } from './filter.ts'
import { createPartition, type Kept, type TablePartition } from './partition.ts'
import { refusalOf, TableRefusal } from './refusal.ts'

/** An entity that was written; `properties` null = it was deleted. */
export interface TableWrite extends EntityKey {
  readonly table: string
  readonly properties: Properties | null
}

/** Table Storage in memory, spoken to in its own protocol. */
export interface Tables {
  /** Answers a request as a whole, at once. */
  answer(request: WireRequest): Reply
  /** An entity as it stands. */
  see(table: string, key: EntityKey): Properties | null
  /** Entities of a partition from a row key on, as they stand. */
  range(
    table: string,
    partitionKey: string,
    from: string,
    to: string,
  ): readonly (EntityKey & { properties: Properties })[]
  /** Somebody changes an entity past everybody: in the portal, by a script, by a fault of a disk. Null deletes it. */
  tamper(table: string, key: EntityKey, properties: Properties | null): void
}

/** What a pretend Table Storage needs. */
export interface TablesOptions {
  /** Stamps what is written. */
  readonly clock: Clock
  /** Told of all that a request has written, right after it is stored and before anybody hears of it. */
  readonly onWrite?: (written: readonly TableWrite[]) => void
  /** Entities that a request may pass by before it answers with what it has and where to go on; default 1,000. */
  readonly mostScanned?: () => number
}

type Table = Map<string, TablePartition>

interface State {
  readonly options: TablesOptions
  readonly tables: Map<string, Table>
  stamps: number
}

/** A write that was found to be allowed. */
interface Planned extends EntityKey {
  readonly properties: Properties | null
}

const MOST_ROWS = 1000
const ENTITY = /^\/([A-Za-z][A-Za-z0-9]{2,62})\(PartitionKey='((?:[^']|'')*)',RowKey='((?:[^']|'')*)'\)$/
const TABLE = /^\/([A-Za-z][A-Za-z0-9]{2,62})(?:\(\))?$/

/**
 * Table Storage by its published rules (https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api):
 * conditional writes, atomic transactions of one partition, limits of size and number, pages with continuation keys.
 * Who asks is not looked at. Everything is deterministic: stamps and ETags come from the clock and a count.
 */
export function createTables(options: TablesOptions): Tables {
  const state: State = { options, tables: new Map(), stamps: 0 }
  return {
    answer: (request) => {
      try {
        return route(state, request)
      } catch (error) {
        if (error instanceof TableRefusal) return refusalReply(error)
        throw error
      }
    },
    see: (table, { partitionKey, rowKey }) =>
      state.tables.get(table)?.get(partitionKey)?.get(rowKey)?.properties ?? null,
    range: (table, partitionKey, from, to) =>
      [...(state.tables.get(table)?.get(partitionKey)?.from(from, to) ?? [])].map(({ rowKey, properties }) => {
        return { partitionKey, rowKey, properties }
      }),
    tamper: (table, key, properties) => void store(state, tableOf(state, table), { ...key, properties }),
  }
}

/** The answer that stands for a refusal. */
export function refusalReply({ status, code, message }: TableRefusal): Reply {
  return json(
    status,
    { 'odata.error': { code, message: { lang: 'en-US', value: message } } },
    { 'x-ms-error-code': code },
  )
}

function route(state: State, request: WireRequest): Reply {
  const { method, url, body } = request
  const path = decodeURIComponent(url.pathname)
  if (path === '/$batch' && method === 'POST')
    return transact(state, commandsIn(request.header('content-type') ?? '', body))
  if (path === '/Tables' && method === 'POST') return createTable(state, body)
  const entity = ENTITY.exec(path)
  const [, name = ''] = entity ?? TABLE.exec(path) ?? []
  const table = tableOf(state, name)
  if (method === 'GET') return entity === null ? query(state, name, table, url) : readOne(name, table, keyIn(entity))
  const command = { method, path: url.pathname, ifMatch: request.header('if-match') ?? null, body }
  const planned = plan(table, command)
  const [etag] = apply(state, name, table, [planned])
  return { status: 204, headers: etag === null || etag === undefined ? {} : { etag }, body: '' }
}

function tableOf({ tables }: State, name: string): Table {
  const table = tables.get(name)
  if (table === undefined) throw refusalOf('TableNotFound')
  return table
}

function createTable({ tables }: State, body: string): Reply {
  const { TableName: name } = entityIn(body).properties
  if (typeof name !== 'string' || !TABLE.test(`/${name}`)) throw refusalOf('InvalidInput')
  if (tables.has(name)) throw refusalOf('TableAlreadyExists')
  tables.set(name, new Map())
  return json(201, { TableName: name })
}

function keyIn([, , partitionKey = '', rowKey = '']: readonly string[]): EntityKey {
  return { partitionKey: partitionKey.replaceAll("''", "'"), rowKey: rowKey.replaceAll("''", "'") }
}

/** All commands are looked at before any is carried out: none can meet another, since each entity may appear only once. */
function transact(state: State, commands: readonly BatchCommand[]): Reply {
  const names = commands.map(({ path }) => (ENTITY.exec(decodeURIComponent(path)) ?? TABLE.exec(path))?.[1] ?? '')
  const name = names[0] ?? ''
  const planned: Planned[] = []
  for (const [index, command] of commands.entries()) {
    try {
      const next = plan(tableOf(state, name), command)
      const isOther = names[index] !== name || next.partitionKey !== (planned[0] ?? next).partitionKey
      if (isOther) throw refusalOf('CommandsInBatchActOnDifferentPartitions')
      if (planned.some(({ rowKey }) => rowKey === next.rowKey)) throw refusalOf('InvalidDuplicateRow')
      planned.push(next)
    } catch (error) {
      if (error instanceof TableRefusal) return refusedReply(index, error)
      throw error
    }
  }
  return storedReply(apply(state, name, tableOf(state, name), planned))
}

/** What a command would write. Throws TableRefusal. */
function plan(table: Table, { method, path, ifMatch, body }: BatchCommand): Planned {
  const named = ENTITY.exec(decodeURIComponent(path))
  if (method === 'POST' && named === null) return planInsert(table, body)
  if (named === null) throw refusalOf('NotImplemented')
  const key = keyIn(named)
  const found = table.get(key.partitionKey)?.get(key.rowKey)
  if (method === 'DELETE' && ifMatch === null) throw refusalOf('MissingRequiredHeader')
  if (ifMatch !== null) {
    if (found === undefined) throw refusalOf('ResourceNotFound')
    if (ifMatch !== '*' && ifMatch !== found.etag) throw refusalOf('UpdateConditionNotSatisfied')
  }
  if (method === 'DELETE') return { ...key, properties: null }
  if (method !== 'PUT' && method !== 'PATCH' && method !== 'MERGE') throw refusalOf('NotImplemented')
  const given = entityIn(body).properties
  const properties = method === 'PUT' ? given : merged(found?.properties ?? {}, given)
  checkKeys(key)
  checkEntity(key, properties)
  return { ...key, properties }
}

function planInsert(table: Table, body: string): Planned {
  const { keys, properties } = entityIn(body)
  const { partitionKey, rowKey } = keys
  if (partitionKey === undefined || rowKey === undefined) throw refusalOf('PropertiesNeedValue')
  const key = { partitionKey, rowKey }
  checkKeys(key)
  checkEntity(key, properties)
  if (table.get(partitionKey)?.get(rowKey) !== undefined) throw refusalOf('EntityAlreadyExists')
  return { ...key, properties }
}

/** A property that comes with another type than before leaves no trace of the old one. */
function merged(before: Properties, given: Properties): Properties {
  const kept = Object.entries(before).filter(([name]) => !(name.replace(/@odata\.type$/, '') in given))
  return { ...Object.fromEntries(kept), ...given }
}

function apply(state: State, name: string, table: Table, planned: readonly Planned[]): readonly (string | null)[] {
  const etags = planned.map((one) => store(state, table, one))
  state.options.onWrite?.(planned.map((one) => ({ table: name, ...one })))
  return etags
}

function store(state: State, table: Table, { partitionKey, rowKey, properties }: Planned): string | null {
  const partition = table.get(partitionKey) ?? createPartition()
  table.set(partitionKey, partition)
  if (properties === null) {
    partition.remove(rowKey)
    return null
  }
  state.stamps += 1
  // Seven digits of a second, as Table Storage tells time; the count stands where milliseconds end, and makes ETags differ.
  const millis = new Date(state.options.clock.now()).toISOString().slice(0, -1)
  const timestamp = `${millis}${String(state.stamps % 10_000).padStart(4, '0')}Z`
  const etag = `W/"datetime'${encodeURIComponent(timestamp)}-${state.stamps}'"`
  partition.put({ rowKey, properties, etag, timestamp })
  return etag
}

function readOne(name: string, table: Table, key: EntityKey): Reply {
  const found = table.get(key.partitionKey)?.get(key.rowKey)
  if (found === undefined) throw refusalOf('ResourceNotFound')
  const told = { 'odata.metadata': `$metadata#${name}/@Element`, ...wireEntity(key.partitionKey, found) }
  return json(200, told, { etag: found.etag })
}

function wireEntity(partitionKey: string, { rowKey, properties, etag, timestamp }: Kept): Properties {
  return { 'odata.etag': etag, PartitionKey: partitionKey, RowKey: rowKey, Timestamp: timestamp, ...properties }
}

/** Goes through the entities in the order of their keys, until enough were found or looked at. */
function query({ options }: State, name: string, table: Table, url: URL): Reply {
  const filter = readFilter(url.searchParams.get('$filter'))
  const selected = url.searchParams.get('$select')?.split(',') ?? null
  const most = Math.min(MOST_ROWS, Number(url.searchParams.get('$top') ?? MOST_ROWS))
  const scanned = options.mostScanned?.() ?? Number.POSITIVE_INFINITY
  const [nextPartition, nextRow] = [url.searchParams.get('NextPartitionKey'), url.searchParams.get('NextRowKey')]
  const partitions = [...table.keys()].filter((key) => filter.partitionKey === null || key === filter.partitionKey)
  const value: Properties[] = []
  let looked = 0
  for (const partitionKey of partitions.sort()) {
    if (nextPartition !== null && partitionKey < nextPartition) continue
    const from = partitionKey === nextPartition && (nextRow ?? '') > filter.from ? (nextRow ?? '') : filter.from
    for (const kept of table.get(partitionKey)?.from(from, filter.to) ?? []) {
      const key = { partitionKey, rowKey: kept.rowKey }
      if (value.length >= most || looked >= scanned) return listReply(name, value, key)
      looked += 1
      if (filter.fits(key, kept.properties)) value.push(projected(wireEntity(partitionKey, kept), selected))
    }
  }
  return listReply(name, value, null)
}

function projected(entity: Properties, selected: readonly string[] | null): Properties {
  if (selected === null) return entity
  const names = selected.flatMap((name) => [name, `${name}@odata.type`])
  return Object.fromEntries(Object.entries(entity).filter(([name]) => name === 'odata.etag' || names.includes(name)))
}

function listReply(name: string, value: readonly Properties[], next: EntityKey | null): Reply {
  const going =
    next === null
      ? {}
      : { 'x-ms-continuation-nextpartitionkey': next.partitionKey, 'x-ms-continuation-nextrowkey': next.rowKey }
  return json(200, { 'odata.metadata': `$metadata#${name}`, value }, going)
}
