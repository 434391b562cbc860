import type { Silence } from '../../core/judge/reading.ts'
import type { Answered, Series } from './azure-metrics-answer.ts'
import { createAsk } from './azure-metrics-ask.ts'
import type { MetricsClient } from './azure-metrics-call.ts'
import { cannotPlace, type Group, groupSubjects, resourceId, type Subject } from './azure-metrics-plan.ts'
import { filterFor, METRICS_ENDPOINT, type MetricsRequest } from './azure-metrics-request.ts'

/** How often the replicas of one revision were restarted in the window asked about, or why that is not known. */
export type Restarts =
  | { readonly kind: 'counted'; readonly restarts: number }
  | { readonly kind: 'missing'; readonly silence: Silence; readonly why: string }

/**
 * Counts restarts with Azure Monitor's metric `RestartCount`, one answer per subject, in order; never throws. It has no
 * status codes, so it cannot share a call with `Requests`: one call more per region, subscription and fifty apps.
 *
 * The count is a lower bound: the metric is cumulative per replica, and only what it grows by within the window is counted,
 * so restarts before a replica's first figure are not seen. No figure at all counts as no restart known: 0.
 */
export function createAzureRestarts(options: {
  readonly clientFor: (endpoint: string) => MetricsClient
  readonly endpoint?: string
  readonly timeoutMs?: number
}): (subjects: readonly Subject[]) => Promise<readonly Restarts[]> {
  const { clientFor, endpoint = METRICS_ENDPOINT, timeoutMs = 30_000 } = options
  const ask = createAsk({ clientFor, timeoutMs })
  return async (subjects) => {
    const placed = subjects.filter((subject) => cannotPlace(subject) === null)
    const groups = groupSubjects(placed, endpoint)
    const counted = groups.map(async (group) => {
      const answered = await ask(restartsOf(group))
      return group.subjects.map((subject) => [subject, restartsIn(answered, subject)] as const)
    })
    const counts = new Map((await Promise.all(counted)).flat())
    return subjects.map((subject) => counts.get(subject) ?? { kind: 'missing', ...(cannotPlace(subject) ?? NO_ANSWER) })
  }
}

function restartsIn(answered: Answered, subject: Subject): Restarts {
  const app = answered.get(resourceId(subject.target)) ?? NO_ANSWER
  return 'silence' in app ? { kind: 'missing', ...app } : grownBy(subject, app)
}

const NO_ANSWER = { silence: 'partial', why: 'Azure Monitor gave no answer' } as const

function restartsOf({ endpoint, subscriptionId, apps, subjects }: Group<Subject>): MetricsRequest {
  return {
    endpoint,
    subscriptionId,
    resourceIds: [...apps.keys()],
    metric: 'RestartCount',
    aggregation: 'Maximum',
    filter: filterFor([...apps.values()].flat(), ['podName']),
    from: Math.min(...subjects.map(({ from }) => from)),
    to: Math.max(...subjects.map(({ to }) => to)),
  }
}

/** An unfinished minute may say 0 after higher figures: only growth counts. */
function grownBy({ revision, from, to }: Subject, app: readonly Series[]): Restarts {
  const own = app.filter(({ dimensions }) => dimensions.get('revisionname')?.toLowerCase() === revision.toLowerCase())
  const growths = own.map(({ points }) => {
    const figures = [...points].filter(([at]) => at >= from && at < to).sort(([a], [b]) => a - b)
    return Math.max(0, ...figures.map(([, figure]) => figure)) - (figures[0]?.[1] ?? 0)
  })
  return { kind: 'counted', restarts: growths.reduce((sum, growth) => sum + growth, 0) }
}
