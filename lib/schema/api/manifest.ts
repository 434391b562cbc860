import * as z from 'zod'
import type { PlannedStep, PlanView } from '../../api.ts'
import type { Kpi, Manifest } from '../../core/service.ts'
import { manifestSchema } from '../manifest-shape.ts'
import { kpiRole } from './evidence.ts'
import { figure, lengthMs, moment, nameSchema, rolloutIdSchema } from './parts.ts'

const lengthOrNull = lengthMs().nullable()

const source = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('azure-logs') }),
  z.strictObject({ kind: z.literal('azure-metrics') }),
  z.strictObject({ kind: z.literal('app-insights'), dimension: z.string().nullable() }),
  z.strictObject({
    kind: z.literal('prometheus'),
    names: z.strictObject({
      requests: z.string(),
      duration: z.string(),
      revisionLabel: z.string(),
      statusLabel: z.string(),
      labels: z.record(z.string(), z.string()).exactOptional(),
    }),
    counters: z.strictObject({ bad: z.string(), total: z.string() }).nullable(),
    gauge: z.string().nullable(),
  }),
  z.strictObject({ kind: z.literal('http'), url: z.string(), secret: z.string().nullable() }),
  z.strictObject({ kind: z.literal('probe'), path: z.string(), count: z.int(), timeoutMs: lengthMs() }),
])

const named = { name: nameSchema, role: kpiRole, source, lagMs: lengthMs(), minRequests: figure.nullable() }

const kpi = z.discriminatedUnion('kind', [
  z.strictObject({ ...named, kind: z.literal('latency'), percentile: figure, limitMs: figure }),
  z.strictObject({ ...named, kind: z.literal('error-rate'), limitRatio: figure, alsoBad: z.array(z.int()) }),
  z.strictObject({ ...named, kind: z.literal('uptime'), limitRatio: figure }),
  z.strictObject({ ...named, kind: z.literal('ratio'), limitRatio: figure }),
  z.strictObject({ ...named, kind: z.literal('gauge'), limit: figure, wanted: z.enum(['below', 'above']) }),
]) satisfies z.ZodType<Kpi>

/** A manifest as it is stored in a rollout: checked, every default filled in. */
export const storedManifestSchema = z
  .strictObject({
    name: nameSchema,
    environment: nameSchema,
    target: z.strictObject({
      subscriptionId: z.string(),
      resourceGroup: z.string(),
      app: z.string(),
      container: z.string().nullable(),
    }),
    image: z.strictObject({
      registry: z.string(),
      repository: z.string(),
      tags: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('glob'), pattern: z.string() }),
        z.strictObject({ kind: z.literal('semver'), range: z.string() }),
      ]),
    }),
    stages: z.array(z.strictObject({ weight: z.int().min(1).max(100), bakeMs: lengthMs(), gate: z.boolean() })),
    analysis: z.strictObject({
      intervalMs: lengthMs(),
      bucketMs: lengthMs(),
      warmUpMs: lengthMs(),
      kpis: z.array(kpi),
      onInconclusive: z.strictObject({ afterMs: lengthOrNull, then: z.enum(['wait', 'abort', 'promote-never']) }),
      onRelative: z.enum(['hold', 'abort', 'ignore']),
      onBlind: z.strictObject({ afterMs: lengthMs(), then: z.enum(['wait', 'abort']) }),
      requireEvidence: z.boolean(),
    }),
    approvals: z
      .strictObject({
        required: z.int().min(1),
        from: z.array(z.string()).nullable(),
        notAuthor: z.boolean(),
        validForMs: lengthOrNull,
      })
      .nullable(),
    onNewRevision: z.enum(['supersede', 'queue', 'reject']),
    deadlines: z.strictObject({ readyMs: lengthMs(), trafficMs: lengthMs(), gateMs: lengthOrNull }),
    drainMs: lengthMs(),
    scaleDownDelayMs: lengthMs(),
    watchMs: lengthMs(),
  })
  .meta({ description: 'A manifest, checked, with every default filled in.' }) satisfies z.ZodType<Manifest>

/** GET …/manifest as JSON. */
export const manifestViewSchema = z
  .strictObject({ version: z.int().min(1), manifest: manifestSchema })
  .meta({ description: 'The newest manifest of a service as it is written, and its version.' })

/** PUT …/manifest. */
export const manifestStoredSchema = z
  .strictObject({
    kind: z.enum(['created', 'changed', 'unchanged']),
    version: z.int().min(1),
    running: rolloutIdSchema
      .nullable()
      .meta({ description: 'The rollout that goes on with the manifest of before, or null.' }),
  })
  .meta({ description: 'What storing a manifest brought.' })

const plannedStep = z.strictObject({
  number: z.int().min(1),
  weight: z.int().min(1).max(100),
  bakeMs: lengthMs(),
  gate: z.boolean(),
  startsAt: moment(),
}) satisfies z.ZodType<PlannedStep>

/** POST …/plan. */
export const planViewSchema = z
  .strictObject({
    service: nameSchema,
    environment: nameSchema,
    version: z.strictObject({ now: z.int().min(0), next: z.int().min(1) }),
    changes: z.array(z.strictObject({ path: z.string(), before: z.unknown(), after: z.unknown() })),
    running: rolloutIdSchema.nullable(),
    steps: z.array(plannedStep),
    leastMs: lengthMs(),
    endsAt: moment(),
    freezes: z.array(
      z.strictObject({ id: z.string(), reason: z.string(), from: moment(), until: moment().nullable() }),
    ),
    sentences: z.array(z.string()),
  })
  .meta({
    description: 'What storing this manifest, and the next push with it, would do.',
  }) satisfies z.ZodType<PlanView>
