import * as z from 'zod'
import type { Analysis } from '../core/service.ts'
import { duration } from './duration.ts'
import { kpiSchema, requests, toKpi } from './manifest-kpi.ts'
import { toSource } from './manifest-source.ts'

const DEFAULT_KPIS: z.input<typeof kpiSchema>[] = [
  { name: 'p95', latency: { percentile: 95, limit: '200ms' }, source: 'azure-logs' },
  { name: 'errors', errorRate: { limit: '0.1%' }, source: 'azure-logs' },
]

const NO_KPIS =
  'is empty, so nothing could ever stop a bad revision; write at least one KPI, or leave `kpis` out for p95 below 200ms and errors below 0.1%'

const NONE_REQUIRED =
  'has no KPI with the role `required`, so a step could pass unseen; make at least one of them `required`'

const unclearSchema = z
  .strictObject({
    after: duration({
      description:
        'How long past its bake a step may stay without a clear verdict; as long as it bakes when left out, at least 1h.',
      example: '24h',
    }).optional(),
    then: z
      .enum(['wait', 'abort', 'promote-never'], { error: 'must be `wait`, `abort` or `promote-never`' })
      .prefault('wait')
      .meta({
        description:
          'What happens then: wait for a person, roll back, or wait for a person who may resume or abort but not promote.',
      }),
  })
  .prefault({})
  .meta({ title: 'On inconclusive', description: 'What happens when the KPIs cannot be judged for too long.' })

const blindSchema = z
  .strictObject({
    after: duration({
      description: 'How long a source may give no answer before that is an alarm.',
      example: '30m',
    }).prefault('30m'),
    then: z
      .enum(['wait', 'abort'], { error: 'must be `wait` or `abort`' })
      .prefault('wait')
      .meta({ description: 'What happens then: traffic stays as it is, or the canary is rolled back.' }),
  })
  .prefault({})
  .meta({ title: 'On blind', description: 'What happens when a source gives no answer.' })

/** The part `analysis` of a manifest: how a canary is judged while it takes traffic. */
export const analysisSchema = z
  .strictObject({
    interval: duration({ description: 'How often the rollout is looked at.', example: '1m', leastMs: 1000 }).prefault(
      '1m',
    ),
    bucket: duration({
      description: 'In what lengths of time events are counted; whole minutes for azure-metrics.',
      example: '1m',
      leastMs: 1000,
    })
      .refine((ms) => ms <= 3_600_000, { error: 'is too long; the most is 1h' })
      .prefault('1m'),
    warmUp: duration({
      description: 'For how long after the first traffic a cold start is tolerated.',
      example: '5m',
    }).prefault('5m'),
    minRequests: requests(
      'With fewer events a step does not pass, for all KPIs that say no number of their own; 3 divided by the limit when left out.',
    ).optional(),
    onInconclusive: unclearSchema,
    onRelative: z
      .enum(['hold', 'abort', 'ignore'], { error: 'must be `hold`, `abort` or `ignore`' })
      .prefault('hold')
      .meta({
        description:
          'What happens while the canary is clearly worse than stable, though not proven to be over its limit.',
      }),
    onBlind: blindSchema,
    requireEvidence: z
      .boolean({ error: 'must be `true` or `false`' })
      .prefault(false)
      .meta({ description: 'Whether a pass needs evidence that the limits hold, not only none against it.' }),
    kpis: z
      .array(kpiSchema, {
        error: 'must be a list of KPIs, e.g. `- { name: p95, latency: { percentile: 95, limit: 200ms } }`',
      })
      .min(1, { error: NO_KPIS })
      .max(12, {
        error: 'has more than 12 KPIs, and each takes its share of the evidence away from the others; leave some out',
      })
      .superRefine((kpis: unknown, context) => findTwins(kpis, context), { when: () => true })
      .refine((kpis) => kpis.length === 0 || kpis.some(({ role }) => role === 'required'), { error: NONE_REQUIRED })
      .prefault(DEFAULT_KPIS)
      .meta({ description: 'What is judged. All that are `required` must hold; one that fails rolls back.' }),
  })
  .superRefine(({ interval, bucket, kpis }, context) => {
    kpis.forEach(({ source }, index) => {
      const kind = toSource(source).kind
      const blame = (message: string) => context.addIssue({ code: 'custom', path: ['kpis', index, 'source'], message })
      if (kind === 'azure-metrics' && bucket % 60_000 !== 0) {
        blame('knows whole minutes only; make `analysis.bucket` 1m, or a multiple of it')
      }
      if (kind === 'probe' && interval > bucket) {
        blame('sends its probes at looks only; make `analysis.interval` at most as long as `analysis.bucket`')
      }
    })
  })
  .prefault({})
  .meta({ title: 'Analysis', description: 'How a canary is judged while it takes traffic.' })

/** The core's analysis, made of what a manifest says. */
export function toAnalysis(written: z.output<typeof analysisSchema>): Analysis {
  const { onInconclusive, onBlind } = written
  return {
    intervalMs: written.interval,
    bucketMs: written.bucket,
    warmUpMs: written.warmUp,
    kpis: written.kpis.map((kpi) => toKpi(kpi, written.minRequests ?? null)),
    onInconclusive: { afterMs: onInconclusive.after ?? null, then: onInconclusive.then },
    onRelative: written.onRelative,
    onBlind: { afterMs: onBlind.after, then: onBlind.then },
    requireEvidence: written.requireEvidence,
  }
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
