import { createHash } from 'node:crypto'
import type { AuditRow } from '../lib/core/audit.ts'
import type { Rollout } from '../lib/core/rollout.ts'
import { entityId, type ServiceKey, type ServiceState } from '../lib/core/service.ts'
import { Fault } from '../lib/errors.ts'
import type {
  AuditLog,
  AuditQuery,
  Catalogue,
  Change,
  CommandRecord,
  Delivery,
  EventLog,
  EventRecord,
  Inbox,
  Loaded,
  Page,
  RolloutStore,
} from '../lib/ports.ts'
import { createDueList, type DueList } from './store-due.ts'

/** A call of a store's method, named so that a test can break exactly one of them. */
export type StoreCall =
  | 'due'
  | 'load'
  | 'commit'
  | 'answered'
  | 'index'
  | 'servicesFor'
  | 'list'
  | 'rollouts'
  | 'page'
  | 'record'
  | 'accept'

/** Runs around every call and may throw: `before` nothing has happened yet, `after` everything has (the answer is lost). */
export type Interference = (call: StoreCall, moment: 'before' | 'after') => void

/** The in-memory store: every storage socket, and what tests and stories want to see of its inside. */
export interface SimStore extends RolloutStore, Catalogue, AuditLog, EventLog, Inbox {
  page(query: AuditQuery): Promise<Page<AuditRow>>
  page(limit: number, from: string | null): Promise<Page<EventRecord>>
  /** Breaks calls from now on; null ends it. */
  interfere(hook: Interference | null): void
  /** The service's audit rows, oldest first. */
  auditOf(key: ServiceKey): readonly AuditRow[]
  /** The service as it stands, or null; no token, so nothing can be committed with it. */
  peek(key: ServiceKey): { readonly service: ServiceState; readonly rollout: Rollout | null } | null
  /** Recorded events, in the order in which they were recorded. */
  eventsRecorded(): readonly EventRecord[]
  /** Removes and returns what the inbox holds, oldest first. */
  take(): readonly Delivery[]
  /** How many commits were stored and how many lost a race. */
  commits(): { readonly saved: number; readonly conflict: number }
}

interface Box {
  service: ServiceState
  serviceVersion: number
  /** By number, ascending. */
  readonly rollouts: Rollout[]
  rolloutVersion: number
  readonly audit: AuditRow[]
  readonly commands: Map<string, CommandRecord>
}

interface Partition {
  readonly boxes: Map<string, Box>
  readonly due: DueList
}

interface Token {
  readonly serviceVersion: number
  readonly rolloutVersion: number
}

interface State {
  readonly partitions: Map<string, Partition>
  /** Services by `registry/repository`, then by entity id. */
  readonly sources: Map<string, Map<string, ServiceKey>>
  readonly events: Map<string, EventRecord>
  inbox: Delivery[]
  saved: number
  conflict: number
}

/**
 * Keeps everything in memory under the same contract as the table store. Objects are kept by reference and must not be
 * changed after they were handed over; that makes a commit cost microseconds.
 */
export function createSimStore(): SimStore {
  const state: State = {
    partitions: new Map(),
    sources: new Map(),
    events: new Map(),
    inbox: [],
    saved: 0,
    conflict: 0,
  }
  let hook: Interference | null = null

  async function call<T>(name: StoreCall, work: () => T): Promise<T> {
    hook?.(name, 'before')
    const result = work()
    hook?.(name, 'after')
    return result
  }
  function page(query: AuditQuery): Promise<Page<AuditRow>>
  function page(limit: number, from: string | null): Promise<Page<EventRecord>>
  function page(what: AuditQuery | number, from: string | null = null): Promise<Page<AuditRow> | Page<EventRecord>> {
    return call('page', () => (typeof what === 'number' ? eventPage(state, what, from) : auditPage(state, what)))
  }

  return {
    due: (environment, until, limit) =>
      call('due', () => state.partitions.get(environment)?.due.until(until, limit) ?? []),
    load: (environment, names) => call('load', () => load(state.partitions.get(environment), names)),
    commit: (change) => call('commit', () => commit(state, change)),
    answered: (key, commandId) => call('answered', () => boxOf(state, key)?.commands.get(commandId) ?? null),
    index: (key, registry, repository) => call('index', () => remember(state, key, `${registry}/${repository}`)),
    servicesFor: (registry, repository) =>
      call('servicesFor', () => [...(state.sources.get(`${registry}/${repository}`)?.values() ?? [])].sort(byEntityId)),
    list: (environment, limit, from) => call('list', () => servicePage(state, environment, limit, from)),
    rollouts: (key, limit, from) => call('rollouts', () => rolloutPage(state, key, limit, from)),
    page,
    record: (events) => call('record', () => record(state, events)),
    accept: (deliveries) =>
      call('accept', () => {
        state.inbox.push(...deliveries)
      }),
    interfere: (next) => {
      hook = next
    },
    auditOf: (key) => boxOf(state, key)?.audit ?? [],
    peek: (key) => {
      const box = boxOf(state, key)
      return box === undefined ? null : { service: box.service, rollout: box.rollouts.at(-1) ?? null }
    },
    eventsRecorded: () => [...state.events.values()],
    take: () => state.inbox.splice(0),
    commits: () => ({ saved: state.saved, conflict: state.conflict }),
  }
}

function boxOf(state: State, key: ServiceKey): Box | undefined {
  return state.partitions.get(key.environment)?.boxes.get(key.name)
}

function partitionOf(state: State, environment: string): Partition {
  let partition = state.partitions.get(environment)
  if (partition === undefined) {
    partition = { boxes: new Map(), due: createDueList() }
    state.partitions.set(environment, partition)
  }
  return partition
}

function load(partition: Partition | undefined, names: readonly string[]): readonly Loaded[] {
  const found: Loaded[] = []
  for (const name of names) {
    const box = partition?.boxes.get(name)
    if (box === undefined) continue
    const token: Token = { serviceVersion: box.serviceVersion, rolloutVersion: box.rolloutVersion }
    found.push({ service: box.service, rollout: box.rollouts.at(-1) ?? null, token })
  }
  return found
}

function commit(state: State, change: Change): 'saved' | 'conflict' {
  const partition = partitionOf(state, change.key.environment)
  const box = partition.boxes.get(change.key.name)
  if (lostRace(box, change)) {
    state.conflict += 1
    return 'conflict'
  }
  checkChange(change, box)
  store(partition, change, box ?? addBox(partition, change))
  state.saved += 1
  return 'saved'
}

/** True where a row that this change would write was written since the load. */
function lostRace(box: Box | undefined, change: Change): boolean {
  if (change.token === null) return box !== undefined
  if (box === undefined) return true
  const token = change.token as Token
  if (change.service !== undefined && token.serviceVersion !== box.serviceVersion) return true
  if (change.rollout !== undefined && token.rolloutVersion !== box.rolloutVersion) return true
  return change.command !== undefined && box.commands.has(change.command.id)
}

/** Refuses what the rows of the real store could not hold together: such a change is a mistake of the caller. */
function checkChange(change: Change, box: Box | undefined): void {
  const { key, service, rollout, audit } = change
  const refuse = (why: string): never => {
    throw new Error(`commit of ${entityId(key)}: ${why}`)
  }
  if (box === undefined && service === undefined) refuse('a new service needs its service state')
  if (service !== undefined && entityId(service.key) !== entityId(key))
    refuse(`service state of ${entityId(service.key)}`)
  if (rollout !== undefined && entityId(rollout.key) !== entityId(key)) refuse(`rollout of ${entityId(rollout.key)}`)
  const newest = box?.rollouts.at(-1)?.number ?? 0
  if (rollout !== undefined && rollout.number !== newest && service?.rolloutNumber !== rollout.number) {
    refuse(`rollout ${rollout.number} is neither the newest (${newest}) nor the one that the service state names`)
  }
  if (audit.length > 0 && service === undefined) refuse('audit rows need the service state, which holds their chain')
  const start = box?.service.chain.seq ?? 0
  for (const [index, row] of audit.entries()) {
    if (row.seq !== start + index + 1) refuse(`audit row ${row.seq} where ${start + index + 1} comes next`)
  }
  if (service !== undefined && service.chain.seq !== start + audit.length) {
    refuse(`the chain says ${service.chain.seq} rows, stored are ${start + audit.length}`)
  }
}

function addBox(partition: Partition, change: Change): Box {
  const service = change.service as ServiceState
  const box: Box = { service, serviceVersion: 0, rollouts: [], rolloutVersion: 0, audit: [], commands: new Map() }
  partition.boxes.set(change.key.name, box)
  return box
}

function store(partition: Partition, change: Change, box: Box): void {
  if (change.service !== undefined) {
    box.service = change.service
    box.serviceVersion += 1
  }
  if (change.rollout !== undefined) {
    const { rollout } = change
    const before = box.rollouts.at(-1)
    if (before?.number === rollout.number) box.rollouts[box.rollouts.length - 1] = rollout
    else box.rollouts.push(rollout)
    box.rolloutVersion += 1
    partition.due.move(change.key.name, before?.wakeAt ?? null, rollout.wakeAt)
  }
  for (const row of change.audit) box.audit.push(row)
  if (change.command !== undefined) box.commands.set(change.command.id, change.command)
}

function remember(state: State, key: ServiceKey, source: string): void {
  const services = state.sources.get(source) ?? new Map<string, ServiceKey>()
  services.set(entityId(key), key)
  state.sources.set(source, services)
}

function byEntityId(a: ServiceKey, b: ServiceKey): number {
  return compare(entityId(a), entityId(b))
}

function servicePage(state: State, environment: string, limit: number, from: string | null): Page<ServiceState> {
  const rows = [...(state.partitions.get(environment)?.boxes ?? [])].map(([name, box]) => ({
    at: name,
    item: box.service,
  }))
  return pageOf(rows, limit, from, `list ${environment}`)
}

function rolloutPage(state: State, key: ServiceKey, limit: number, from: string | null): Page<Rollout> {
  const rows = (boxOf(state, key)?.rollouts ?? []).map((item) => ({ at: inverted(item.number), item }))
  return pageOf(rows, limit, from, `rollouts ${entityId(key)}`)
}

function auditPage(state: State, query: AuditQuery): Page<AuditRow> {
  const boxes = state.partitions.get(query.environment)?.boxes ?? new Map<string, Box>()
  const rows: Row<AuditRow>[] = []
  for (const [name, box] of boxes) {
    if (query.service !== undefined && query.service !== name) continue
    for (const item of box.audit) {
      if (!wanted(item, query)) continue
      rows.push({ at: `${inverted(item.happenedAt)}!${name}!${inverted(item.seq)}`, item })
    }
  }
  const { limit, from, ...scope } = query
  return pageOf(rows, limit, from, `audit ${JSON.stringify(scope)}`)
}

function wanted(row: AuditRow, query: AuditQuery): boolean {
  if (query.rollout !== undefined && row.rollout !== query.rollout) return false
  if (query.since !== undefined && row.happenedAt < query.since) return false
  return query.until === undefined || row.happenedAt < query.until
}

function eventPage(state: State, limit: number, from: string | null): Page<EventRecord> {
  const rows = [...state.events].map(([at, item]) => ({ at, item }))
  return pageOf(rows, limit, from, 'events')
}

/** The first record of a delivery stands: doing it again changes nothing. */
function record(state: State, events: readonly EventRecord[]): void {
  for (const event of events) {
    const at = `${inverted(event.receivedAt)}!${event.id}`
    if (!state.events.has(at)) state.events.set(at, event)
  }
}

interface Row<T> {
  /** Where it sorts; unique. */
  readonly at: string
  readonly item: T
}

function pageOf<T>(rows: Row<T>[], limit: number, from: string | null, scope: string): Page<T> {
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

function inverted(value: number): string {
  return String(9_999_999_999_999 - value).padStart(13, '0')
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
