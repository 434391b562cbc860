/** Where Azure Monitor answers for the resources of a region, `{region}` standing for its name (public cloud). */
export const METRICS_ENDPOINT = 'https://{region}.metrics.monitor.azure.com'

/**
 * What a client must ask a token for. The SDK's own default is the scope of ARM, which the REST reference does not name.
 * https://github.com/Azure/azure-rest-api-specs/blob/main/specification/monitor/data-plane/Insights/stable/2024-02-01/metricBatch.json
 */
export const METRICS_SCOPE = 'https://metrics.monitor.azure.com/.default'

/** Where the platform metrics of container apps stand; the names of its dimensions are those that filters use. */
export const METRICS_NAMESPACE = 'microsoft.app/containerapps'

/** Most resources that one call may name. https://learn.microsoft.com/azure/azure-monitor/metrics/migrate-to-batch-api */
export const MOST_RESOURCES = 50

/**
 * Most time series that are asked for, per resource. Azure gives ten where nothing is said and leaves the others out
 * without a word, so an answer with this many is taken for cut off.
 */
export const TOP = 5_000

const VERSION = '2024-02-01'
/** Beyond this the revisions are not named one by one: what length of a URL Azure bears is not documented. */
const MOST_FILTER_CHARS = 2_000

/** One call of `metrics:getBatch`, all of whose resources lie in one region and one subscription, minute by minute. */
export interface MetricsRequest {
  readonly endpoint: string
  readonly subscriptionId: string
  readonly resourceIds: readonly string[]
  readonly metric: 'Requests' | 'RestartCount'
  readonly aggregation: 'Total' | 'Maximum'
  readonly filter: string
  /** Epoch milliseconds, `to` exclusive. */
  readonly from: number
  readonly to: number
}

/**
 * The filter that splits by `dimensions`, for these revisions only, or for all where their names would grow too long.
 * Names are string literals in it and can never be anything else.
 */
export function filterFor(revisions: readonly string[], dimensions: readonly string[]): string {
  const named = revisions.map((revision) => `revisionName eq ${literal(revision)}`).join(' or ')
  const split = dimensions.map((dimension) => ` and ${dimension} eq '*'`).join('')
  return `${named.length <= MOST_FILTER_CHARS ? named : "revisionName eq '*'"}${split}`
}

/** The request as HTTP writes it, so that an auditor can send it again with a token of METRICS_SCOPE. */
export function requestText(request: MetricsRequest): string {
  const parameters = {
    starttime: new Date(request.from).toISOString(),
    endtime: new Date(request.to).toISOString(),
    interval: 'PT1M',
    metricnamespace: METRICS_NAMESPACE,
    metricnames: request.metric,
    aggregation: request.aggregation,
    top: String(TOP),
    filter: request.filter,
    'api-version': VERSION,
  }
  const line = Object.entries(parameters).map(([name, value]) => `${name}=${encoded(value)}`)
  const url = `${request.endpoint}/subscriptions/${encoded(request.subscriptionId)}/metrics:getBatch?${line.join('&')}`
  return `POST ${url}\n${JSON.stringify({ resourceids: request.resourceIds })}`
}

/** OData doubles a quote within a string; nothing else ends one. Half a character cannot be sent. */
function literal(value: string): string {
  return `'${value.toWellFormed().replaceAll("'", "''")}'`
}

/** Also safe between the single quotes of a shell. */
function encoded(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
