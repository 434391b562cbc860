import type { AccessLog } from './access-log.ts'

/** One question to the access log: the requests of `revision` with `from` ≤ TimeGenerated < `to` (epoch milliseconds). */
export interface Ask {
  readonly id: string
  readonly revision: string
  readonly from: number
  readonly to: number
  readonly slowMs: number
  /** 0–100. */
  readonly percentile: number
}

/** A table as the query service sends it. */
export interface Table {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
}

const COLUMNS = [
  { name: 'id', type: 'string' },
  { name: 'total', type: 'long' },
  { name: 'errors', type: 'long' },
  { name: 'slow', type: 'long' },
  { name: 'quantile', type: 'real' },
  { name: 'newest', type: 'datetime' },
]

/**
 * What `summarize … by id, EnvironmentName` makes of the asks: one row per ask and environment that had requests.
 * Only rows with `from` ≤ TimeGenerated < `until` are seen, whatever an ask says.
 */
export function answerAsks(log: AccessLog, asks: readonly Ask[], from: number, until: number): Table {
  const rows = asks.flatMap((ask) => {
    const found = gather(log, ask, Math.max(ask.from, from), Math.min(ask.to, until))
    return [...found.values()].map((sum) => [
      ask.id,
      sum.durations.length,
      sum.errors,
      sum.slow,
      nearestRank(sum.durations, ask.percentile),
      new Date(sum.newest).toISOString(),
    ])
  })
  return { name: 'PrimaryResult', columns: COLUMNS, rows }
}

interface Sum {
  readonly durations: number[]
  errors: number
  slow: number
  newest: number
}

function gather(log: AccessLog, ask: Ask, from: number, to: number): Map<string, Sum> {
  const sums = new Map<string, Sum>()
  log.scan(from, to, (record) => {
    if (record.RevisionName !== ask.revision) return
    const sum = sums.get(record.EnvironmentName) ?? { durations: [], errors: 0, slow: 0, newest: 0 }
    sums.set(record.EnvironmentName, sum)
    sum.durations.push(record.RequestDuration)
    if (record.StatusCode >= 500 || record.StatusCode === 0) sum.errors++
    if (record.RequestDuration > ask.slowMs) sum.slow++
    sum.newest = record.TimeGenerated
  })
  return sums
}

/** Smallest value that at least `percentile` percent of the values do not exceed, which is what Kusto calls a percentile. */
function nearestRank(values: readonly number[], percentile: number): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((percentile / 100) * sorted.length))
  return sorted[Math.min(rank, sorted.length) - 1] ?? null
}

/** Reads the asks out of JSON. Throws RangeError that says what is wrong with which ask. */
export function readAsks(json: string): readonly Ask[] {
  const list: unknown = parsed(json)
  if (!Array.isArray(list)) throw new RangeError('asks must be a JSON array')
  return list.map((entry: unknown, index) => {
    const ask = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>
    const { id, revision, slowMs, percentile } = ask
    const [from, to] = [timeOf(ask.from), timeOf(ask.to)]
    if (typeof id !== 'string' || typeof revision !== 'string')
      throw new RangeError(`ask ${index} lacks id or revision`)
    if (from === null || to === null) throw new RangeError(`ask ${index} (${id}) has no ISO time in from or to`)
    if (typeof slowMs !== 'number' || typeof percentile !== 'number' || !(percentile >= 0 && percentile <= 100)) {
      throw new RangeError(`ask ${index} (${id}) needs slowMs and a percentile of 0 to 100 as numbers`)
    }
    return { id, revision, from, to, slowMs, percentile }
  })
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new RangeError('asks is not JSON', { cause })
  }
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : time
}
