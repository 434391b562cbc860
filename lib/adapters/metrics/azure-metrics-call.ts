import { type Answered, readAnswer } from './azure-metrics-answer.ts'
import type { Trouble } from './azure-metrics-plan.ts'
import { METRICS_NAMESPACE, type MetricsRequest, TOP } from './azure-metrics-request.ts'
import { troubleOf } from './azure-metrics-trouble.ts'
import { within } from './within.ts'

/** The one method of the SDK's MetricsClient that is used here; declared so that loading this file loads no SDK. */
export interface MetricsClient {
  queryResources(
    resourceIds: string[],
    metricNames: string[],
    metricNamespace: string,
    options: {
      startTime: Date
      endTime: Date
      interval: string
      aggregation: string
      top: number
      filter: string
      requestOptions: { timeout: number }
    },
  ): Promise<unknown>
}

/** How Azure Monitor is asked; `timeoutMs` is the longest wait for one answer. */
export interface MetricsCaller {
  /** The client for one regional endpoint, e.g. `https://westeurope.metrics.monitor.azure.com`. */
  readonly clientFor: (endpoint: string) => MetricsClient
  readonly timeoutMs: number
}

/** How often a call that was refused is halved, to find the one app that Azure will not answer for. */
const HALVINGS = 6

/**
 * Sends one request and answers per resource id; never throws. A call about several apps that is refused as a whole is
 * asked again in halves, so that one app that was deleted or moved does not blind all the others.
 */
export async function ask(caller: MetricsCaller, request: MetricsRequest, halvings = HALVINGS): Promise<Answered> {
  const { resourceIds } = request
  const answer = await send(caller, request)
  if (!('silence' in answer)) return answer
  if (answer.silence !== 'refused' || resourceIds.length < 2 || halvings === 0) {
    return new Map(resourceIds.map((id) => [id, answer]))
  }
  const middle = Math.ceil(resourceIds.length / 2)
  const first = await ask(caller, { ...request, resourceIds: resourceIds.slice(0, middle) }, halvings - 1)
  // Where not one app of the first half is answered for, the fault is hardly an app's: one more call tells.
  const isLost = [...first.values()].every((app) => 'silence' in app)
  const second = { ...request, resourceIds: resourceIds.slice(middle) }
  return new Map([...first, ...(await ask(caller, second, isLost ? 0 : halvings - 1))])
}

async function send({ clientFor, timeoutMs }: MetricsCaller, request: MetricsRequest): Promise<Answered | Trouble> {
  const { endpoint, resourceIds, metric, aggregation, filter } = request
  const window = { startTime: new Date(request.from), endTime: new Date(request.to), interval: 'PT1M' }
  const options = { ...window, aggregation, top: TOP, filter, requestOptions: { timeout: timeoutMs } }
  try {
    const client = clientFor(endpoint)
    const results = client.queryResources([...resourceIds], [metric], METRICS_NAMESPACE, options)
    return readAnswer(await within(results, timeoutMs), request)
  } catch (error) {
    return troubleOf(error, request.subscriptionId)
  }
}
