import * as z from 'zod'
import { type Analysis, type Kpi, LOG_PERCENTILES, type PrometheusNames } from '../core/service.ts'
import { duration, readDuration, share } from './duration.ts'
import { LABEL_NAME, METRIC_NAME, NAME } from './grammar.ts'

/** The names that the usual FastAPI instrumentation gives its metrics, with the revision as a label beside them. */
const USUAL_NAMES: PrometheusNames = {
  requests: 'http_requests_total',
  duration: 'http_request_duration_seconds',
  revisionLabel: 'revision',
  statusLabel: 'status',
}

const prometheusSchema = z
  .strictObject({
    requests: metric('Counter of requests.', USUAL_NAMES.requests).prefault(USUAL_NAMES.requests),
    duration: metric('Histogram of request durations in seconds, without its ending `_bucket`.', USUAL_NAMES.duration)
      .refine((name) => !name.endsWith('_bucket'), {
        error: 'must be the histogram itself; leave the ending `_bucket` out',
      })
      .prefault(USUAL_NAMES.duration),
    revisionLabel: label('Label that holds the name of the revision.', USUAL_NAMES.revisionLabel).prefault(
      USUAL_NAMES.revisionLabel,
    ),
    statusLabel: label('Label that holds the HTTP status.', USUAL_NAMES.statusLabel).prefault(USUAL_NAMES.statusLabel),
  })
  .meta({ title: 'Prometheus names', description: 'How this service names its metrics and labels.' })

const sourceSchema = z
  .union([z.literal('azure-logs'), z.literal('prometheus'), z.strictObject({ prometheus: prometheusSchema })], {
    error:
      'must be `azure-logs`, `prometheus`, or `prometheus:` with the names `requests`, `duration`, `revisionLabel`, `statusLabel`',
  })
  .meta({
    description:
      'Who measures: the access log of Container Apps, or the Prometheus server of the environment (with the usual names, or with those that are given).',
  })

const kpiSchema = z
  .strictObject({
    name: z
      .string({ error: 'must be text' })
      .regex(NAME, {
        error: 'is no valid name; it has 2–32 of a–z, 0–9 and dashes, begins with a letter and ends with no dash',
      })
      .meta({ description: 'Name of the KPI, unique within the manifest.', examples: ['p95'] }),
    latency: z
      .strictObject({
        percentile: z
          .number({ error: 'must be a number, e.g. `95`' })
          .min(1, { error: 'must be at least 1; write the 95th percentile as `95`' })
          .max(99.99, { error: 'must be at most 99.99' })
          .meta({ description: 'The percentile that is held to the limit.', examples: [95] }),
        limit: duration({ description: 'What that percentile must stay below.', example: '200ms', leastMs: 1 }),
      })
      .meta({ description: 'Holds a percentile of the request durations to a limit.' })
      .optional(),
    errorRate: z
      .strictObject({ limit: share('Which share of the requests may fail, as a percentage or a ratio.') })
      .meta({ description: 'Holds the share of failed requests to a limit.' })
      .optional(),
    source: sourceSchema.prefault('azure-logs'),
    lag: duration({
      description: 'How long the source may lag behind: 3m for azure-logs and 30s for prometheus when left out.',
      example: '3m',
    })
      .refine((ms) => ms <= 3_600_000, { error: 'is too long; the most is 1h' })
      .optional(),
  })
  .refine((kpi) => (kpi.latency === undefined) !== (kpi.errorRate === undefined), {
    error: 'needs either `latency` or `errorRate`, and not both',
  })
  .refine(({ source, latency }) => source !== 'azure-logs' || LOG_PERCENTILES.includes(latency?.percentile ?? 95), {
    path: ['latency', 'percentile'],
    error: `must be one of ${LOG_PERCENTILES.join(', ')} where the source is \`azure-logs\``,
  })
  .meta({
    title: 'KPI',
    description: 'One figure of the new revision and its limit.',
    oneOf: [{ required: ['latency'] }, { required: ['errorRate'] }],
  })

const DEFAULT_KPIS: z.input<typeof kpiSchema>[] = [
  { name: 'p95', latency: { percentile: 95, limit: '200ms' }, source: 'azure-logs' },
  { name: 'errors', errorRate: { limit: '0.1%' }, source: 'azure-logs' },
]

const NO_KPIS =
  'is empty, so nothing could ever stop a bad revision; write at least one KPI, or leave `kpis` out for p95 below 200ms and errors below 0.1%'

/** The part `analysis` of a manifest: how a canary is judged while it takes traffic. */
export const analysisSchema = z
  .strictObject({
    interval: duration({ description: 'How often the rollout is looked at.', example: '1m', leastMs: 1000 }).prefault(
      '1m',
    ),
    window: duration({
      description: 'How much of the past every look takes in; at least the interval.',
      example: '5m',
    }).prefault('5m'),
    minRequests: z
      .int({ error: 'must be a whole number, e.g. `100`' })
      .min(1, { error: 'must be at least 1' })
      .max(1_000_000_000, { error: 'must be at most 1000000000' })
      .prefault(100)
      .meta({ description: 'With fewer requests in the window nothing is concluded.', examples: [100] }),
    onInconclusive: z
      .strictObject({
        after: duration({
          description: 'How long past its bake a step may stay without a verdict.',
          example: '24h',
        }).prefault('24h'),
        then: z
          .enum(['pause', 'abort'], { error: 'must be `pause` or `abort`' })
          .prefault('pause')
          .meta({ description: 'What happens then: wait for a person, or roll back.' }),
      })
      .prefault({})
      .meta({ title: 'On inconclusive', description: 'What happens when the KPIs cannot be judged for too long.' }),
    kpis: z
      .array(kpiSchema, {
        error: 'must be a list of KPIs, e.g. `- { name: p95, latency: { percentile: 95, limit: 200ms } }`',
      })
      .min(1, { error: NO_KPIS })
      .max(20, { error: 'has more than 20 KPIs; leave some out' })
      .superRefine((kpis: unknown, context) => findTwins(kpis, context), { when: () => true })
      .prefault(DEFAULT_KPIS)
      .meta({ description: 'What is judged. All must hold; one that fails rolls back.' }),
  })
  .superRefine(
    (analysis: unknown, context) => {
      const { interval, window } = (analysis ?? {}) as { readonly interval?: unknown; readonly window?: unknown }
      if (typeof interval !== 'number' || typeof window !== 'number' || window >= interval) return
      const message = 'is shorter than `interval`, so some requests would never be looked at; make it at least as long'
      context.addIssue({ code: 'custom', path: ['window'], message })
    },
    { when: () => true },
  )
  .prefault({})
  .meta({ title: 'Analysis', description: 'How a canary is judged while it takes traffic.' })

/** The core's analysis, made of what a manifest says; a KPI without `lag` gets the lag that is usual for its source. */
export function toAnalysis(written: z.output<typeof analysisSchema>): Analysis {
  return {
    intervalMs: written.interval,
    windowMs: written.window,
    minRequests: written.minRequests,
    kpis: written.kpis.map(toKpi),
    onInconclusive: { afterMs: written.onInconclusive.after, then: written.onInconclusive.then },
  }
}

function toKpi({ name, latency, errorRate, source, lag }: z.output<typeof kpiSchema>): Kpi {
  const prometheus = namesOf(source)
  const lagMs = lag ?? readDuration(prometheus === null ? '3m' : '30s') ?? 0
  const shared = { name, source: prometheus === null ? 'azure-logs' : 'prometheus', lagMs, prometheus } as const
  return latency === undefined
    ? { ...shared, kind: 'error-rate', limitRatio: errorRate?.limit ?? 0 }
    : { ...shared, kind: 'latency', percentile: latency.percentile, limitMs: latency.limit }
}

function namesOf(source: z.output<typeof sourceSchema>): PrometheusNames | null {
  if (source === 'azure-logs') return null
  return source === 'prometheus' ? USUAL_NAMES : source.prometheus
}

function findTwins(kpis: unknown, context: z.core.$RefinementCtx): void {
  const names = Array.isArray(kpis) ? kpis.map((kpi: { readonly name?: unknown } | null) => kpi?.name) : []
  names.forEach((name, index) => {
    if (typeof name !== 'string' || names.indexOf(name) === index) return
    context.addIssue({
      code: 'custom',
      path: [index, 'name'],
      message: `names a KPI that stands above already; give it a name of its own`,
    })
  })
}

function metric(description: string, example: string) {
  return z
    .string({ error: 'must be text' })
    .regex(METRIC_NAME, { error: `is no metric name; it has letters, digits, \`_\` and \`:\`, e.g. \`${example}\`` })
    .meta({ description, examples: [example] })
}

function label(description: string, example: string) {
  return z
    .string({ error: 'must be text' })
    .regex(LABEL_NAME, {
      error: `is no label name; it has letters, digits and \`_\`, no two of them in front, e.g. \`${example}\``,
    })
    .meta({ description, examples: [example] })
}
