import { odata, type TableClient } from '@azure/data-tables'
import type { AuditRow } from '../../core/audit.ts'
import type { Suspect } from '../../core/quarantine.ts'
import type { ServiceKey } from '../../core/service.ts'
import type {
  AuditLog,
  AuditQuery,
  BucketLog,
  Catalogue,
  Digests,
  EventLog,
  EventRecord,
  Freezes,
  Outbox,
  Page,
  Quarantine,
  RolloutStore,
} from '../../ports.ts'
import { readAudit, readCommand, readEvent, readRollout, readService, readSource, writeSource } from './table-codec.ts'
import { commitChange } from './table-commit.ts'
import { tableDigests } from './table-digests.ts'
import { claimDue, dueNames } from './table-due.ts'
import { recordEvents } from './table-events.ts'
import { refusal, throwFault } from './table-faults.ts'
import { commitFreezes, loadFreezes } from './table-freezes.ts'
import { readBuckets, readJudge } from './table-judge.ts'
import {
  auditRange,
  bucketRange,
  checkKey,
  commandRowKey,
  judgeRowKey,
  type KeyRange,
  rolloutRange,
  SERVICE_RANGE,
  sourcePartition,
} from './table-keys.ts'
import { loadServices, type Reader, readRowOf } from './table-load.ts'
import { createMender, type Mended, mendDueRows } from './table-mend.ts'
import { tableOutbox } from './table-outbox.ts'
import { inPartition, type Listing, readAll, readPage } from './table-pages.ts'
import { suspectOf, tableQuarantine } from './table-quarantine.ts'
import { type Read, type Row, unreadable } from './table-rows.ts'

/** What the table store needs. */
export interface TableStoreOptions {
  /**
   * Clients of the tables `SlipwayState`, `SlipwayIndex` and `SlipwayEvents`. Make them with `retryOptions: {maxRetries: 0}`:
   * an SDK that repeats a write whose answer was lost would meet its own row and call it a conflict.
   */
  readonly tables: { readonly state: TableClient; readonly index: TableClient; readonly events: TableClient }
  /** Told of every row that cannot be read: `table/partition/row`, and why. Such a row is left out, never guessed at. */
  readonly onQuarantine?: (row: string, why: string, suspect: Suspect) => void
  /** Time limit of one request, in milliseconds; default 20 000. */
  readonly timeoutMs?: number
  /** How often a round of `claim`'s search for lost due rows begins at most, in milliseconds of `now`; default one hour. */
  readonly mendEveryMs?: number
  /** Told of a search that could not be made now, in one line; default `console.error`. */
  readonly log?: (line: string) => void
}

/** Every storage socket but the inbox, on Azure Table Storage. */
export interface TableStore extends RolloutStore, Catalogue, BucketLog, AuditLog, EventLog, Freezes {
  page(query: AuditQuery): Promise<Page<AuditRow>>
  page(limit: number, from: string | null): Promise<Page<EventRecord>>
  /** Where notices wait: rows of the same partitions. */
  readonly outbox: Outbox
  /** The digests of the audit: rows of the same partitions. */
  readonly digests: Digests
  /** What cannot be read: rows of the same partitions, which say where it lies. */
  readonly quarantine: Quarantine
  /** Creates the tables that are missing. Throws Fault. */
  ensureTables(): Promise<void>
  /** Makes the due rows of an environment agree with its rollouts; `claim` does it by itself, in pieces. Throws Fault. */
  mend(environment: string): Promise<Mended>
}

/**
 * Keeps state in Azure Table Storage, laid out so that one commit is one entity-group transaction and the sweep is one
 * range query. All methods throw Fault: `unavailable` (time-outs, 5xx), `throttled` (429, ServerBusy), `denied`,
 * `malformed` (too large, wrong page token), `not-found` (no such table).
 */
export function createTableStore(options: TableStoreOptions): TableStore {
  const { tables, timeoutMs = 20_000, mendEveryMs = 3_600_000, log = console.error } = options
  const quarantine = tellerOf(options)
  const reader: Reader = { table: tables.state, timeoutMs, quarantine }
  const keep = keeper(quarantine)
  const mendSome = createMender(reader, mendEveryMs, log)

  const keepState = <T>(read: (row: Row) => Read<T>) => keep(tables.state, read)

  function page(query: AuditQuery): Promise<Page<AuditRow>>
  function page(limit: number, from: string | null): Promise<Page<EventRecord>>
  function page(what: AuditQuery | number, from: string | null = null): Promise<Page<AuditRow> | Page<EventRecord>> {
    if (typeof what !== 'number')
      return readPage(auditListing(reader, what), what.limit, what.from, keep(tables.state, readAudit))
    const listing = { table: tables.events, filter: null, scope: 'events', timeoutMs }
    return readPage(listing, what, from, keep(tables.events, readEvent))
  }

  return {
    due: (environment, until, limit) => dueNames(reader, environment, until, limit, keepState),
    claim: async (environment, now, limit, except) => {
      const late = await mendSome(environment, now)
      return claimDue(reader, environment, now, limit, except, keepState, late)
    },
    load: (environment, names) => loadServices(reader, environment, names),
    commit: (change) => commitChange(tables.state, timeoutMs, change),
    answered: async (key, commandId) => {
      checkKey(key)
      const row = await readRowOf(reader, key.environment, commandRowKey(key.name, commandId))
      return row === null ? null : keep(tables.state, readCommand)(row)
    },
    index: (key, registry, repository) => indexSource(tables.index, timeoutMs, key, registry, repository),
    servicesFor: (registry, repository) => servicesOf(reader, tables.index, keep, registry, repository),
    list: (environment, limit, from) =>
      readPage(inState(reader, environment, SERVICE_RANGE, 'services'), limit, from, keep(tables.state, readService)),
    rollouts: async (key, limit, from) => {
      checkKey(key)
      const listing = inState(reader, key.environment, rolloutRange(key.name), `rollouts of ${key.name}`)
      const { items, next } = await readPage(listing, limit, from, keep(tables.state, readRollout))
      return { items: items.map((item) => item.rollout), next }
    },
    ...bucketLog(reader, keep),
    freezesOf: (environment) => loadFreezes(reader, environment),
    commitFreezes: (change) => commitFreezes(tables.state, timeoutMs, change),
    page,
    record: (events) => recordEvents(tables.events, timeoutMs, events),
    outbox: tableOutbox(reader),
    digests: tableDigests(reader),
    quarantine: tableQuarantine(reader, tables),
    ensureTables: () => createTables(Object.values(tables), timeoutMs),
    mend: (environment) => mendDueRows(reader, environment),
  }
}

/** Tells of a row that cannot be read, under its name and kind. */
function tellerOf({ tables, onQuarantine }: TableStoreOptions): Reader['quarantine'] {
  return (table, row, wrong, holds = false) => {
    const suspect = suspectOf(tables, table, row, typeof wrong === 'string' ? unreadable(wrong) : wrong, holds)
    onQuarantine?.(suspect.place, suspect.why, suspect)
  }
}

async function servicesOf(
  { timeoutMs }: Reader,
  table: TableClient,
  keep: Keep,
  registry: string,
  repository: string,
): Promise<readonly ServiceKey[]> {
  const filter = odata`PartitionKey eq ${sourcePartition(registry, repository)}`
  const rows = await readAll({ table, filter, scope: `${registry}/${repository}`, timeoutMs })
  return rows.map(keep(table, readSource)).filter((key) => key !== null)
}

function bucketLog(reader: Reader, keep: Keep): BucketLog {
  const idOf = ({ name }: ServiceKey, number: number) => `${name}-${number}`
  return {
    lines: async (key, number, limit, from) => {
      checkKey(key)
      const listing = inState(reader, key.environment, bucketRange(key.name, number), `buckets of ${idOf(key, number)}`)
      const read = keep(reader.table, (row) => readBuckets(row, idOf(key, number)))
      return readPage(listing, limit, from, read)
    },
    judged: async (key, number) => {
      checkKey(key)
      const row = await readRowOf(reader, key.environment, judgeRowKey(key.name, number))
      const read = keep(reader.table, (found) => readJudge(found, idOf(key, number)))
      return row === null ? null : (read(row)?.judge ?? null)
    },
  }
}

/** Makes the reader of a table's rows: the value, or null after the row was put into quarantine. */
type Keep = <T>(table: TableClient, read: (row: Row) => Read<T>) => (row: Row) => T | null

function keeper(quarantine: Reader['quarantine']): Keep {
  return (table, read) => (row) => {
    const result = read(row)
    if (result.kind === 'read') return result.value
    quarantine(table.tableName, row, result)
    return null
  }
}

function inState(reader: Reader, environment: string, range: KeyRange, what: string): Listing {
  return inPartition(reader, environment, range, `${what} in ${environment}`)
}

function auditListing(reader: Reader, query: AuditQuery): Listing {
  const { environment, service, rollout, kind, since, until } = query
  const scope = `audit ${JSON.stringify({ service, rollout, kind, since, until })}`
  const listing = inState(reader, environment, auditRange(since, until), scope)
  const conditions = [
    listing.filter,
    service === undefined || service === null ? null : odata`service eq ${service}`,
    service === null ? odata`entityId eq ${environment}` : null,
    rollout === undefined ? null : odata`rollout eq ${rollout}`,
    kind === undefined ? null : odata`kind eq ${kind}`,
  ]
  return { ...listing, filter: conditions.filter((condition) => condition !== null).join(' and ') }
}

async function indexSource(
  table: TableClient,
  timeoutMs: number,
  key: ServiceKey,
  registry: string,
  repository: string,
): Promise<void> {
  checkKey(key)
  try {
    const abortSignal = AbortSignal.timeout(timeoutMs)
    await table.createEntity(writeSource(key, registry, repository), { abortSignal })
  } catch (error) {
    // The row says no more than its keys: one that is there says the same, or nobody can read it and it is left as it is.
    if (refusal(error)?.code === 'EntityAlreadyExists') return
    throwFault(error, `indexing ${registry}/${repository}`)
  }
}

async function createTables(tables: readonly TableClient[], timeoutMs: number): Promise<void> {
  for (const table of tables) {
    try {
      await table.createTable({ abortSignal: AbortSignal.timeout(timeoutMs) })
    } catch (error) {
      throwFault(error, `creating the table ${table.tableName}`)
    }
  }
}
