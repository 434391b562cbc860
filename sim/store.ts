import type { AuditRow } from '../lib/core/audit.ts'
import type { BucketLine } from '../lib/core/judge/state.ts'
import type { Rollout } from '../lib/core/rollout.ts'
import { entityId, type ServiceKey, type ServiceState } from '../lib/core/service.ts'
import type {
  AuditLog,
  AuditQuery,
  BucketLog,
  Catalogue,
  Change,
  Delivery,
  EventLog,
  EventRecord,
  Freezes,
  Inbox,
  Page,
  RolloutStore,
} from '../lib/ports.ts'
import { type Box, claim, commit, createPartition, load, type Partition } from './store-commit.ts'
import { createSimDigests, type SimDigests } from './store-digests.ts'
import { createSimFreezes, type SimFreezes } from './store-freezes.ts'
import { createSimOutbox, type SimOutbox } from './store-outbox.ts'
import { compare, inverted, pageOf, type Row } from './store-pages.ts'

/** A call of a store's method, named so that a test can break exactly one of them. */
export type StoreCall =
  | 'due'
  | 'claim'
  | 'load'
  | 'commit'
  | 'answered'
  | 'index'
  | 'servicesFor'
  | 'list'
  | 'rollouts'
  | 'lines'
  | 'judged'
  | 'page'
  | 'record'
  | 'accept'
  | 'freezesOf'
  | 'commitFreezes'

/** Runs around every call and may throw: `before` nothing has happened yet, `after` everything has (the answer is lost). */
export type Interference = (call: StoreCall, moment: 'before' | 'after') => void

/** The in-memory store: every storage socket, and what tests and stories want to see of its inside. */
export interface SimStore extends RolloutStore, Catalogue, BucketLog, AuditLog, EventLog, Freezes, Inbox {
  page(query: AuditQuery): Promise<Page<AuditRow>>
  page(limit: number, from: string | null): Promise<Page<EventRecord>>
  /** Where notices wait; commits put them there. */
  readonly outbox: SimOutbox
  /** The digests of the audit. */
  readonly digests: SimDigests
  /** Breaks calls from now on; null ends it. */
  interfere(hook: Interference | null): void
  /** The service's audit rows, oldest first. */
  auditOf(key: ServiceKey): readonly AuditRow[]
  /** The rows of an environment's own chain, oldest first. */
  environmentAudit(environment: string): readonly AuditRow[]
  /** The service as it stands, or null; no token, so nothing can be committed with it. */
  peek(key: ServiceKey): { readonly service: ServiceState; readonly rollout: Rollout | null } | null
  /** The service's newest rollout, or null. */
  rolloutOf(key: ServiceKey): Rollout | null
  /** Recorded events, in the order in which they were recorded. */
  eventsRecorded(): readonly EventRecord[]
  /** Removes and returns what the inbox holds, oldest first. */
  take(): readonly Delivery[]
  /** How many commits were stored and how many lost a race. */
  commits(): { readonly saved: number; readonly conflict: number }
}

interface State {
  readonly partitions: Map<string, Partition>
  /** Services by `registry/repository`, then by entity id. */
  readonly sources: Map<string, Map<string, ServiceKey>>
  readonly events: Map<string, EventRecord>
  readonly freezes: SimFreezes
  readonly outbox: SimOutbox
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
    freezes: createSimFreezes(),
    outbox: createSimOutbox(),
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
    due: (environment, ...given) => call('due', () => state.partitions.get(environment)?.due.until(...given) ?? []),
    claim: (environment, ...given) => call('claim', () => claim(state.partitions.get(environment), ...given)),
    load: (environment, names) => call('load', () => load(state.partitions.get(environment), names)),
    commit: (change) => call('commit', () => commitTold(state, change)),
    answered: (key, commandId) => call('answered', () => boxOf(state, key)?.commands.get(commandId) ?? null),
    index: (key, registry, repository) => call('index', () => remember(state, key, `${registry}/${repository}`)),
    servicesFor: (registry, repository) =>
      call('servicesFor', () => [...(state.sources.get(`${registry}/${repository}`)?.values() ?? [])].sort(byEntityId)),
    list: (environment, limit, from) => call('list', () => servicePage(state, environment, limit, from)),
    rollouts: (key, limit, from) => call('rollouts', () => rolloutPage(state, key, limit, from)),
    lines: (key, number, limit, from) => call('lines', () => bucketPage(state, key, number, limit, from)),
    judged: (key, number) => call('judged', () => boxOf(state, key)?.judges.get(number) ?? null),
    page,
    record: (events) => call('record', () => record(state, events)),
    freezesOf: async (environment) => await call('freezesOf', () => state.freezes.freezesOf(environment)),
    commitFreezes: async (change) =>
      await call('commitFreezes', async () => {
        const answer = await state.freezes.commitFreezes(change)
        if (answer === 'saved') state.outbox.put(change.notices ?? [])
        return answer
      }),
    accept: (deliveries) =>
      call('accept', () => {
        state.inbox.push(...deliveries)
      }),
    outbox: state.outbox,
    digests: createSimDigests(),
    interfere: (next) => {
      hook = next
    },
    ...insideOf(state),
  }
}

/** What tests and stories want to see. */
function insideOf(
  state: State,
): Pick<SimStore, 'auditOf' | 'environmentAudit' | 'peek' | 'rolloutOf' | 'eventsRecorded' | 'take' | 'commits'> {
  return {
    auditOf: (key) => boxOf(state, key)?.audit ?? [],
    environmentAudit: (environment) => state.freezes.rowsOf(environment),
    peek: (key) => {
      const box = boxOf(state, key)
      return box === undefined ? null : { service: box.service, rollout: box.rollouts.at(-1) ?? null }
    },
    rolloutOf: (key) => boxOf(state, key)?.rollouts.at(-1) ?? null,
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
    partition = createPartition()
    state.partitions.set(environment, partition)
  }
  return partition
}

function commitTold(state: State, change: Change): 'saved' | 'conflict' {
  const answer = commit(partitionOf(state, change.key.environment), change)
  if (answer === 'saved') state.outbox.put(change.notices ?? [])
  return counted(state, answer)
}

function counted(state: State, answer: 'saved' | 'conflict'): 'saved' | 'conflict' {
  state[answer] += 1
  return answer
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

function bucketPage(
  state: State,
  key: ServiceKey,
  number: number,
  limit: number,
  from: string | null,
): Page<BucketLine> {
  const lines = boxOf(state, key)?.buckets.get(number) ?? []
  const rows = lines.map((item, index) => ({ at: String(index).padStart(9, '0'), item }))
  return pageOf(rows, limit, from, `buckets ${entityId(key)} ${number}`)
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
  for (const item of query.service === undefined || query.service === null
    ? state.freezes.rowsOf(query.environment)
    : []) {
    if (wanted(item, query)) rows.push({ at: `${inverted(item.happenedAt)}!!${inverted(item.seq)}`, item })
  }
  const { limit, from, ...scope } = query
  return pageOf(rows, limit, from, `audit ${JSON.stringify(scope)}`)
}

function wanted(row: AuditRow, query: AuditQuery): boolean {
  if (query.rollout !== undefined && row.rollout !== query.rollout) return false
  if (query.kind !== undefined && row.kind !== query.kind) return false
  if (query.since !== undefined && row.happenedAt < query.since) return false
  return query.until === undefined || row.happenedAt < query.until
}

function eventPage(state: State, limit: number, from: string | null): Page<EventRecord> {
  const rows = [...state.events].map(([at, item]) => ({ at, item }))
  return pageOf(rows, limit, from, 'events')
}

/** The first record of a delivery stands, and doing it again changes nothing; only `superseded` takes its place. */
function record(state: State, events: readonly EventRecord[]): void {
  for (const event of events) {
    const at = `${inverted(event.receivedAt)}!${event.id}`
    if (event.outcome === 'superseded' || !state.events.has(at)) state.events.set(at, event)
  }
}
