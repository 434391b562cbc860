import type { AuditRow } from '../../core/audit.ts'
import { isUrgent } from '../../core/claims.ts'
import { olderRollout, olderService } from '../../core/older.ts'
import type { Rollout } from '../../core/rollout.ts'
import type { ServiceKey, ServiceState } from '../../core/service.ts'
import type { CommandRecord, EventRecord } from '../../ports.ts'
import {
  auditRowKey,
  commandRowKey,
  dueRowKey,
  eventPartition,
  eventRowKey,
  isName,
  nameOfDue,
  rolloutRowKey,
  serviceRowKey,
  sourcePartition,
  sourceRowKey,
} from './table-keys.ts'
import {
  misshapen,
  otherSchema,
  type Read,
  type Row,
  readRow,
  SCHEMA,
  shortened,
  unreadable,
  type Written,
  writeRow,
} from './table-rows.ts'
import { AUDIT, COMMAND, EVENT, ROLLOUT, SERVICE } from './table-shapes.ts'

/** Service state as a row; the JSON is what counts, the columns are for people. */
export function writeService(service: ServiceState): Written {
  const { image, target } = service.manifest
  const columns = {
    app: target.app,
    image: shortened(`${image.registry}/${image.repository}`),
    manifestVersion: service.manifestVersion,
    rolloutNumber: service.rolloutNumber,
    pending: service.pending.length,
    auditRows: service.chain.seq,
  }
  return writeRow(service.key.environment, serviceRowKey(service.key.name), columns, service)
}

/** The service state of a row. */
export function readService(row: Row): Read<ServiceState> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const wrong = misshapen(SERVICE, read.value)
  if (wrong !== null) return wrong
  const state = read.value as unknown as ServiceState
  if (!belongs(state, row, (key) => serviceRowKey(key.name)))
    return unreadable('the state inside is not this service’s')
  return { kind: 'read', value: olderService(state) }
}

/**
 * A rollout as a row. `due` is the key of its due row ('' = none); `current` says that it is its service's newest;
 * `judged` counts how often its judge's state was stored.
 */
export function writeRollout(rollout: Rollout, judged: number): Written {
  const { phase, push } = rollout
  const columns = {
    rollout: rollout.id,
    phase: phase.kind,
    outcome: phase.kind === 'finished' || phase.kind === 'rolling-back' ? phase.outcome : null,
    because: 'because' in phase ? shortened(phase.because) : null,
    weight: rollout.expected.at(-1),
    tag: shortened(push.tag),
    digest: shortened(push.digest),
    stable: rollout.stable,
    canary: rollout.canary,
    startedAt: new Date(rollout.startedAt),
    wakeAt: rollout.wakeAt === null ? null : new Date(rollout.wakeAt),
    due: dueKeyOf(rollout) ?? '',
    current: true,
    judged,
  }
  const { environment, name } = rollout.key
  return writeRow(environment, rolloutRowKey(name, rollout.number), columns, rollout)
}

const DUE = /^d![0-9a-z!]{13,16}![a-z0-9-]{2,32}$/

/** What a rollout's row says besides the rollout itself. */
export interface RolloutRow {
  readonly rollout: Rollout
  readonly due: string | null
  readonly current: boolean
  readonly judged: number
}

/** The rollout of a row. */
export function readRollout(row: Row): Read<RolloutRow> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const wrong = misshapen(ROLLOUT, read.value)
  if (wrong !== null) return wrong
  const rollout = read.value as unknown as Rollout
  if (!belongs(rollout, row, (key) => rolloutRowKey(key.name, rollout.number))) {
    return unreadable('the rollout inside is another one')
  }
  const due = typeof row.due === 'string' && row.due !== '' ? row.due : null
  // Whoever mends due rows writes one under this key.
  if (due !== null && !(DUE.test(due) && nameOfDue(due) === rollout.key.name)) {
    return unreadable('the column due is no key of its due row', 'due')
  }
  const judged = typeof row.judged === 'number' ? row.judged : 0
  return { kind: 'read', value: { rollout: olderRollout(rollout), due, current: row.current === true, judged } }
}

/** What is changed in the row of a rollout that is no longer its service's newest. */
export function closeRollout(rollout: Pick<Rollout, 'key' | 'number'>): Written {
  const { environment, name } = rollout.key
  return { partitionKey: environment, rowKey: rolloutRowKey(name, rollout.number), due: '', current: false }
}

/** Key of the due row that belongs to a rollout, or null where it wants no more looks. */
export function dueKeyOf(rollout: Rollout): string | null {
  return rollout.wakeAt === null ? null : dueRowKey(rollout.wakeAt, rollout.key.name, isUrgent(rollout))
}

/** The row that makes a service due; all it says is in its key. */
export function writeDue(environment: string, rowKey: string): Written {
  return { partitionKey: environment, rowKey, schema: SCHEMA, service: nameOfDue(rowKey) }
}

/** An audit row: every figure that people filter by as its own column, the rest as JSON. `name` null = of the environment's chain. */
export function writeAudit(
  key: { readonly environment: string; readonly name: string | null },
  row: AuditRow,
): Written {
  const { weightsBefore, weightsAfter, evidence, detail, seq, previousHash, hash } = row
  const notes = shortened(row.notes)
  const columns = {
    id: row.id,
    happenedAt: new Date(row.happenedAt),
    entityId: row.entityId,
    metric: row.metric,
    value: row.value === null || !Number.isFinite(row.value) ? null : { type: 'Double', value: row.value },
    notes,
    kind: row.kind,
    actor: row.actor,
    service: key.name,
    rollout: row.rollout,
    step: row.step,
  }
  const rest = {
    seq,
    weightsBefore,
    weightsAfter,
    evidence,
    detail,
    previousHash,
    hash,
    ...(notes === row.notes ? {} : { notes: row.notes }),
  }
  return writeRow(key.environment, auditRowKey(key.name, row.happenedAt, row.seq), columns, rest)
}

/** The audit row of a row. */
export function readAudit(row: Row): Read<AuditRow> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const rest = read.value
  if (!(row.happenedAt instanceof Date)) return unreadable('the column happenedAt is missing', 'happenedAt')
  const { id, entityId: entity, metric, notes, kind, actor, value, rollout, step } = row
  const plain = { id, entityId: entity, metric, notes, kind, actor }
  const nullable = { value: value ?? null, rollout: rollout ?? null, step: step ?? null }
  const happenedAt = row.happenedAt.getTime()
  const audit = { schema: 1, ...plain, ...nullable, happenedAt, ...rest }
  const wrong = misshapen(AUDIT, audit)
  if (wrong !== null) return wrong
  return { kind: 'read', value: audit as unknown as AuditRow }
}

/** A command's answer as a row. */
export function writeCommand(key: ServiceKey, command: CommandRecord): Written {
  const { verb, actor, rollout } = command
  const columns = { verb, actor: shortened(actor), rollout, at: new Date(command.at) }
  return writeRow(key.environment, commandRowKey(key.name, command.id), columns, command)
}

/** The command's answer of a row. */
export function readCommand(row: Row): Read<CommandRecord> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const wrong = misshapen(COMMAND, read.value)
  if (wrong !== null) return wrong
  return { kind: 'read', value: read.value as unknown as CommandRecord }
}

/** Which service takes images of a source, as a row of the index table. */
export function writeSource(key: ServiceKey, registry: string, repository: string): Written {
  const columns = { registry, repository, environment: key.environment, service: key.name }
  return { partitionKey: sourcePartition(registry, repository), rowKey: sourceRowKey(key), schema: SCHEMA, ...columns }
}

/** The service that a row of the index table names. */
export function readSource(row: Row): Read<ServiceKey> {
  if (row.schema !== SCHEMA) return otherSchema(row)
  const { environment, service } = row
  const isService = [environment, service].every((name) => typeof name === 'string' && isName(name))
  if (!isService || row.rowKey !== `${environment}!${service}`) return unreadable('it names no service', 'service')
  return { kind: 'read', value: { environment: String(environment), name: String(service) } }
}

/** An intake record as a row of the event table. */
export function writeEvent(event: EventRecord): Written {
  const columns = {
    receivedAt: new Date(event.receivedAt),
    source: shortened(event.source),
    outcome: event.outcome,
    reason: shortened(event.reason),
    image: event.image === null ? null : shortened(event.image),
    entityId: event.entityId,
    rollout: event.rollout,
  }
  return writeRow(eventPartition(event.receivedAt), eventRowKey(event.receivedAt, event.id), columns, event)
}

/** The intake record of a row. */
export function readEvent(row: Row): Read<EventRecord> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const wrong = misshapen(EVENT, read.value)
  if (wrong !== null) return wrong
  return { kind: 'read', value: read.value as unknown as EventRecord }
}

/** True where the state inside a row is of a known schema and belongs under the row's keys. */
function belongs(
  state: { readonly schema?: unknown; readonly key?: Partial<ServiceKey> },
  row: Row,
  keyOf: (key: ServiceKey) => string,
): boolean {
  const { environment, name } = state.key ?? {}
  if (state.schema !== 1 || environment === undefined || name === undefined) return false
  return environment === row.partitionKey && keyOf({ environment, name }) === row.rowKey
}
