import type { TableClient } from '@azure/data-tables'
import type { Loaded } from '../../ports.ts'
import { readRollout, readService } from './table-codec.ts'
import type { Token } from './table-commit.ts'
import { refusal, throwFault } from './table-faults.ts'
import { isName, rolloutRowKey, serviceRowKey } from './table-keys.ts'
import type { Row } from './table-rows.ts'

/** Requests in flight at once: a hundred services are read in a blink without tripping over Table Storage's limits. */
const AT_ONCE = 16
/** How often a service is read again when a newer rollout began between the two reads. */
const MOST_READS = 3

/** What reading services needs: the state table, a time limit per request, and whom to tell of unreadable rows. */
export interface Reader {
  readonly table: TableClient
  readonly timeoutMs: number
  readonly quarantine: (
    table: string,
    row: { readonly partitionKey?: string; readonly rowKey?: string },
    why: string,
  ) => void
}

/** The named services with their newest rollouts, in the order of `names`; unknown and unreadable ones are left out. Throws Fault. */
export async function loadServices(
  reader: Reader,
  environment: string,
  names: readonly string[],
): Promise<readonly Loaded[]> {
  const found: (Loaded | null)[] = names.map(() => null)
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < names.length) {
      const index = next
      next += 1
      found[index] = await loadService(reader, environment, names[index] as string)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, lane))
  return found.filter((loaded) => loaded !== null)
}

async function loadService(reader: Reader, environment: string, name: string): Promise<Loaded | null> {
  if (!isName(name) || !isName(environment)) return null
  for (let reads = 0; ; reads += 1) {
    const loaded = await readOnce(reader, environment, name, reads === MOST_READS - 1)
    if (loaded !== 'stale') return loaded
  }
}

/** Reads the service, then the rollout it names; `stale` where that rollout turns out not to be the newest any more. */
async function readOnce(
  reader: Reader,
  environment: string,
  name: string,
  last: boolean,
): Promise<Loaded | null | 'stale'> {
  const row = await readRowOf(reader, environment, serviceRowKey(name))
  if (row === null) return null
  const read = readService(row)
  if (read.kind === 'unreadable') return setAside(reader, row, read.why)
  const service = read.value
  const seen = { etag: row.etag, seq: service.chain.seq }
  if (service.rolloutNumber === 0) {
    return { service, rollout: null, token: { service: seen, rollout: null } satisfies Token }
  }
  const keys = { partitionKey: environment, rowKey: rolloutRowKey(name, service.rolloutNumber) }
  const rolloutRow = await readRowOf(reader, keys.partitionKey, keys.rowKey)
  if (rolloutRow === null) return setAside(reader, keys, 'the rollout that its service names is missing')
  const rollout = readRollout(rolloutRow)
  if (rollout.kind === 'unreadable') return setAside(reader, rolloutRow, rollout.why)
  if (!rollout.value.current)
    return last ? setAside(reader, keys, 'it is closed, yet its service calls it the newest') : 'stale'
  const token: Token = {
    service: seen,
    rollout: { etag: rolloutRow.etag, number: service.rolloutNumber, due: rollout.value.due },
  }
  return { service, rollout: rollout.value.rollout, token }
}

function setAside(
  reader: Reader,
  row: { readonly partitionKey?: string; readonly rowKey?: string },
  why: string,
): null {
  reader.quarantine(reader.table.tableName, row, why)
  return null
}

/** One row by its keys, or null where there is none. Throws Fault. */
export async function readRowOf(
  { table, timeoutMs }: Pick<Reader, 'table' | 'timeoutMs'>,
  partitionKey: string,
  rowKey: string,
): Promise<Row | null> {
  try {
    const abortSignal = AbortSignal.timeout(timeoutMs)
    return await table.getEntity<Record<string, unknown>>(partitionKey, rowKey, { abortSignal })
  } catch (error) {
    const said = refusal(error)
    if (said?.status === 404 && said.code !== 'TableNotFound') return null
    return throwFault(error, `reading ${partitionKey}/${rowKey}`)
  }
}
