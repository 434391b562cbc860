import type { TableClient, TransactionAction } from '@azure/data-tables'
import { GENESIS } from '../../core/chain.ts'
import type { Freeze, Lifted } from '../../core/freeze.ts'
import type { Told } from '../../core/quarantine-row.ts'
import type { ServiceState } from '../../core/service.ts'
import { Fault } from '../../errors.ts'
import type { FreezesChange, FreezesLoaded } from '../../ports.ts'
import { writeAudit } from './table-codec.ts'
import { refusal, throwFault } from './table-faults.ts'
import { checkName, FREEZES_ROW } from './table-keys.ts'
import { type Reader, readRowOf } from './table-load.ts'
import { writeUnsent } from './table-notices.ts'
import { type Read, type Row, readRow, unreadable, type Written, writeRow } from './table-rows.ts'

/** What `loadFreezes` remembers of the row it read; null where there was none. */
type Token = { readonly etag: string; readonly seq: number } | null

/**
 * The freezes of an environment; none where nothing was ever stored. A row that cannot be read is a Fault `malformed`: as
 * long as nobody knows what is frozen, nothing goes on. Throws Fault.
 */
export async function loadFreezes(reader: Reader, environment: string): Promise<FreezesLoaded> {
  checkName('environment', environment)
  const row = await readRowOf(reader, environment, FREEZES_ROW)
  if (row === null)
    return { freezes: [], lifted: [], told: [], chain: { seq: 0, hash: GENESIS }, token: null satisfies Token }
  const read = readFreezes(row)
  if (read.kind === 'read') {
    const { freezes, lifted = [], told = [], chain } = read.value
    return { freezes, lifted, told, chain, token: { etag: row.etag, seq: chain.seq } satisfies Token }
  }
  reader.quarantine(reader.table.tableName, row, read)
  const repair = 'nothing goes on in this environment until the row is put right'
  throw new Fault('malformed', `The freezes of ${environment} cannot be read (${read.why}); ${repair}.`)
}

/** Stores freezes and their audit rows in one transaction. Throws Fault; after `unavailable` they may have been stored. */
export async function commitFreezes(
  table: TableClient,
  timeoutMs: number,
  change: FreezesChange,
): Promise<'saved' | 'conflict'> {
  checkName('environment', change.environment)
  const token = change.token as Token
  checkChain(change, token)
  const row = writeFreezes(change)
  const state: TransactionAction = token === null ? ['create', row] : ['update', row, 'Replace', { etag: token.etag }]
  const rows = change.audit.map((entry) => writeAudit({ environment: change.environment, name: null }, entry))
  const told = (change.notices ?? []).map(writeUnsent)
  const actions = [state, ...[...rows, ...told].map((entry): TransactionAction => ['create', entry])]
  try {
    await table.submitTransaction(actions, { abortSignal: AbortSignal.timeout(timeoutMs) })
    return 'saved'
  } catch (error) {
    const said = refusal(error)
    const isLost = said?.status === 412 || said?.code === 'EntityAlreadyExists'
    if (isLost || (said?.status === 404 && said.code !== 'TableNotFound')) return 'conflict'
    return throwFault(error, `storing the freezes of ${change.environment}`)
  }
}

interface Kept {
  readonly freezes: readonly Freeze[]
  /** Absent in what was stored before they were remembered. */
  readonly lifted?: readonly Lifted[]
  readonly told?: readonly Told[]
  readonly chain: ServiceState['chain']
}

function writeFreezes({ environment, freezes, lifted = [], told = [], chain }: FreezesChange): Written {
  const columns = { freezes: freezes.length, auditRows: chain.seq }
  return writeRow(environment, FREEZES_ROW, columns, { freezes, lifted, told, chain } satisfies Kept)
}

/** The freezes of a row. */
export function readFreezes(row: Row): Read<Kept> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const { freezes, lifted, told, chain } = read.value as Partial<Kept>
  if (!Array.isArray(freezes) || !freezes.every(isFreeze)) return unreadable('a freeze is unknown')
  return typeof chain?.seq === 'number'
    ? { kind: 'read', value: { freezes, lifted: remembered(lifted), told: remembered(told), chain } }
    : unreadable('it has no chain')
}

/** What is no id with a time is forgotten: at worst something is told twice, or an id is taken again. */
function remembered(stored: unknown): readonly (Told & Lifted)[] {
  return Array.isArray(stored) ? stored.filter(isRemembered) : []
}

function isRemembered(value: unknown): value is Told & Lifted {
  const { id, at } = Object(value) as Partial<Told>
  return typeof id === 'string' && typeof at === 'number'
}

/** Whether it can be named, told of and lifted. Its time is not looked at: where that is wrong, this one freeze holds. */
function isFreeze(value: unknown): value is Freeze {
  const { schema, id, services, reason, by, createdAt } = Object(value) as Partial<Freeze>
  const isReach = services === null || (Array.isArray(services) && services.every((name) => typeof name === 'string'))
  const words = [id, reason, by].every((text) => typeof text === 'string')
  return schema === 1 && isReach && words && typeof createdAt === 'number'
}

/** Refuses what the rows could not hold together: such a change is a mistake of the caller. */
function checkChain({ environment, audit, chain }: FreezesChange, token: Token): void {
  const start = token?.seq ?? 0
  const isCounted = audit.every((row, index) => row.seq === start + index + 1)
  if (isCounted && chain.seq === start + audit.length) return
  throw new Error(`freezes of ${environment}: audit rows must go on from ${start}, the chain says ${chain.seq}`)
}
