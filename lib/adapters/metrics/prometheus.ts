import type { Query, Reading } from '../../core/judge/verdict.ts'
import type { Metrics } from '../../ports.ts'
import { missing } from './missing.ts'
import { figuresOf } from './prometheus-answer.ts'
import { queryPrometheus } from './prometheus-call.ts'
import { cannotName, type Increase, increaseText } from './promql.ts'

export interface PrometheusOptions {
  /** The base URL of the Prometheus server of one of Slipway's environments, or null where none is set. */
  readonly urlOf: (environment: string) => string | null
  readonly fetch?: typeof fetch
  /** The longest wait for one answer, default 10,000 ms. */
  readonly timeoutMs?: number
}

/** Queries that one PromQL text answers. */
interface Group {
  readonly baseUrl: string
  readonly increase: Increase
  readonly queries: readonly Query[]
}

/** So many revisions go into one text that even long histograms stay far below the limit of an answer. */
const MAX_REVISIONS = 50

/**
 * Metrics from Prometheus' HTTP API: one instant query per server, kind of KPI, metric names and window, for all
 * revisions at once. Counts rest on `increase()`: extrapolated, so a little off on short windows; and what a series held
 * when it was first scraped is not counted, because Prometheus cannot know when it happened. Never throws.
 */
export function createPrometheus(options: PrometheusOptions): Metrics {
  return {
    async read(queries) {
      const readings = new Map<Query, Reading>()
      const groups = new Map<string, Group>()
      for (const query of queries) {
        const placed = place(query, options.urlOf)
        if (typeof placed === 'string') readings.set(query, missing(query.id, placed, ''))
        else join(groups, placed)
      }
      const answers = await Promise.all([...groups.values()].flatMap(split).map((group) => readGroup(group, options)))
      for (const [query, reading] of answers.flat()) readings.set(query, reading)
      return queries.map((query) => readings.get(query) ?? missing(query.id, 'was not asked', ''))
    },
  }
}

function place(query: Query, urlOf: (environment: string) => string | null): Group | string {
  const { kpi, from, to, environment } = query
  if (kpi.prometheus === null) return `KPI ${kpi.name} does not say how its metrics are named in Prometheus`
  const why = cannotName(kpi.prometheus)
  if (why !== null) return why
  if (!(Number.isFinite(from) && Number.isFinite(to) && to - from >= 1))
    return `the window [${from}, ${to}) is empty or no time`
  const baseUrl = urlOf(environment)
  if (baseUrl === null)
    return `no Prometheus is set for environment ${environment}: add prometheusUrl to it in SLIPWAY_ENVIRONMENTS`
  return { baseUrl, increase: { kind: kpi.kind, names: kpi.prometheus, from, to }, queries: [query] }
}

function join(groups: Map<string, Group>, placed: Group): void {
  const key = `${placed.baseUrl} ${increaseText(placed.increase, [])}`
  groups.set(key, { ...placed, queries: [...(groups.get(key)?.queries ?? []), ...placed.queries] })
}

function split(group: Group): readonly Group[] {
  const parts: Group[] = []
  for (let start = 0; start < group.queries.length; start += MAX_REVISIONS) {
    parts.push({ ...group, queries: group.queries.slice(start, start + MAX_REVISIONS) })
  }
  return parts
}

async function readGroup(group: Group, options: PrometheusOptions): Promise<readonly (readonly [Query, Reading])[]> {
  const { baseUrl, increase, queries } = group
  const revisions = [...new Set(queries.map((query) => query.revision))]
  const text = increaseText(increase, revisions)
  const { fetch: send = fetch, timeoutMs = 10_000 } = options
  const samples = await queryPrometheus({ baseUrl, text, at: increase.to, timeoutMs, fetch: send })
  return queries.map((query) => {
    const alone = increaseText(increase, [query.revision])
    const figures = typeof samples === 'string' ? samples : figuresOf(query, increase.names, samples)
    return [query, toReading(query.id, figures, alone)] as const
  })
}

function toReading(id: string, figures: ReturnType<typeof figuresOf>, query: string): Reading {
  return typeof figures === 'string' ? missing(id, figures, query) : { id, kind: 'measured', query, ...figures }
}
