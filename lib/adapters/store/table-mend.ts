import { readRollout, readService, writeDue } from './table-codec.ts'
import { refusal, throwFault } from './table-faults.ts'
import { dueRange, type KeyRange, nameOfDue, nameOfService, rolloutRowKey, SERVICE_RANGE } from './table-keys.ts'
import { type Reader, readRowOf } from './table-load.ts'
import { inPartition, readAll } from './table-pages.ts'
import { type Row, SCHEMA } from './table-rows.ts'

/** Due rows that were put back, and due rows that were thrown away, by row key. */
export interface Mended {
  readonly restored: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Makes the due rows agree with the rollouts again. Commits keep them so; a row that was deleted or added by hand is found
 * here, because without its due row no sweep would ever see a service again. Rows of services that cannot be read are left
 * alone. Safe beside running commits: a row too many costs one look in vain and goes with the next mending. Throws Fault.
 */
export async function mendDueRows(reader: Reader, environment: string): Promise<Mended> {
  // Due rows first: one that moves meanwhile can then only look missing, and putting it back does no harm.
  const there = await listRange(reader, environment, dueRange(Number.MAX_SAFE_INTEGER))
  const { due, unsure } = await wantedDueRows(reader, environment)
  const known = new Set(there.map((row) => row.rowKey))
  const restored = [...due].filter((rowKey) => !known.has(rowKey))
  const removed = there.filter(
    ({ rowKey = '', schema }) => schema === SCHEMA && !due.has(rowKey) && !unsure.has(nameOfDue(rowKey)),
  )
  for (const rowKey of restored) await restore(reader, environment, rowKey)
  for (const row of removed) await remove(reader, environment, row)
  return { restored, removed: removed.map((row) => row.rowKey ?? '') }
}

/** Keys of the due rows that must be there, and names of the services that nothing can be said about. */
async function wantedDueRows(
  reader: Reader,
  environment: string,
): Promise<{ readonly due: ReadonlySet<string>; readonly unsure: ReadonlySet<string> }> {
  const due = new Set<string>()
  const unsure = new Set<string>()
  for (const row of await listRange(reader, environment, SERVICE_RANGE)) {
    const name = nameOfService(row.rowKey ?? '')
    const service = readService(row)
    if (service.kind === 'unreadable') unsure.add(name)
    else if (service.value.rolloutNumber > 0) {
      const rolloutRow = await readRowOf(reader, environment, rolloutRowKey(name, service.value.rolloutNumber))
      const rollout = rolloutRow === null ? null : readRollout(rolloutRow)
      if (rollout?.kind !== 'read' || !rollout.value.current) unsure.add(name)
      else if (rollout.value.due !== null) due.add(rollout.value.due)
    }
  }
  return { due, unsure }
}

function listRange(reader: Reader, environment: string, range: KeyRange): Promise<readonly Row[]> {
  return readAll(inPartition(reader, environment, range, `rows of ${environment}`))
}

async function restore({ table, timeoutMs }: Reader, environment: string, rowKey: string): Promise<void> {
  try {
    await table.upsertEntity(writeDue(environment, rowKey), 'Replace', { abortSignal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    throwFault(error, `restoring the due row ${rowKey}`)
  }
}

/** With its ETag: a row that a commit wrote again meanwhile is no longer superfluous. */
async function remove({ table, timeoutMs }: Reader, environment: string, row: Row): Promise<void> {
  try {
    const options = { etag: row.etag, abortSignal: AbortSignal.timeout(timeoutMs) }
    await table.deleteEntity(environment, row.rowKey ?? '', options)
  } catch (error) {
    const status = refusal(error)?.status
    if (status !== 404 && status !== 412) throwFault(error, `removing the due row ${row.rowKey}`)
  }
}
