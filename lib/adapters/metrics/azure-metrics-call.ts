import { bounded, type CallBounds } from './azure-bounds.ts'
import { type Answered, readAnswer } from './azure-metrics-answer.ts'
import type { Trouble } from './azure-metrics-plan.ts'
import { METRICS_NAMESPACE, type MetricsRequest, TOP } from './azure-metrics-request.ts'
import { troubleOf } from './azure-metrics-trouble.ts'

/** The one method of the SDK's MetricsClient that is used here; declared so that loading this file loads no SDK. */
export interface MetricsClient {
  queryResources(
    resourceIds: string[],
    metricNames: string[],
    metricNamespace: string,
    options: CallBounds & {
      startTime: Date
      endTime: Date
      interval: string
      aggregation: string
      top: number
      filter: string
    },
  ): Promise<unknown>
}

/** How Azure Monitor is asked; `timeoutMs` is the longest wait for one answer. */
export interface MetricsCaller {
  /** The client for one regional endpoint, e.g. `https://westeurope.metrics.monitor.azure.com`. */
  readonly clientFor: (endpoint: string) => MetricsClient
  readonly timeoutMs: number
}

/** Sends one request and answers per resource id, or says why there is no answer; never throws. */
export async function send(
  { clientFor, timeoutMs }: MetricsCaller,
  request: MetricsRequest,
): Promise<Answered | Trouble> {
  const { endpoint, resourceIds, metric, aggregation, filter } = request
  const window = { startTime: new Date(request.from), endTime: new Date(request.to), interval: 'PT1M' }
  const options = { ...window, aggregation, top: TOP, filter }
  try {
    const client = clientFor(endpoint)
    const call = (bounds: CallBounds) =>
      client.queryResources([...resourceIds], [metric], METRICS_NAMESPACE, { ...options, ...bounds })
    return readAnswer(await bounded(call, timeoutMs), request)
  } catch (error) {
    return troubleOf(error, request.subscriptionId)
  }
}
