import type { TableClient, TransactionAction } from '@azure/data-tables'
import type { ServiceKey } from '../../core/service.ts'
import { Fault } from '../../errors.ts'
import type { Change } from '../../ports.ts'
import {
  closeRollout,
  dueKeyOf,
  writeAudit,
  writeCommand,
  writeDue,
  writeRollout,
  writeService,
} from './table-codec.ts'
import { refusal, throwFault } from './table-faults.ts'
import { writeBuckets, writeJudge } from './table-judge.ts'
import { checkKey } from './table-keys.ts'
import { writeUnsent } from './table-notices.ts'

/** What `load` remembers of the rows it read, so that `commit` can tell whether they still stand. */
export interface Token {
  readonly service: { readonly etag: string; readonly seq: number }
  readonly rollout: {
    readonly etag: string
    readonly number: number
    readonly due: string | null
    /** How often its judge's state was stored. */
    readonly judged: number
  } | null
}

/**
 * Table Storage takes at most this many operations in one transaction, and 4 MiB. A change has at most eight rows besides
 * its audit and at most one notice per audit row: service, rollout, the rollout before, judge, buckets, command, and a due row taken and one given. Each holds
 * at most 490 000 characters of JSON; a judge of 12 KPIs has under 33 000, and a line of 12 KPIs × 300 buckets under 250 000.
 * Whatever is larger is refused whole (Fault `malformed`).
 */
const MOST_OPERATIONS = 100

/**
 * Stores a change as one entity-group transaction. `conflict` is said only where Table Storage surely stored nothing.
 * Throws Fault; after `unavailable` the change may have been stored.
 */
export async function commitChange(
  table: TableClient,
  timeoutMs: number,
  change: Change,
): Promise<'saved' | 'conflict'> {
  checkKey(change.key)
  const token = change.token as Token | null
  checkChange(change, token)
  const due = dueMove(change, token)
  const judged = judgedBy(change, token)
  const rows = [...stateActions(change, token, judged), ...judgeActions(change, judged), ...recordActions(change)]
  if (rows.length + due.length > MOST_OPERATIONS) {
    const count = `${rows.length + due.length} rows, Table Storage takes ${MOST_OPERATIONS}`
    throw new Fault('malformed', `The change of ${nameOf(change.key)} is too large for one transaction (${count}).`)
  }
  if (rows.length === 0) return 'saved'
  const answer = await submit(table, timeoutMs, [...rows, ...due], nameOf(change.key))
  if (answer !== 'missing' || !(await lacksDueRow(table, timeoutMs, due)))
    return answer === 'saved' ? 'saved' : 'conflict'
  const healed = due.filter(([verb]) => verb !== 'delete')
  return (await submit(table, timeoutMs, [...rows, ...healed], nameOf(change.key))) === 'saved' ? 'saved' : 'conflict'
}

/** Refuses what the rows could not hold together: such a change is a mistake of the caller. */
function checkChange(change: Change, token: Token | null): void {
  const { key, service, rollout, audit } = change
  const refuse = (why: string): never => {
    throw new Error(`commit of ${nameOf(key)}: ${why}`)
  }
  if (token === null && service === undefined) refuse('a new service needs its service state')
  if (service !== undefined && nameOf(service.key) !== nameOf(key)) refuse(`service state of ${nameOf(service.key)}`)
  if (rollout !== undefined && nameOf(rollout.key) !== nameOf(key)) refuse(`rollout of ${nameOf(rollout.key)}`)
  const newest = token?.rollout?.number ?? 0
  if (rollout !== undefined && rollout.number !== newest && service?.rolloutNumber !== rollout.number) {
    refuse(`rollout ${rollout.number} is neither the newest (${newest}) nor the one that the service state names`)
  }
  checkJudge(change, refuse)
  if (audit.length > 0 && service === undefined) refuse('audit rows need the service state, which holds their chain')
  const start = token?.service.seq ?? 0
  for (const [index, row] of audit.entries()) {
    if (row.seq !== start + index + 1) refuse(`audit row ${row.seq} where ${start + index + 1} comes next`)
  }
  if (service !== undefined && service.chain.seq !== start + audit.length) {
    refuse(`the chain says ${service.chain.seq} rows, stored are ${start + audit.length}`)
  }
}

function checkJudge({ rollout, judge, buckets }: Change, refuse: (why: string) => never): void {
  if (judge !== undefined && judge.rollout !== rollout?.id) {
    refuse(`the judge’s state of ${judge.rollout} beside ${rollout?.id ?? 'no rollout'}`)
  }
  if (buckets !== undefined && buckets.rollout !== judge?.rollout) {
    refuse(`buckets of ${buckets.rollout} beside ${judge === undefined ? 'no judge' : `the judge of ${judge.rollout}`}`)
  }
}

function nameOf(key: ServiceKey): string {
  return `${key.environment}/${key.name}`
}

function stateActions({ key, service, rollout }: Change, token: Token | null, judged: number): TransactionAction[] {
  const actions: TransactionAction[] = []
  if (service !== undefined) {
    const row = writeService(service)
    actions.push(token === null ? ['create', row] : ['update', row, 'Replace', { etag: token.service.etag }])
  }
  if (rollout === undefined) return actions
  const before = token?.rollout ?? null
  if (before?.number === rollout.number) {
    actions.push(['update', writeRollout(rollout, judged), 'Replace', { etag: before.etag }])
    return actions
  }
  actions.push(['create', writeRollout(rollout, judged)])
  // The older rollout's row is touched too: whoever holds it loses the race, and whoever reads it sees that it is over.
  if (before !== null) {
    actions.push(['update', closeRollout({ key, number: before.number }), 'Merge', { etag: before.etag }])
  }
  return actions
}

/** How often the judge's state of the change's rollout will have been stored, this time included. */
function judgedBy({ rollout, judge }: Change, token: Token | null): number {
  const before = token?.rollout?.number === rollout?.number ? (token?.rollout?.judged ?? 0) : 0
  return judge === undefined ? before : before + 1
}

/**
 * The judge's rows need no ETag and no check for being new: they are written only together with their rollout's row, whose
 * ETag the same transaction checks. Who lost a race stored neither, and who tries again after a lost answer brings an old
 * ETag. The count in the rollout's row names the line, so that a line can meet an earlier one only where somebody put
 * older rows back by hand; an insert would then fail for ever, a replacement follows the state that stands.
 */
function judgeActions({ rollout, judge, buckets }: Change, judged: number): TransactionAction[] {
  if (rollout === undefined || judge === undefined) return []
  const actions: TransactionAction[] = [['upsert', writeJudge(rollout, judge, judged), 'Replace']]
  if (buckets !== undefined) actions.push(['upsert', writeBuckets(rollout, buckets, judged), 'Replace'])
  return actions
}

function recordActions({ key, audit, notices = [], command }: Change): TransactionAction[] {
  const rows = [...audit.map((row) => writeAudit(key, row)), ...notices.map(writeUnsent)]
  if (command !== undefined) rows.push(writeCommand(key, command))
  return rows.map((row) => ['create', row])
}

function dueMove({ key, rollout }: Change, token: Token | null): TransactionAction[] {
  if (rollout === undefined) return []
  const before = token?.rollout?.due ?? null
  const after = dueKeyOf(rollout)
  if (before === after) return []
  const actions: TransactionAction[] = []
  if (before !== null) actions.push(['delete', { partitionKey: key.environment, rowKey: before }])
  if (after !== null) actions.push(['upsert', writeDue(key.environment, after), 'Replace'])
  return actions
}

async function submit(
  table: TableClient,
  timeoutMs: number,
  actions: TransactionAction[],
  who: string,
): Promise<'saved' | 'conflict' | 'missing'> {
  try {
    await table.submitTransaction(actions, { abortSignal: AbortSignal.timeout(timeoutMs) })
    return 'saved'
  } catch (error) {
    const said = refusal(error)
    if (said?.status === 412 || said?.code === 'EntityAlreadyExists') return 'conflict'
    if (said?.status === 404 && said.code !== 'TableNotFound') return 'missing'
    return throwFault(error, `storing ${who}`)
  }
}

/** True where the transaction met nothing but a due row that was gone: by hand or by accident, for we never leave it so. */
async function lacksDueRow(table: TableClient, timeoutMs: number, due: readonly TransactionAction[]): Promise<boolean> {
  const gone = due.find(([verb]) => verb === 'delete')?.[1]
  if (gone === undefined) return false
  try {
    await table.getEntity(gone.partitionKey, gone.rowKey, { abortSignal: AbortSignal.timeout(timeoutMs) })
    return false
  } catch (error) {
    if (refusal(error)?.status === 404) return true
    return throwFault(error, `looking for the due row ${gone.rowKey}`)
  }
}
