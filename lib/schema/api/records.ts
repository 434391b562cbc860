import * as z from 'zod'
import type { DriftFinding } from '../../core/drift-report/drift-of.ts'
import type { History, LoggedBucket, SeenBucket } from '../../core/judge/state.ts'
import type { EventRecord } from '../../ports.ts'
import { epochMs, figure, lengthMs, listOf, moment, rolloutIdSchema, wordsOf } from './parts.ts'

/** What became of one event. */
export const eventViewSchema = z
  .strictObject({
    id: z.string(),
    receivedAt: moment(),
    source: z.string(),
    outcome: wordsOf<EventRecord['outcome']>({
      rollout: true,
      queued: true,
      duplicate: true,
      ignored: true,
      rejected: true,
      quarantined: true,
      superseded: true,
    }),
    reason: z.string(),
    image: z.string().nullable(),
    digest: z.string().nullable(),
    entityId: z.string().nullable(),
    rollout: z.string().nullable(),
  })
  .meta({ description: 'What became of one event.' }) satisfies z.ZodType<
  Omit<EventRecord, 'receivedAt'> & { readonly receivedAt: string }
>

/** One page of events. */
export const eventListSchema = listOf(eventViewSchema)

const seenBucket = z
  .tuple([epochMs(), figure, figure, figure.nullable(), figure.nullable(), figure.nullable(), figure.nullable()])
  .meta({
    description:
      'Start, bad, total, value, and bad, total and value of the baseline (null where it was not asked or had none).',
  }) satisfies z.ZodType<SeenBucket>

const history = z.strictObject({
  phi: figure,
  buckets: z.int(),
  busy: z.int(),
  total: figure,
}) satisfies z.ZodType<History>

const logged = z.union([seenBucket, z.tuple([epochMs(), z.null()])]) satisfies z.ZodType<LoggedBucket>

/** One page of what was judged of a rollout. */
export const bucketPageSchema = z
  .strictObject({
    rollout: rolloutIdSchema,
    from: epochMs().nullable(),
    bucketMs: lengthMs(),
    history: z.record(z.string(), history),
    unfinished: z.record(z.string(), z.array(seenBucket)),
    items: z.array(
      z.strictObject({ rollout: rolloutIdSchema, at: epochMs(), kpis: z.record(z.string(), z.array(logged)) }),
    ),
    nextLink: z.string().nullable(),
  })
  .meta({ description: 'What the judge absorbed of a rollout, oldest first.' })

const names = { service: z.string(), kpi: z.string(), unit: z.enum(['ms', 'ratio', 'plain']) }

const finding = z.union([
  z.strictObject({
    ...names,
    kind: z.enum(['moved', 'steady']),
    against: z.enum(['week-before', 'day-before']),
    distance: figure,
    p: figure,
    minutes: figure,
    effective: figure,
    shifts: z.array(z.strictObject({ quantile: figure, before: figure, today: figure })),
    adjustedP: figure,
    among: z.int(),
  }),
  z.strictObject({ ...names, kind: z.literal('unclear'), why: z.string() }),
]) satisfies z.ZodType<DriftFinding>

/** The newest drift report of every service. */
export const driftListSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        service: z.string(),
        day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
        reportedAt: moment(),
        moved: z.int().min(0),
        summary: z.string(),
        findings: z.array(finding),
        remarks: z.array(z.string()),
        report: z.string(),
      }),
    ),
    without: z.array(z.string()),
  })
  .meta({ description: 'The newest drift report of every service, and the services that have none.' })
