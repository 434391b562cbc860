import type { TableClient } from '@azure/data-tables'
import type { SignedCut } from '../../core/audit-cut.ts'
import { Fault } from '../../errors.ts'
import type { AuditKeeper, Night } from '../../ports.ts'
import { isHead, readDigest } from './table-digests.ts'
import { refusal, throwFault } from './table-faults.ts'
import { auditRowKey, CUT_RANGE, checkName, cutRowKey, digestRowKey, NIGHT_ROW } from './table-keys.ts'
import { readRowOf } from './table-load.ts'
import { inPartition, readPage } from './table-pages.ts'
import { isOfLaterSchema, type Read, type Row, readRow, unreadable, writeRow } from './table-rows.ts'

/** Table Storage takes at most this many operations in one transaction. */
const MOST_AT_ONCE = 100

/** Stands for the version of a row that is never written over. */
const OF_LATER = { of: 'a later build' } as const

type Place = { readonly table: TableClient; readonly timeoutMs: number }
type Quarantine = (row: Row, why: string) => void

/**
 * What the night's check and the retention keep, beside the state of their environment: how far the check is, one row; the cuts,
 * a row each, created or refused; and the removal of audit rows. A cut that cannot be read is as good as none.
 */
export function tableAuditKeeper(table: TableClient, quarantine: Quarantine, timeoutMs = 20_000): AuditKeeper {
  const place: Place = { table, timeoutMs }
  const kept = <T>(row: Row | null, read: (row: Row) => Read<T>): T | null => {
    const found = row === null ? null : read(row)
    if (found?.kind === 'unreadable' && row !== null) quarantine(row, found.why)
    return found?.kind === 'read' ? found.value : null
  }
  return {
    digest: async (environment, number) => {
      checkName('environment', environment)
      return kept(await readRowOf(place, environment, digestRowKey(number)), readDigest)
    },
    night: async (environment) => {
      checkName('environment', environment)
      const row = await readRowOf(place, environment, NIGHT_ROW)
      return {
        night: kept(row, readNight),
        token: row !== null && isOfLaterSchema(row) ? OF_LATER : (row?.etag ?? null),
      }
    },
    keepNight: (environment, night, token) => keepNight(place, environment, night, token),
    newestCut: async (environment) => {
      checkName('environment', environment)
      const listing = inPartition(place, environment, CUT_RANGE, `cuts of ${environment}`)
      const page = await readPage(listing, 1, null, (row) => kept(row, readCut))
      return page.items[0] ?? null
    },
    appendCut: async (cut) => {
      const { environment, number, at, digest, rows, hash } = cut
      checkName('environment', environment)
      const row = writeRow(environment, cutRowKey(number), { number, at, until: digest.at, removed: rows, hash }, cut)
      try {
        await table.createEntity(row, { abortSignal: AbortSignal.timeout(timeoutMs) })
        return 'saved'
      } catch (error) {
        if (refusal(error)?.code === 'EntityAlreadyExists') return 'conflict'
        return throwFault(error, `storing cut ${number} of ${environment}`)
      }
    },
    removeRows: async (environment, rows) => {
      checkName('environment', environment)
      const keys = rows.map(({ entityId, happenedAt, seq }) => {
        const name = entityId.split('/')[1] ?? null
        return auditRowKey(name, happenedAt, seq)
      })
      for (let at = 0; at < keys.length; at += MOST_AT_ONCE)
        await remove(place, environment, keys.slice(at, at + MOST_AT_ONCE))
    },
  }
}

async function keepNight(
  { table, timeoutMs }: Place,
  environment: string,
  night: Night,
  token: unknown,
): Promise<{ readonly token: unknown } | null> {
  checkName('environment', environment)
  if (token === OF_LATER) {
    const words = `The night's check of ${environment} was written down by a later build; it is left to that build.`
    throw new Fault('malformed', words)
  }
  const { phase, rows, found, startedAt } = night
  const columns = { phase, rowsSeen: rows, found: found.length, startedAt: new Date(startedAt) }
  const row = writeRow(environment, NIGHT_ROW, columns, night)
  const abortSignal = AbortSignal.timeout(timeoutMs)
  try {
    const { etag } =
      token === null
        ? await table.createEntity(row, { abortSignal })
        : await table.updateEntity(row, 'Replace', { etag: String(token), abortSignal })
    return { token: etag }
  } catch (error) {
    const { status, code } = refusal(error) ?? { status: null, code: '' }
    if (status === 412 || code === 'EntityAlreadyExists') return null
    return throwFault(error, `storing the night's check of ${environment}`)
  }
}

/** All in one transaction; where one of them is gone already, one after the other. */
async function remove(place: Place, environment: string, keys: readonly string[]): Promise<void> {
  const { table, timeoutMs } = place
  try {
    await table.submitTransaction(
      keys.map((rowKey) => ['delete', { partitionKey: environment, rowKey }]),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    )
  } catch (error) {
    if (refusal(error)?.code !== 'ResourceNotFound') throwFault(error, `removing old audit rows of ${environment}`)
    if (keys.length > 1) for (const key of keys) await remove(place, environment, [key])
  }
}

function readNight(row: Row): Read<Night> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const { startedAt, phase, newest, rows, found, next } = read.value as Partial<Night>
  const isNext = next === null || (Number.isSafeInteger(next?.number) && typeof next?.hash === 'string')
  const isWhole = [startedAt, newest, rows].every(Number.isFinite) && Array.isArray(found) && typeof phase === 'string'
  return isWhole && isNext
    ? { kind: 'read', value: read.value as unknown as Night }
    : unreadable('it is no check of a night')
}

function readCut(row: Row): Read<SignedCut> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const { number, hash, heads, digest, signature, at } = read.value as Partial<SignedCut>
  const texts = [hash, at, digest?.hash, digest?.at, signature?.value, signature?.keyId]
  const isWhole =
    texts.every((text) => typeof text === 'string') &&
    [number, digest?.number].every((one) => Number(one) >= 1 && Number.isSafeInteger(one))
  const isCut = isWhole && Array.isArray(heads) && heads.every(isHead)
  return isCut ? { kind: 'read', value: read.value as unknown as SignedCut } : unreadable('it is no cut')
}
