import type { Query, Reading } from '../../core/judge/reading.ts'
import type { Metrics } from '../../ports.ts'
import { type Ask, createAsk } from './azure-metrics-ask.ts'
import type { MetricsClient } from './azure-metrics-call.ts'
import { countRequests } from './azure-metrics-count.ts'
import {
  aloneWith,
  cannotMeasure,
  cannotPlace,
  type Group,
  groupSubjects,
  requestsOf,
  resourceId,
} from './azure-metrics-plan.ts'
import { METRICS_ENDPOINT, requestText } from './azure-metrics-request.ts'
import { missing } from './missing.ts'

export interface AzureMetricsOptions {
  /** The client for one regional endpoint; asked once per call, so it should keep its clients. */
  readonly clientFor: (endpoint: string) => MetricsClient
  /** Where a region is asked; `{region}`, where it occurs, stands for its name. Default METRICS_ENDPOINT. */
  readonly endpoint?: string
  /** The longest wait for one answer, and for all that a refused call leads to; default 30,000 ms. */
  readonly timeoutMs?: number
}

/**
 * Metrics from Azure Monitor's platform metric `Requests`: one call per read, region, subscription and fifty apps, and
 * another for windows of more than three hours; up to eight more where Azure refuses one, as `createAsk` says. Counts are exact, but the newest minutes may be incomplete. It knows
 * errors and uptime of a revision in whole minutes and refuses everything else. What silence means stands at
 * `countRequests`. Never throws: whatever goes wrong becomes `missing`.
 */
export function createAzureMetrics(options: AzureMetricsOptions): Metrics {
  const { clientFor, endpoint = METRICS_ENDPOINT, timeoutMs = 30_000 } = options
  const ask = createAsk({ clientFor, timeoutMs })
  return {
    async read(queries) {
      const readings = new Map<Query, Reading>()
      const asked: Query[] = []
      for (const query of queries) {
        const trouble = cannotMeasure(query) ?? cannotPlace(query)
        if (trouble === null) asked.push(query)
        else readings.set(query, missing(query.id, trouble.silence, trouble.why, ''))
      }
      const groups = groupSubjects(asked, endpoint)
      const answers = await Promise.all(groups.map((group) => readGroup(ask, group)))
      for (const [query, reading] of answers.flat()) readings.set(query, reading)
      return queries.map((query) => readings.get(query) ?? missing(query.id, 'malformed', 'was not asked', ''))
    },
  }
}

async function readGroup(ask: Ask, group: Group<Query>): Promise<readonly (readonly [Query, Reading])[]> {
  const answered = await ask(requestsOf(group))
  return group.subjects.map((query) => {
    const id = resourceId(query.target)
    const text = requestText(requestsOf(aloneWith(query, group)))
    const app = answered.get(id) ?? { silence: 'partial', why: 'Azure Monitor gave no answer' }
    const counted = 'silence' in app ? app : countRequests(query, group.apps.get(id) ?? [], app)
    if ('silence' in counted) return [query, missing(query.id, counted.silence, counted.why, text)] as const
    const { buckets, gaps } = counted
    const note = gaps === 0 ? null : noteOn(gaps, query)
    return [query, { id: query.id, kind: 'measured', buckets, quality: 'exact', query: text, note }] as const
  })
}

function noteOn(gaps: number, { target }: Query): string {
  const minutes = gaps === 1 ? '1 minute is' : `${gaps} minutes are`
  return `${minutes} left out: Azure Monitor shows no request to ${target.app} in them, which may be silence or missing data`
}
