import { odata } from '@azure/data-tables'
import { readRollout, readService, writeDue } from './table-codec.ts'
import { refusal, throwFault } from './table-faults.ts'
import { dueRange, rolloutRowKey, SERVICE_RANGE } from './table-keys.ts'
import { type Reader, readRowOf } from './table-load.ts'
import { readAll } from './table-pages.ts'
import type { Row } from './table-rows.ts'

/** Due rows that were put back, and due rows that were thrown away, by row key. */
export interface Mended {
  readonly restored: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Makes the due rows agree with the rollouts again. Commits keep them so; a row that was deleted or added by hand is found
 * here, because without its due row no sweep would ever see a service again. Safe beside running commits: a row too many
 * costs one look in vain and goes with the next mending. Throws Fault.
 */
export async function mendDueRows(reader: Reader, environment: string): Promise<Mended> {
  // The order matters: due rows first, so that one that moves meanwhile looks missing (harmless), never superfluous.
  const there = new Map(
    (await listRange(reader, environment, dueRange(Number.MAX_SAFE_INTEGER))).map((row) => [row.rowKey ?? '', row]),
  )
  const wanted = await wantedDueRows(reader, environment)
  const restored = wanted.filter((rowKey) => !there.has(rowKey))
  const keep = new Set(wanted)
  const removed = [...there.values()].filter((row) => !keep.has(row.rowKey ?? ''))
  for (const rowKey of restored) await restore(reader, environment, rowKey)
  for (const row of removed) await remove(reader, environment, row)
  return { restored, removed: removed.map((row) => row.rowKey ?? '') }
}

async function wantedDueRows(reader: Reader, environment: string): Promise<readonly string[]> {
  const wanted: string[] = []
  for (const row of await listRange(reader, environment, SERVICE_RANGE)) {
    const service = readService(row)
    if (service.kind === 'unreadable' || service.value.rolloutNumber === 0) continue
    const { key, rolloutNumber } = service.value
    const rolloutRow = await readRowOf(reader, environment, rolloutRowKey(key.name, rolloutNumber))
    const rollout = rolloutRow === null ? null : readRollout(rolloutRow)
    if (rollout?.kind === 'read' && rollout.value.due !== null) wanted.push(rollout.value.due)
  }
  return wanted
}

function listRange(
  { table, timeoutMs }: Reader,
  environment: string,
  range: { readonly from: string; readonly to: string },
): Promise<readonly Row[]> {
  const filter = odata`PartitionKey eq ${environment} and RowKey ge ${range.from} and RowKey lt ${range.to}`
  return readAll({ table, filter, scope: `rows of ${environment}`, timeoutMs })
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
