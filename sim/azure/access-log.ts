/**
 * One request, as the ingress logs it: the columns of `ContainerAppHTTPLogs`, with times in epoch milliseconds.
 * https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerapphttplogs
 */
export interface AccessRecord {
  /** When the request had ended and the row was written. */
  readonly TimeGenerated: number
  readonly StartTime: number
  readonly ContainerAppName: string
  readonly RevisionName: string
  readonly ReplicaName: string
  readonly EnvironmentName: string
  /** Of the environment, in small letters. */
  readonly _ResourceId: string
  readonly Method: string
  /** With its query. */
  readonly Path: string
  readonly Authority: string
  readonly Protocol: string
  /** 0: the client left before there was a response. */
  readonly StatusCode: number
  /** Whole milliseconds. */
  readonly RequestDuration: number
  /** Envoy's words, e.g. `UH` (no healthy upstream), `UT` (upstream time-out), `NR` (no route), `DC` (client left). */
  readonly ResponseFlags: string
  readonly ResponseCodeDetails: string
  readonly UpstreamRequestAttemptCount: number
  readonly UpstreamHost: string
  readonly BytesSent: number
  readonly BytesReceived: number
  readonly RequestId: string
  readonly ConnectionId: string
  readonly UserAgent: string
  readonly XForwardedFor: string
}

/** The newest requests of an environment, ordered by `TimeGenerated`. */
export interface AccessLog {
  /** Adds a record. One that is older than the newest (a clock was set back) gets the newest's time. */
  append(record: AccessRecord): void
  /** Calls `visit` for every kept record with `from` ≤ TimeGenerated < `to`, oldest first. */
  scan(from: number, to: number, visit: (record: AccessRecord) => void): void
  /** How many records are kept. */
  size(): number
}

/** A log that keeps the newest `capacity` records; older ones are forgotten. Finding a window costs O(log capacity). */
export function createAccessLog(capacity = 200_000): AccessLog {
  if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`capacity must be at least 1, not ${capacity}`)
  const ring: AccessRecord[] = []
  let oldest = 0
  const at = (index: number): AccessRecord => ring[(oldest + index) % ring.length] as AccessRecord
  const append = (record: AccessRecord) => {
    const newest = ring.length === 0 ? record.TimeGenerated : at(ring.length - 1).TimeGenerated
    const kept = record.TimeGenerated < newest ? { ...record, TimeGenerated: newest } : record
    if (ring.length < capacity) ring.push(kept)
    else {
      ring[oldest] = kept
      oldest = (oldest + 1) % capacity
    }
  }
  const scan = (from: number, to: number, visit: (record: AccessRecord) => void) => {
    const size = ring.length
    for (let index = firstAtOrAfter(from, size, at); index < size; index++) {
      const record = at(index)
      if (record.TimeGenerated >= to) return
      visit(record)
    }
  }
  return { append, scan, size: () => ring.length }
}

function firstAtOrAfter(time: number, size: number, at: (index: number) => AccessRecord): number {
  let low = 0
  let high = size
  while (low < high) {
    const middle = (low + high) >>> 1
    if (at(middle).TimeGenerated < time) low = middle + 1
    else high = middle
  }
  return low
}
