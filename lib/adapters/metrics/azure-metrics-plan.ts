import type { Query, Silence } from '../../core/judge/reading.ts'
import type { Kpi, Target } from '../../core/service.ts'
import { filterFor, type MetricsRequest, MOST_RESOURCES } from './azure-metrics-request.ts'
import { cannotAskWindow } from './window.ts'

/** Why there is no answer: the named silence, and the sentence for a person. */
export interface Trouble {
  readonly silence: Silence
  readonly why: string
}

/** What is asked about one revision; several of them become one call. */
export interface Subject {
  readonly target: Target
  readonly region: string | null
  readonly revision: string
  readonly from: number
  readonly to: number
}

/** The subjects that one call answers, and the apps they belong to with all their revisions, by resource id. */
export interface Group<S extends Subject> {
  readonly endpoint: string
  readonly subscriptionId: string
  readonly subjects: readonly S[]
  readonly apps: ReadonlyMap<string, readonly string[]>
}

const MINUTE_MS = 60_000
/** A look back over a day is not put into one call with looks at the last minutes, which would then all cover the day. */
const LONG_MS = 3 * 3_600_000

/** Why Azure Monitor cannot measure this at all, or null where it can. */
export function cannotMeasure({ kpi, bucketMs, from, to }: Query): Trouble | null {
  const why = unmeasurable(kpi)
  if (why !== null) return { silence: 'refused', why: `KPI ${kpi.name}: ${why}` }
  const window = cannotAskWindow({ bucketMs, from, to })
  if (window !== null) return { silence: 'refused', why: window }
  if (bucketMs % MINUTE_MS === 0) return null
  const buckets = `Azure Monitor counts requests by the minute, not in buckets of ${bucketMs} ms: use whole minutes`
  return { silence: 'refused', why: `KPI ${kpi.name}: ${buckets}` }
}

/** Why nobody can be asked about this subject, or null where its region and names are usable. */
export function cannotPlace({ region, target }: Subject): Trouble | null {
  if (region === null) {
    const why = `the region of ${target.app} is not known yet, so there is nobody to ask: look whether the app exists and Slipway may read it`
    return { silence: 'unset', why }
  }
  if (!/^[a-z0-9]{1,60}$/.test(plain(region))) {
    return {
      silence: 'malformed',
      why: `${JSON.stringify(region).slice(0, 80)} is not the name of an Azure region: look at the app's location in Azure`,
    }
  }
  const odd = [target.subscriptionId, target.resourceGroup, target.app].find(
    (name) => !/^[^/?#\\]+$/.test(name) || !name.isWellFormed(),
  )
  if (odd === undefined) return null
  return {
    silence: 'refused',
    why: `${JSON.stringify(odd)} cannot be part of an Azure resource id: correct the target`,
  }
}

/** The fewest groups that may be asked together: same region, subscription and kind of window, at most 50 apps. */
export function groupSubjects<S extends Subject>(subjects: readonly S[], endpoint: string): readonly Group<S>[] {
  const alike = new Map<string, Map<string, S[]>>()
  for (const subject of subjects) {
    const region = plain(subject.region ?? '')
    const key = JSON.stringify([region, subject.target.subscriptionId, subject.to - subject.from > LONG_MS])
    const byApp = alike.get(key) ?? new Map<string, S[]>()
    const id = resourceId(subject.target)
    alike.set(key, byApp.set(id, [...(byApp.get(id) ?? []), subject]))
  }
  return [...alike].flatMap(([key, byApp]) => {
    const [region, subscriptionId] = JSON.parse(key) as [string, string]
    return chunks([...byApp], MOST_RESOURCES).map((apps) => ({
      endpoint: endpoint.replaceAll('{region}', region),
      subscriptionId,
      subjects: apps.flatMap(([, own]) => own),
      apps: new Map(apps.map(([id, own]) => [id, [...new Set(own.map(({ revision }) => revision))].sort()])),
    }))
  })
}

/** The call that counts the requests of a group, split by revision and outcome; by status code only where one is needed. */
export function requestsOf(group: Group<Query>): MetricsRequest {
  const { endpoint, subscriptionId, apps, subjects } = group
  const codes = subjects.some(({ kpi }) => needsCodes(kpi)) ? ['statusCode'] : []
  return {
    endpoint,
    subscriptionId,
    resourceIds: [...apps.keys()],
    metric: 'Requests',
    aggregation: 'Total',
    filter: filterFor([...apps.values()].flat(), ['statusCodeCategory', ...codes]),
    from: Math.min(...subjects.map(({ from }) => from)),
    to: Math.max(...subjects.map(({ to }) => to)),
  }
}

/** The group as if only this query had been asked. */
export function aloneWith(query: Query, { endpoint, subscriptionId }: Group<Query>): Group<Query> {
  return { endpoint, subscriptionId, subjects: [query], apps: new Map([[resourceId(query.target), [query.revision]]]) }
}

/** Whether the classes of status codes do not tell all that is bad for this KPI. */
export function needsCodes(kpi: Kpi): boolean {
  return kpi.kind === 'error-rate' && kpi.alsoBad.some((code) => code > 0 && code < 500)
}

/** The app's id in Azure, in small letters: Azure's ids do not tell capitals from small letters. */
export function resourceId({ subscriptionId, resourceGroup, app }: Target): string {
  const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
  return `${group}/providers/Microsoft.App/containerApps/${app}`.toLowerCase()
}

function unmeasurable(kpi: Kpi): string | null {
  switch (kpi.kind) {
    case 'error-rate':
    case 'uptime':
      return null
    case 'latency':
      return (
        "Azure Monitor's metric ResponseTime is an average without the dimension revisionName, so both revisions would be " +
        'judged as one, and no percentile can be had: measure latency with azure-logs, app-insights or prometheus'
      )
    case 'ratio':
      return 'Azure Monitor has no counters of your own for a revision: count with prometheus or http'
    case 'gauge':
      return 'Azure Monitor has no gauges of your own for a revision: measure with prometheus or http'
  }
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, place) =>
    list.slice(place * size, (place + 1) * size),
  )
}

/** ARM shows a region now as `West Europe`, now as `westeurope`. */
function plain(region: string): string {
  return region.replaceAll(' ', '').toLowerCase()
}
