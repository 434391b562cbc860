import type { TableClient } from '@azure/data-tables'
import type { Rollout } from '../../core/rollout.ts'
import type { ServiceKey } from '../../core/service.ts'
import type { Loaded } from '../../ports.ts'
import { readRollout, readService } from './table-codec.ts'
import type { Token } from './table-commit.ts'
import { refusal, throwFault } from './table-faults.ts'
import { readJudge } from './table-judge.ts'
import { isName, judgeRowKey, newestRange, rolloutRowKey, serviceRowKey } from './table-keys.ts'
import { inPartition, readAll } from './table-pages.ts'
import type { Row, Unreadable } from './table-rows.ts'

/** Requests in flight at once: a hundred services are read in a blink without tripping over Table Storage's limits. */
const AT_ONCE = 16
/** How often a service is read again when a newer rollout began between the two reads. */
const MOST_READS = 3

/** What reading services needs: the state table, a time limit per request, and whom to tell of unreadable rows (`holds`: their service is left out). */
export interface Reader {
  readonly table: TableClient
  readonly timeoutMs: number
  readonly quarantine: (
    table: string,
    row: { readonly partitionKey?: string; readonly rowKey?: string },
    wrong: string | Unreadable,
    holds?: boolean,
  ) => void
}

/**
 * The named services with their newest rollouts and what the judge remembers of them, in the order of `names`; unknown ones
 * are left out, and so are those of which a row is unreadable. Two requests per service, one after the other. Throws Fault.
 */
export async function loadServices(
  reader: Reader,
  environment: string,
  names: readonly string[],
): Promise<readonly Loaded[]> {
  const found = await inLanes(names, (name) => loadService(reader, environment, name))
  return found.filter((loaded) => loaded !== null)
}

/** Asks for every item, sixteen at a time; the answers in the order of the items. */
export async function inLanes<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next
      next += 1
      answers[index] = await ask(items[index] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane))
  return answers
}

async function loadService(reader: Reader, environment: string, name: string): Promise<Loaded | null> {
  if (!isName(name) || !isName(environment)) return null
  for (let reads = 0; ; reads += 1) {
    const loaded = await readOnce(reader, environment, name, reads === MOST_READS - 1)
    if (loaded !== 'stale') return loaded
  }
}

/** Reads the service, then its rollout with the judge's state; `stale` where these turn out not to go together. */
async function readOnce(
  reader: Reader,
  environment: string,
  name: string,
  last: boolean,
): Promise<Loaded | null | 'stale'> {
  const row = await readRowOf(reader, environment, serviceRowKey(name))
  if (row === null) return null
  const read = readService(row)
  if (read.kind === 'unreadable') return setAside(reader, row, read)
  const service = read.value
  const seen = { etag: row.etag, seq: service.chain.seq }
  if (service.rolloutNumber === 0) {
    return { service, rollout: null, judge: null, token: { service: seen, rollout: null } satisfies Token }
  }
  const newest = await readNewest(reader, service.key, service.rolloutNumber, last)
  if (newest === null || newest === 'stale') return newest
  const { rollout, judge, ...stands } = newest
  return { service, rollout, judge, token: { service: seen, rollout: stands } satisfies Token }
}

type Newest = Pick<Loaded, 'judge'> & { readonly rollout: Rollout } & NonNullable<Token['rollout']>

/**
 * Reads rollout and judge with one query, because within a partition Table Storage answers a query from one moment. Two
 * reads side by side would now and then pair a new rollout with the judge's state before it, and store that as the newest.
 */
async function readNewest(
  reader: Reader,
  key: ServiceKey,
  number: number,
  last: boolean,
): Promise<Newest | null | 'stale'> {
  const rows = await readAll(inPartition(reader, key.environment, newestRange(key.name, number), 'a rollout'))
  const keys = { partitionKey: key.environment, rowKey: rolloutRowKey(key.name, number) }
  const row = rows.find(({ rowKey }) => rowKey === keys.rowKey)
  if (row === undefined) return setAside(reader, keys, 'the rollout that its service names is missing')
  const read = readRollout(row)
  if (read.kind === 'unreadable') return setAside(reader, row, read)
  const { rollout, due, current, judged } = read.value
  if (!current) return last ? setAside(reader, keys, 'it is closed, yet its service calls it the newest') : 'stale'
  const judgeKeys = { ...keys, rowKey: judgeRowKey(key.name, number) }
  const judgeRow = rows.find(({ rowKey }) => rowKey === judgeKeys.rowKey)
  const judge = judgeRow === undefined ? null : readJudge(judgeRow, rollout.id)
  if (judge?.kind === 'unreadable') return setAside(reader, judgeKeys, judge)
  const stored = judge?.value.judged ?? 0
  if (stored !== judged)
    return last ? setAside(reader, judgeKeys, `stored ${stored} times, its rollout says ${judged}`) : 'stale'
  return { rollout, judge: judge?.value.judge ?? null, etag: row.etag, number, due, judged }
}

function setAside(
  reader: Reader,
  row: { readonly partitionKey?: string; readonly rowKey?: string },
  wrong: string | Unreadable,
): null {
  reader.quarantine(reader.table.tableName, row, wrong, true)
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
