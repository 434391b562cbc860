import * as z from 'zod'
import type { PrometheusNames, Source, SourceName } from '../core/service.ts'
import { duration, readDuration } from './duration.ts'
import { LABEL_NAME, METRIC_NAME } from './grammar.ts'

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
    labels: labels().optional(),
    bad: metric('For a `ratio`: counter of bad events.', 'checkout_failed_total').optional(),
    total: metric('For a `ratio`: counter of all events.', 'checkout_total').optional(),
    gauge: metric('For a `gauge`: the metric itself.', 'queue_depth').optional(),
  })
  .refine(({ bad, total }) => (bad === undefined) === (total === undefined), {
    error: 'needs both `bad` and `total`, or neither',
  })
  .refine(({ revisionLabel, statusLabel }) => revisionLabel !== statusLabel, {
    path: ['statusLabel'],
    error: 'is the label of the revision already; one label cannot hold both',
  })
  .refine(({ revisionLabel }) => revisionLabel !== 'le', {
    path: ['revisionLabel'],
    error: 'is the label of a histogram’s bounds; name the one that holds the revision',
  })
  .superRefine(({ labels = {}, revisionLabel, statusLabel }, context) => {
    const taken = Object.keys(labels).filter((name) => [revisionLabel, statusLabel, 'le'].includes(name))
    const message = 'tells revisions, statuses or bounds apart; it cannot be held to one value'
    for (const name of taken) context.addIssue({ code: 'custom', path: ['labels', name], message })
  })
  .meta({ title: 'Prometheus names', description: 'How this service names its metrics and labels.' })

const insightsSchema = z
  .strictObject({
    dimension: z
      .string({ error: 'must be text' })
      .regex(/^[A-Za-z0-9_.-]{1,100}$/, { error: 'must be 1–100 letters, digits, `_`, `.` or `-`' })
      .optional()
      .meta({ description: 'Custom dimension that holds the revision; without it the role instance is looked at.' }),
  })
  .meta({ title: 'Application Insights', description: 'Where the telemetry says which revision served.' })

const httpSchema = z
  .strictObject({
    url: z
      .string({ error: 'must be a URL' })
      .regex(/^https?:\/\/[^\s?#]{1,1000}$/, { error: 'must be an http(s) URL without query', abort: true })
      .refine((url) => URL.canParse(url), { error: 'is no URL; write it like `https://figures.example.com/kpis`' })
      .refine((url) => !/^https?:\/\/[^/]*@/.test(url), {
        error: 'holds a user or password; put the token into Key Vault and name it with `secret`',
      })
      .meta({ description: 'Asked with POST; its origin must be among the environment’s `httpOrigins`.' }),
    secret: z
      .string({ error: 'must be text' })
      .regex(/^kpi-[0-9a-zA-Z-]{1,120}$/, {
        error:
          'must be the name of a Key Vault secret that begins with `kpi-` (letters, digits, dashes); no other secret is ever sent',
      })
      .optional()
      .meta({ description: 'Key Vault secret that holds the bearer token.' }),
  })
  .meta({ title: 'HTTP JSON', description: 'A service of your own that answers figures.' })

const probeSchema = z
  .strictObject({
    path: z
      .string({ error: 'must be text' })
      .regex(/^\/[^\s#]{0,500}$/, { error: 'must begin with `/`' })
      .prefault('/')
      .meta({ description: 'What is asked of the revision’s own address.', examples: ['/health'] }),
    count: z
      .int({ error: 'must be a whole number, e.g. `6`' })
      .min(1, { error: 'must be at least 1' })
      .max(60, { error: 'must be at most 60' })
      .prefault(6)
      .meta({ description: 'Probes per look.', examples: [6] }),
    timeout: duration({ description: 'A probe without an answer by then has failed.', example: '2s', leastMs: 10 })
      .refine((ms) => ms <= 10_000, { error: 'is too long; the most is 10s' })
      .prefault('2s'),
  })
  .meta({ title: 'Probe', description: 'Slipway itself asks the revision.' })

const NAMES = ['azure-logs', 'azure-metrics', 'app-insights', 'prometheus', 'probe'] as const

/** The `source` of a KPI: a name, or a name with what that source must know. */
export const sourceSchema = z
  .union(
    [
      z.enum(NAMES),
      z.strictObject({ prometheus: prometheusSchema }),
      z.strictObject({ 'app-insights': insightsSchema }),
      z.strictObject({ http: httpSchema }),
      z.strictObject({ probe: probeSchema }),
    ],
    {
      error: `must be one of ${NAMES.map((name) => `\`${name}\``).join(', ')}, or \`http:\`, \`prometheus:\`, \`app-insights:\`, \`probe:\` with what it needs, e.g. \`http: { url: … }\``,
    },
  )
  .meta({
    description:
      'Who measures: the access log of Container Apps, Azure Monitor’s platform metrics, Application Insights, the Prometheus server of the environment, a service of your own, or Slipway’s probe.',
  })

/** The core's source, made of what a manifest says. */
export function toSource(written: z.output<typeof sourceSchema>): Source {
  if (typeof written === 'string') return plain(written)
  if ('prometheus' in written) return toPrometheus(written.prometheus)
  if ('app-insights' in written) return { kind: 'app-insights', dimension: written['app-insights'].dimension ?? null }
  if ('http' in written) return { kind: 'http', url: written.http.url, secret: written.http.secret ?? null }
  const { path, count, timeout } = written.probe
  return { kind: 'probe', path, count, timeoutMs: timeout }
}

/** The lag that is usual for a source, in milliseconds: how long it may still be missing part of a bucket. */
export function usualLag(source: SourceName): number {
  return readDuration(USUAL_LAGS[source]) ?? 0
}

const USUAL_LAGS: Readonly<Record<SourceName, string>> = {
  'azure-logs': '3m',
  'app-insights': '3m',
  'azure-metrics': '3m',
  prometheus: '1m',
  http: '1m',
  probe: '0s',
}

function plain(name: (typeof NAMES)[number]): Source {
  switch (name) {
    case 'prometheus':
      return { kind: 'prometheus', names: USUAL_NAMES, counters: null, gauge: null }
    case 'app-insights':
      return { kind: 'app-insights', dimension: null }
    case 'probe':
      return { kind: 'probe', path: '/', count: 6, timeoutMs: 2000 }
    default:
      return { kind: name }
  }
}

function toPrometheus({ bad, total, gauge, labels, ...usual }: z.output<typeof prometheusSchema>): Source {
  const counters = bad === undefined || total === undefined ? null : { bad, total }
  const names = labels === undefined ? usual : { ...usual, labels }
  return { kind: 'prometheus', names, counters, gauge: gauge ?? null }
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

function labels() {
  const value = z
    .string({ error: 'must be text; put it in quotes, e.g. `"1"`' })
    .min(1, { error: 'is empty' })
    .max(200, { error: 'is too long; the most is 200 characters' })
  return z
    .record(label('Label that every series carries.', 'environment'), value, {
      error: ({ code }) =>
        code === 'invalid_key'
          ? 'is no label name; it has letters, digits and `_`, no two of them in front, e.g. `environment`'
          : 'must be labels with their values, e.g. `{ environment: production }`',
    })
    .refine((wanted) => Object.keys(wanted).length <= 5, { error: 'has too many labels; the most is 5' })
    .meta({
      description:
        'Labels that every series must carry with exactly this value: what tells environments on one server apart.',
      examples: [{ environment: 'production' }],
      maxProperties: 5,
    })
}
