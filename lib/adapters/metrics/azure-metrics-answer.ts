import type { Trouble } from './azure-metrics-plan.ts'
import { type MetricsRequest, TOP } from './azure-metrics-request.ts'
import { plainWords } from './azure-words.ts'

/** One time series: the values of its dimensions by their names in small letters, and its minutes that have a figure. */
export interface Series {
  readonly dimensions: ReadonlyMap<string, string>
  /** Start of the minute to figure. */
  readonly points: ReadonlyMap<number, number>
}

/** The series of each app, by resource id in small letters, or why there are none. */
export type Answered = ReadonlyMap<string, readonly Series[] | Trouble>

const MINUTE_MS = 60_000

/**
 * Reads what the SDK made of an answer, with distrust: any part may be absent or of another shape. An app that the
 * answer leaves out, or answers with an error or with as many series as were allowed, is `partial`.
 */
export function readAnswer(results: unknown, request: MetricsRequest): Answered {
  // The SDK makes an empty list of whatever it cannot read, such as a proxy's page.
  const list: readonly unknown[] = Array.isArray(results) ? results : []
  const byId = new Map<string, unknown>()
  for (const result of list) {
    const id = text(result, 'resourceId').toLowerCase()
    byId.set(id, byId.has(id) ? null : result)
  }
  const read = (id: string) => (list.length === 0 ? unread('it holds no app') : ofApp(byId, id, request))
  return new Map(request.resourceIds.map((id) => [id, read(id)]))
}

function ofApp(byId: ReadonlyMap<string, unknown>, id: string, request: MetricsRequest): readonly Series[] | Trouble {
  const app = id.split('/').at(-1) ?? id
  if (!byId.has(id))
    return { silence: 'partial', why: `the answer of Azure Monitor leaves ${app} out, so it is not counted` }
  const result = byId.get(id)
  const granularity = field(result, 'granularity')
  if (granularity !== 'PT1M')
    return unread(`figures of ${app} per ${plainWords(String(granularity), 20)}, not per minute`)
  const metrics = field(result, 'metrics')
  const metric = Array.isArray(metrics) ? metrics.find((candidate) => isOf(request, candidate)) : undefined
  if (metric === undefined) return unread(`no metric ${request.metric} of ${app}`)
  const [code, message] = [text(metric, 'errorCode'), text(metric, 'errorMessage')]
  if (code !== '' && code !== 'Success') {
    const why = `Azure Monitor could not answer for ${app} (${plainWords([code, message].filter(Boolean).join(': '))}), which is not counted`
    return { silence: 'partial', why }
  }
  const series = field(metric, 'timeseries')
  if (!Array.isArray(series)) return unread(`no time series of ${app}`)
  if (series.length >= TOP) {
    return {
      silence: 'partial',
      why: `Azure Monitor has more than ${TOP} time series of ${app}, and some may be left out: it is not counted`,
    }
  }
  return readSeries(series, app, request)
}

function readSeries(list: readonly unknown[], app: string, request: MetricsRequest): readonly Series[] | Trouble {
  const read: Series[] = []
  const seen = new Set<string>()
  for (const series of list) {
    const dimensions = readDimensions(field(series, 'metadatavalues'))
    const points = readPoints(field(series, 'data'), request.aggregation === 'Total' ? 'total' : 'maximum')
    if (dimensions === null) return unread(`dimensions of ${app} that are none`)
    if (typeof points === 'string') return unread(`${points} of ${app}`)
    const key = JSON.stringify([...dimensions].sort())
    if (seen.has(key)) return unread(`the same time series of ${app} twice`)
    seen.add(key)
    read.push({ dimensions, points })
  }
  return read
}

function readDimensions(values: unknown): ReadonlyMap<string, string> | null {
  if (!Array.isArray(values)) return null
  const dimensions = new Map<string, string>()
  for (const entry of values) {
    const [name, value] = [field(entry, 'name'), field(entry, 'value')]
    if (typeof name !== 'string' || typeof value !== 'string') return null
    dimensions.set(bare(name), value)
  }
  return dimensions
}

/** A minute without a figure is Azure's way to say that it has none. */
function readPoints(data: unknown, figure: 'total' | 'maximum'): ReadonlyMap<number, number> | string {
  if (!Array.isArray(data)) return 'no data'
  const points = new Map<number, number>()
  for (const entry of data) {
    const [at, value] = [field(entry, 'timeStamp'), field(entry, figure) ?? null]
    const time = at instanceof Date ? at.getTime() : Number.NaN
    if (!Number.isInteger(time) || time % MINUTE_MS !== 0) return 'a figure at a time that is no minute'
    if (value === null) continue
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      return `a count that is none (${plainWords(String(value), 40)})`
    }
    if (points.has(time)) return 'two figures for one minute'
    points.set(time, value)
  }
  return points
}

/** The SDK gives the display name where there is one, but the id always ends with the metric's own name. */
function isOf(request: MetricsRequest, metric: unknown): boolean {
  const own = request.metric.toLowerCase()
  return text(metric, 'name').toLowerCase() === own || text(metric, 'id').toLowerCase().endsWith(`/metrics/${own}`)
}

/** Azure writes a dimension's name in small letters or as it is shown to people: `statuscode`, `Status Code`. */
function bare(name: string): string {
  const letters = name.toLowerCase().replace(/[^a-z]/g, '')
  return letters === 'revision' ? 'revisionname' : letters
}

function unread(what: string): Trouble {
  return { silence: 'malformed', why: `the answer of Azure Monitor could not be read: ${what}; if it stays, report it` }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function text(value: unknown, name: string): string {
  const found = field(value, name)
  return typeof found === 'string' ? found : ''
}
