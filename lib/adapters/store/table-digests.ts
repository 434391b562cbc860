import type { TableClient } from '@azure/data-tables'
import type { SignedDigest } from '../../core/audit-digest.ts'
import type { Digests, Page } from '../../ports.ts'
import { refusal, throwFault } from './table-faults.ts'
import { checkName, DIGEST_RANGE, digestRowKey } from './table-keys.ts'
import type { Reader } from './table-load.ts'
import { inPartition, readPage } from './table-pages.ts'
import { type Read, type Row, readRow, unreadable, type Written, writeRow } from './table-rows.ts'

/** Digests of the audit, a row each, beside the state of their environment. A number is given once: the row is created or refused. */
export function tableDigests(reader: Reader): Digests {
  const { table, timeoutMs } = reader
  return {
    page: async (environment, limit, from): Promise<Page<SignedDigest>> => {
      checkName('environment', environment)
      const listing = inPartition(reader, environment, DIGEST_RANGE, `digests of ${environment}`)
      return readPage(listing, limit, from, (row) => {
        const read = readDigest(row)
        if (read.kind === 'read') return read.value
        reader.quarantine(table.tableName, row, read)
        return null
      })
    },
    append: (digest) => append(table, timeoutMs, digest),
  }
}

async function append(table: TableClient, timeoutMs: number, digest: SignedDigest): Promise<'saved' | 'conflict'> {
  checkName('environment', digest.environment)
  try {
    await table.createEntity(writeDigest(digest), { abortSignal: AbortSignal.timeout(timeoutMs) })
    return 'saved'
  } catch (error) {
    if (refusal(error)?.code === 'EntityAlreadyExists') return 'conflict'
    return throwFault(error, `storing digest ${digest.number} of ${digest.environment}`)
  }
}

function writeDigest(digest: SignedDigest): Written {
  const { environment, number, at, heads, hash, signature } = digest
  const columns = { number, at, chains: heads.length, hash, keyId: signature.keyId }
  return writeRow(environment, digestRowKey(number), columns, digest)
}

/** Whether it can be shown and checked; what it says is for whoever checks it. */
export function readDigest(row: Row): Read<SignedDigest> {
  const read = readRow(row)
  if (read.kind === 'unreadable') return read
  const { environment, number, at, heads, previousHash, hash, signature } = read.value as Partial<SignedDigest>
  const texts = [environment, at, previousHash, hash, signature?.algorithm, signature?.keyId, signature?.value]
  const isWhole = texts.every((text) => typeof text === 'string') && Number.isSafeInteger(number)
  const isDigest = isWhole && Array.isArray(heads) && heads.every(isHead)
  return isDigest ? { kind: 'read', value: read.value as unknown as SignedDigest } : unreadable('it is no digest')
}

/** Whether a value says where a chain stood. */
export function isHead(value: unknown): boolean {
  const { entityId, seq, hash } = Object(value) as Partial<SignedDigest['heads'][number]>
  return typeof entityId === 'string' && Number.isSafeInteger(seq) && typeof hash === 'string'
}
