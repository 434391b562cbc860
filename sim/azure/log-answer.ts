import type { AccessLog } from './access-log.ts'
import { type AppRequest, scanRequests } from './app-requests.ts'
import type { Ask } from './log-asks.ts'

/** A table as the query service sends it. */
export interface Table {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
}

/** What of a workspace can be seen: rows with `from` ≤ TimeGenerated < `to` that were written before `written`. */
export interface Sight {
  readonly from: number
  readonly to: number
  readonly written: number
}

const COLUMNS = [
  { name: 'id', type: 'string' },
  { name: 'bucket', type: 'datetime' },
  { name: 'origin', type: 'string' },
  ...['total', 'errors', 'timed', 'slow'].map((name) => ({ name, type: 'long' })),
]
const WEIGHTS = ['weighted', 'weightedErrors', 'weightedTimed', 'weightedSlow'].map((name) => ({ name, type: 'long' }))

/** What the text over `ContainerAppHTTPLogs` makes of the asks: a row per ask, bucket and environment (its resource) with requests. */
export function answerAccessLog(log: AccessLog, asks: readonly Ask[], sight: Sight): Table {
  const sums = new Map<string, Sum>()
  log.scan(sight.from, Math.min(sight.to, sight.written), (record) => {
    const { TimeGenerated: time, StatusCode: status } = record
    for (const ask of asks) {
      if (ask.revision !== record.RevisionName || time < ask.from || time >= ask.to) continue
      const isError = status >= 500 || status === 0 || ask.alsoBad.includes(`,${status},`)
      add(sums, ask, { time, origin: record._ResourceId, isError, duration: record.RequestDuration, weight: 1 })
    }
  })
  return { name: 'PrimaryResult', columns: COLUMNS, rows: [...sums.values()].map(countsOf) }
}

/** What the text over `AppRequests` makes of the asks: a row per ask, bucket and resource with requests. */
export function answerRequests(log: AccessLog, asks: readonly Ask[], sight: Sight, oneIn: number): Table {
  const sums = new Map<string, Sum>()
  // A request that began in sight has not ended before.
  scanRequests(log, { from: sight.from, until: sight.written, oneIn }, (row) => {
    const { TimeGenerated: time, DurationMs: duration, ItemCount: weight, _ResourceId: origin } = row
    if (time < sight.from || time >= sight.to) return
    const status = /^\s*-?\d+\s*$/.test(row.ResultCode) ? Number(row.ResultCode) : 0
    for (const ask of asks) {
      if (ask.revision !== revisionOf(row, ask.dimension) || time < ask.from || time >= ask.to) continue
      const isError = status >= 500 || (status < 100 && !row.Success) || ask.alsoBad.includes(`,${status},`)
      add(sums, ask, { time, origin, isError, duration, weight })
    }
  })
  const rows = [...sums.values()].map((sum) => [...countsOf(sum), ...weightsOf(sum)])
  return { name: 'PrimaryResult', columns: [...COLUMNS, ...WEIGHTS], rows }
}

/** A request as an ask sees it. */
interface Seen {
  readonly time: number
  readonly origin: string
  readonly isError: boolean
  readonly duration: number
  readonly weight: number
}

interface Sum {
  readonly id: string
  readonly bucket: number
  readonly origin: string
  total: number
  errors: number
  slow: number
  weight: number
  errorWeight: number
  slowWeight: number
}

function add(sums: Map<string, Sum>, ask: Ask, { time, origin, isError, duration, weight }: Seen): void {
  const bucket = ask.from + Math.floor((time - ask.from) / ask.bucketMs) * ask.bucketMs
  const key = JSON.stringify([ask.id, bucket, origin])
  const none = { total: 0, errors: 0, slow: 0, weight: 0, errorWeight: 0, slowWeight: 0 }
  const sum = sums.get(key) ?? { id: ask.id, bucket, origin, ...none }
  sums.set(key, sum)
  const isSlow = duration > ask.slowMs
  sum.total++
  sum.weight += weight
  if (isError) sum.errors++
  if (isError) sum.errorWeight += weight
  if (isSlow) sum.slow++
  if (isSlow) sum.slowWeight += weight
}

/** Every request of the log has a duration, so all of them are timed. */
function countsOf({ id, bucket, origin, total, errors, slow }: Sum): readonly unknown[] {
  return [id, new Date(bucket).toISOString(), origin, total, errors, total, slow]
}

function weightsOf({ weight, errorWeight, slowWeight }: Sum): readonly number[] {
  return [weight, errorWeight, weight, slowWeight]
}

/** The custom dimension where one is named, else the role instance without its last two parts; empty where it has none. */
function revisionOf(row: AppRequest, dimension: string): string {
  if (dimension !== '') return row.Properties[dimension] ?? ''
  return /^(.+)-[^-]+-[^-]+$/.exec(row.AppRoleInstance)?.[1] ?? ''
}
