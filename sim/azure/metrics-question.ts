import { readFilter, type Wanted } from './metrics-filter.ts'
import { METRICS, type Metric } from './metrics-series.ts'

/** What one call of `metrics:getBatch` asks. Times are epoch milliseconds as asked. */
export interface Question {
  /** Null where the endpoint did not tell: then it is that of the first app. */
  readonly region: string | null
  readonly subscription: string
  readonly resources: readonly Resource[]
  readonly metrics: readonly Metric[]
  readonly wanted: Wanted
  readonly top: number
  readonly from: number
  readonly to: number
}

/** A container app that is named in a question. `id` is as it was written. */
export interface Resource {
  readonly id: string
  readonly resourceGroup: string
  readonly app: string
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const NAMESPACE = 'microsoft.app/containerapps'
const KNOWN = new Set(
  'api-version starttime endtime interval metricnamespace metricnames aggregation top orderby filter rollupby'.split(
    ' ',
  ),
)

/**
 * Reads path, parameters and body of a call. Throws RangeError with what is wrong, which is said as 400; a parameter or a
 * filter that is not understood is wrong too.
 */
export function readQuestion(
  region: string | null,
  subscription: string,
  parameters: URLSearchParams,
  body: string,
  now: number,
): Question {
  const given = new Map([...parameters].map(([name, value]) => [name.toLowerCase(), value]))
  const odd = [...given.keys()].find((name) => !KNOWN.has(name))
  if (odd !== undefined) throw new RangeError(`${odd} is not a parameter of this operation.`)
  const unread = ['orderby', 'rollupby'].find((name) => given.has(name))
  if (unread !== undefined) throw new RangeError(`The parameter ${unread} is not understood by this server.`)
  if (given.get('api-version') !== '2024-02-01') throw new RangeError('The api-version must be 2024-02-01.')
  if (given.get('metricnamespace')?.toLowerCase() !== NAMESPACE) {
    throw new RangeError(`Failed to find metric configuration for namespace ${given.get('metricnamespace') ?? ''}.`)
  }
  if ((given.get('interval') ?? 'PT1M') !== 'PT1M') throw new RangeError('Only the interval PT1M is understood.')
  const wanted: Wanted = given.has('filter') ? readFilter(given.get('filter') ?? '') : new Map()
  const metrics = readMetrics(given.get('metricnames') ?? '', given.get('aggregation'), wanted)
  const span = readSpan(given, now)
  return {
    region,
    subscription,
    resources: readResources(body, subscription),
    metrics,
    wanted,
    top: readTop(given),
    ...span,
  }
}

function readMetrics(names: string, aggregation: string | undefined, wanted: Wanted): readonly Metric[] {
  return names.split(',').map((name) => {
    const metric = METRICS.find((known) => known.name.toLowerCase() === name.trim().toLowerCase())
    if (metric === undefined) throw new RangeError(`Failed to find metric configuration for metric ${name}.`)
    const asked = (aggregation ?? metric.aggregations[0] ?? '').toLowerCase().split(',')
    const odd = asked.find((one) => !metric.aggregations.includes(one))
    if (odd !== undefined)
      throw new RangeError(`The aggregation ${odd} of the metric ${metric.name} is not understood.`)
    const known = metric.dimensions.map((dimension) => dimension.toLowerCase())
    if ([...wanted.keys()].every((dimension) => known.includes(dimension))) return metric
    const supported = `supported ones are: ${metric.dimensions.join(',')}`
    throw new RangeError(
      `Metric: ${metric.name} does not support requested dimension combination: ${[...wanted.keys()].join(',')}, ${supported}`,
    )
  })
}

function readSpan(given: ReadonlyMap<string, string>, now: number): { readonly from: number; readonly to: number } {
  const [start, end] = [given.get('starttime'), given.get('endtime')]
  if (start === undefined && end !== undefined) throw new RangeError('endtime needs starttime.')
  const to = end === undefined ? now : Date.parse(end)
  const from = start === undefined ? to - HOUR_MS : Date.parse(start)
  if (!(from < to)) throw new RangeError('Detected invalid time range parameters: starttime must be before endtime.')
  return { from, to }
}

function readTop(given: ReadonlyMap<string, string>): number {
  const top = given.get('top') ?? '10'
  if (!/^\d{1,10}$/.test(top) || Number(top) < 1 || Number(top) > 2_147_483_647) {
    throw new RangeError(`Detected invalid TopN value ${top}: should be Int value.`)
  }
  return Number(top)
}

function readResources(body: string, subscription: string): readonly Resource[] {
  const ids: unknown = parsed(body)?.resourceids
  if (!Array.isArray(ids) || ids.length < 1 || ids.length > 50) {
    throw new RangeError('resourceids must be a list of 1 to 50 resource ids.')
  }
  if (new Set(ids.map((id) => String(id).toLowerCase())).size < ids.length) {
    throw new RangeError('resourceids must be unique.')
  }
  return ids.map((id) => {
    const found =
      /^\/subscriptions\/([^/]+)\/resourcegroups\/([^/]+)\/providers\/microsoft\.app\/containerapps\/([^/]+)$/i
    const [, own, resourceGroup, app] = found.exec(String(id)) ?? []
    if (own === undefined || resourceGroup === undefined || app === undefined) {
      throw new RangeError(`${id} is not the id of a container app.`)
    }
    if (own.toLowerCase() !== subscription.toLowerCase()) throw new RangeError(`${id} lies in another subscription.`)
    return { id: String(id), resourceGroup, app }
  })
}

function parsed(body: string): { readonly resourceids?: unknown } | null {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
