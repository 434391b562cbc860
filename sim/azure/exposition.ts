/** The two labels that tell whose figures these are. */
export interface Owner {
  readonly service: string
  readonly revision: string
}

/** Requests of one program since it started, as its Prometheus client counts them. */
export interface RequestMeter {
  /** Counts one answer. */
  count(status: number, durationS: number): void
  /** The Prometheus text format, version 0.0.4. A status class that was never seen has no series. */
  exposition(): string
}

/** Content type of the Prometheus text format. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Upper bounds of the histogram in seconds, with one on the usual limit of 200 ms. */
const BOUNDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10]

/** Counts from zero, under the metric names that the FastAPI instrumentator uses, with status classes (`2xx`). */
export function createRequestMeter(owner: Owner): RequestMeter {
  const byStatus = new Map<string, number>()
  const buckets = BOUNDS.map(() => 0)
  let total = 0
  let sumS = 0
  return {
    count: (status, durationS) => {
      const group = `${Math.floor(status / 100)}xx`
      byStatus.set(group, (byStatus.get(group) ?? 0) + 1)
      const bucket = BOUNDS.findIndex((bound) => durationS <= bound)
      if (bucket >= 0) buckets[bucket] = (buckets[bucket] ?? 0) + 1
      total++
      sumS += durationS
    },
    exposition: () => write(owner, byStatus, buckets, total, sumS),
  }
}

function write(
  owner: Owner,
  byStatus: ReadonlyMap<string, number>,
  buckets: readonly number[],
  total: number,
  sumS: number,
): string {
  const labels = `service="${owner.service}",revision="${owner.revision}"`
  const lines = ['# HELP http_requests_total Total number of requests.', '# TYPE http_requests_total counter']
  for (const [status, count] of byStatus) lines.push(`http_requests_total{${labels},status="${status}"} ${count}`)
  lines.push('# HELP http_request_duration_seconds Duration of requests.')
  lines.push('# TYPE http_request_duration_seconds histogram')
  let below = 0
  for (const [index, bound] of BOUNDS.entries()) {
    below += buckets[index] ?? 0
    lines.push(`http_request_duration_seconds_bucket{${labels},le="${bound}"} ${below}`)
  }
  lines.push(`http_request_duration_seconds_bucket{${labels},le="+Inf"} ${total}`)
  lines.push(`http_request_duration_seconds_sum{${labels}} ${sumS}`)
  lines.push(`http_request_duration_seconds_count{${labels}} ${total}`)
  return `${lines.join('\n')}\n`
}
