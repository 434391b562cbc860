import * as z from 'zod'
import type { Kpi, Measure, Source } from '../core/service.ts'
import { duration, share } from './duration.ts'
import { NAME } from './grammar.ts'
import { sourceSchema, toSource, usualLag } from './manifest-source.ts'

const latencySchema = z
  .strictObject({
    percentile: z
      .number({ error: 'must be a number, e.g. `95`' })
      .min(10, { error: 'must be at least 10; write the 95th percentile as `95`' })
      .max(99.99, { error: 'must be at most 99.99' })
      .meta({ description: 'The percentile that is held to the limit.', examples: [95] }),
    limit: duration({ description: 'What that percentile must stay below.', example: '200ms', leastMs: 1 }),
  })
  .meta({ description: 'Holds a percentile of the request durations to a limit.' })

const errorRateSchema = z
  .strictObject({
    limit: rare('Which share of the requests may fail, as a percentage or a ratio.'),
    alsoBad: z
      .array(
        z
          .int({ error: 'must be an HTTP status' })
          .min(100, { error: 'must be an HTTP status' })
          .max(599, { error: 'must be an HTTP status' }),
        { error: 'must be a list of HTTP statuses' },
      )
      .max(20, { error: 'has more than 20 statuses' })
      .prefault([])
      .meta({ description: 'Statuses below 500 that count as failed as well.', examples: [[429]] }),
  })
  .meta({ description: 'Holds the share of failed requests to a limit.' })

const MOST = {
  percent: '99.9%',
  ratio: 0.999,
  whole: 'must be below 100 %; no service answers all requests, so write how many must be answered, e.g. `99.9%`',
}

const NO_TARGET = 'must be above 0; write which share must be answered, e.g. `99.9%`'

const uptimeSchema = z
  .strictObject({
    target: share('Which share of the requests or probes must succeed, e.g. `99.9%`.', MOST)
      .refine((ratio) => ratio > 0, { error: NO_TARGET })
      .refine((ratio) => ratio === 0 || ratio >= 0.1, {
        error: 'is too little: nearly all may fail, so nothing worse could be told apart; the least is `10%`',
      }),
  })
  .meta({ description: 'Holds the share of answered requests or probes to a target.' })

const ratioSchema = z
  .strictObject({ limit: rare('Which share of the events may be bad.') })
  .meta({ description: 'Holds the share of bad events of your own to a limit; the source says which they are.' })

const gaugeSchema = z
  .strictObject({
    limit: z.number({ error: 'must be a number' }).meta({ description: 'The limit.', examples: [100] }),
    wanted: z
      .enum(['below', 'above'], { error: 'must be `below` or `above`' })
      .prefault('below')
      .meta({ description: 'On which side of the limit the figure is to stay.' }),
  })
  .meta({ description: 'Holds a bare figure to a limit; of its buckets at most a fifth may be out of it.' })

const MEASURES = ['latency', 'errorRate', 'uptime', 'ratio', 'gauge'] as const

const ONE_MEASURE = `needs exactly one of ${MEASURES.map((name) => `\`${name}\``).join(', ')}`

/** One item of `analysis.kpis`. */
export const kpiSchema = z
  .strictObject({
    name: z
      .string({ error: 'must be text' })
      .regex(NAME, {
        error: 'is no valid name; it has 2–32 of a–z, 0–9 and dashes, begins with a letter and ends with no dash',
      })
      .meta({ description: 'Name of the KPI, unique within the manifest.', examples: ['p95'] }),
    role: z
      .enum(['required', 'guard', 'advisory'], { error: 'must be `required`, `guard` or `advisory`' })
      .prefault('required')
      .meta({
        description: '`required` must pass and can abort, `guard` can only abort, `advisory` is only shown.',
      }),
    latency: latencySchema.optional(),
    errorRate: errorRateSchema.optional(),
    uptime: uptimeSchema.optional(),
    ratio: ratioSchema.optional(),
    gauge: gaugeSchema.optional(),
    source: sourceSchema.prefault('azure-logs'),
    lag: duration({
      description: 'How long the source may lag behind: 3m for Azure’s, 1m for prometheus and http, 0s for the probe.',
      example: '3m',
    })
      .refine((ms) => ms <= 600_000, { error: 'is too long; the most is 10m' })
      .optional(),
    minRequests: requests('With fewer events a step does not pass; 3 divided by the limit when left out.').optional(),
  })
  .refine((kpi) => MEASURES.filter((name) => kpi[name] !== undefined).length === 1, { error: ONE_MEASURE })
  .superRefine((kpi, context) => {
    const message = unmeasurable(measureOf(kpi), toSource(kpi.source))
    if (message !== null) context.addIssue({ code: 'custom', path: ['source'], message })
  })
  .meta({
    title: 'KPI',
    description: 'One figure of the new revision and its limit.',
    oneOf: MEASURES.map((name) => ({ required: [name] })),
  })

type WrittenKpi = z.output<typeof kpiSchema>

/** A schema for a number of events. */
export function requests(description: string) {
  return z
    .int({ error: 'must be a whole number, e.g. `100`' })
    .min(1, { error: 'must be at least 1' })
    .max(1_000_000_000, { error: 'must be at most 1000000000' })
    .meta({ description, examples: [3000] })
}

/** The core's KPI, made of what a manifest says; `least` is the number of events that a step needs where it says none itself. */
export function toKpi(written: WrittenKpi, least: number | null): Kpi {
  const source = toSource(written.source)
  return {
    name: written.name,
    role: written.role,
    source,
    lagMs: written.lag ?? usualLag(source.kind),
    minRequests: written.minRequests ?? least,
    ...(measureOf(written) ?? { kind: 'ratio', limitRatio: 0.5 }),
  }
}

/** Null where none or several are given, which is refused elsewhere. */
function measureOf(kpi: Pick<WrittenKpi, (typeof MEASURES)[number]>): Measure | null {
  const { latency, errorRate, uptime, ratio, gauge } = kpi
  if (latency !== undefined) return { kind: 'latency', percentile: latency.percentile, limitMs: latency.limit }
  if (errorRate !== undefined) return { kind: 'error-rate', limitRatio: errorRate.limit, alsoBad: errorRate.alsoBad }
  if (uptime !== undefined) return { kind: 'uptime', limitRatio: Number((1 - uptime.target).toPrecision(9)) }
  if (ratio !== undefined) return { kind: 'ratio', limitRatio: ratio.limit }
  return gauge === undefined ? null : { kind: 'gauge', limit: gauge.limit, wanted: gauge.wanted }
}

/** Why this source cannot measure that, and what can; null where it can. */
function unmeasurable(measure: Measure | null, source: Source): string | null {
  if (measure === null || source.kind === 'http') return null
  const { kind } = measure
  if (source.kind === 'azure-metrics' && kind === 'latency') {
    return 'cannot measure a revision’s latency: Azure Monitor’s ResponseTime is an average over all revisions; use azure-logs, app-insights, prometheus, http or probe'
  }
  if (kind === 'ratio') {
    if (source.kind !== 'prometheus')
      return 'cannot count events of your own; use prometheus with `bad` and `total`, or http'
    return source.counters === null ? 'needs `bad` and `total` here: the two counters of the ratio' : null
  }
  if (kind === 'gauge') {
    if (source.kind !== 'prometheus') return 'cannot read a figure of your own; use prometheus with `gauge`, or http'
    return source.gauge === null ? 'needs `gauge` here: the name of the metric' : null
  }
  if (source.kind === 'probe' && kind === 'error-rate') return 'sees its own probes only; call it `uptime`'
  if (source.kind !== 'prometheus' || (source.counters === null && source.gauge === null)) return null
  return 'has `bad` and `total`, or `gauge`, which this KPI does not read; leave them out, or make it a `ratio` or a `gauge`'
}

/** A share that is neither 0 nor 1: with those nothing could be tested. */
function rare(description: string) {
  return share(description)
    .refine((ratio) => ratio > 0, {
      error: 'must be above 0; no service answers all requests, so write how many may fail, e.g. `0.1%`',
    })
    .refine((ratio) => ratio <= MOST_BAD || ratio >= 1, {
      error: 'is too much: nearly all may be bad, so nothing worse could be told apart; the most is `90%`',
    })
}

/** A share of bad events above this leaves no room for a worse one. */
const MOST_BAD = 0.9
