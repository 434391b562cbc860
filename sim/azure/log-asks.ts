/** One question to a table of requests: those of `revision` with `from` ≤ TimeGenerated < `to` (epoch milliseconds). */
export interface Ask {
  readonly id: string
  readonly revision: string
  /** Custom dimension that holds the revision; empty = it stands where the table has it anyway. */
  readonly dimension: string
  readonly from: number
  readonly to: number
  readonly bucketMs: number
  readonly slowMs: number
  /** Statuses between commas. */
  readonly alsoBad: string
}

/** Reads the asks out of JSON. Throws RangeError that says what is wrong with which ask. */
export function readAsks(json: string): readonly Ask[] {
  const list: unknown = parsed(json)
  if (!Array.isArray(list)) throw new RangeError('asks must be a JSON array')
  return list.map((entry: unknown, index) => {
    const ask = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>
    const { id, revision, bucketMs, slowMs, alsoBad, dimension = '' } = ask
    const [from, to] = [timeOf(ask.from), timeOf(ask.to)]
    if (typeof id !== 'string' || typeof revision !== 'string')
      throw new RangeError(`ask ${index} lacks id or revision`)
    if (from === null || to === null) throw new RangeError(`ask ${index} (${id}) has no ISO time in from or to`)
    if (typeof bucketMs !== 'number' || !Number.isInteger(bucketMs) || bucketMs < 1 || typeof slowMs !== 'number') {
      throw new RangeError(`ask ${index} (${id}) needs bucketMs (whole, above 0) and slowMs as numbers`)
    }
    if (typeof alsoBad !== 'string' || typeof dimension !== 'string')
      throw new RangeError(`ask ${index} (${id}) needs alsoBad, and dimension where it has one, as text`)
    return { id, revision, dimension, from, to, bucketMs, slowMs, alsoBad }
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
