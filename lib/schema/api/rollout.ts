import * as z from 'zod'
import type { ListOf, RolloutView } from '../../api.ts'
import type { Frozen } from '../../core/freeze.ts'
import type { Approval, Cause, Outcome, PauseReason, Phase, Rollout } from '../../core/rollout.ts'
import type { Push } from '../../core/service.ts'
import { verdictSchema } from './evidence.ts'
import { storedManifestSchema } from './manifest.ts'
import {
  digestSchema,
  epochMs,
  figure,
  lengthMs,
  listOf,
  nameSchema,
  rolloutIdSchema,
  tagSchema,
  wordsOf,
} from './parts.ts'
import { commandTag } from './status.ts'

const outcome = wordsOf<Outcome>({
  promoted: true,
  'rolled-back': true,
  aborted: true,
  superseded: true,
  failed: true,
  refused: true,
  unchanged: true,
})

const pauseReason = wordsOf<PauseReason>({
  gate: true,
  operator: true,
  inconclusive: true,
  'foreign-edit': true,
  fault: true,
})

const push = z.strictObject({
  registry: z.string(),
  repository: z.string(),
  tag: tagSchema,
  digest: digestSchema,
  pushedAt: epochMs(),
  eventId: z.string(),
  source: z.string(),
  author: z.string().nullable(),
}) satisfies z.ZodType<Push>

const phase = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('preparing'), since: epochMs() }),
  z.strictObject({ kind: z.literal('provisioning'), since: epochMs() }),
  z.strictObject({
    kind: z.literal('progressing'),
    stage: z.int(),
    since: epochMs(),
    steadyAt: epochMs().nullable(),
  }),
  z.strictObject({
    kind: z.literal('paused'),
    why: pauseReason,
    because: z.string(),
    since: epochMs(),
    from: z.enum(['preparing', 'provisioning', 'progressing']),
    stage: z.int(),
    steadyAt: epochMs().nullable(),
  }),
  z.strictObject({ kind: z.literal('rolling-back'), outcome, because: z.string(), since: epochMs() }),
  z.strictObject({
    kind: z.literal('finished'),
    outcome,
    because: z.string(),
    at: epochMs(),
    watchUntil: epochMs(),
  }),
]) satisfies z.ZodType<Phase>

const footprint = z.strictObject({
  mode: z.string(),
  sticky: z.boolean(),
  followsLatest: z.boolean(),
  weights: z.record(z.string(), figure),
  labels: z.record(z.string(), z.string()),
  revisions: z.array(z.string()),
  active: z.array(z.string()),
  revisionsAt: epochMs().exactOptional(),
})

const trouble = z.strictObject({
  kind: z.enum(['not-found', 'conflict', 'throttled', 'unavailable', 'denied', 'malformed']),
  message: z.string(),
  retryAfterMs: lengthMs().nullable(),
  during: z.enum(['look', 'deed']),
  since: epochMs(),
  retryAt: epochMs(),
  count: z.int(),
})

const approval = z.strictObject({
  id: z.string(),
  name: z.string(),
  as: z.string().exactOptional(),
  step: z.int().min(1),
  digest: digestSchema,
  at: epochMs(),
  expiresAt: epochMs().nullable(),
}) satisfies z.ZodType<Approval>

const frozen = z.strictObject({
  id: z.string(),
  reason: z.string(),
  by: z.string(),
  since: epochMs(),
  until: epochMs().nullable(),
  unreadable: z.literal(true).optional(),
}) satisfies z.ZodType<Omit<Frozen, 'besides'>>

const shape = {
  schema: z.literal(1),
  id: rolloutIdSchema,
  number: z.int().min(1),
  key: z.strictObject({ environment: nameSchema, name: nameSchema }),
  push,
  cause: wordsOf<Cause>({ push: true, retry: true, undo: true }),
  approvals: z.array(approval),
  frozen: frozen.nullable(),
  unfrozen: z.array(z.string()),
  frozenAt: epochMs().nullable(),
  manifest: storedManifestSchema,
  manifestVersion: z.int().min(1),
  startedAt: epochMs(),
  phase,
  stable: z.string().nullable(),
  stableImage: z.string().optional(),
  canary: z.string(),
  expected: z.array(figure),
  wished: z.array(figure),
  wishedAt: epochMs(),
  footprint: footprint.nullable(),
  place: z.strictObject({ region: z.string(), hosts: z.record(z.string(), z.string()) }).nullable(),
  verdict: verdictSchema.nullable(),
  trouble: trouble.nullable(),
  leftovers: z.array(z.string()),
  repairs: z.int().min(0),
  repairBurst: z.strictObject({ since: epochMs(), before: z.int().min(0) }).optional(),
  trafficSeenAt: epochMs(),
  unwell: z.int().min(0),
  restarting: z.int().min(0),
  overdue: z.boolean(),
  wakeAt: epochMs().nullable(),
}

/** A rollout as it is stored. Its times are epoch milliseconds. */
export const rolloutSchema = z
  .strictObject(shape)
  .meta({ description: 'A rollout as it is stored. Its times are epoch milliseconds.' }) satisfies z.ZodType<Rollout>

/** GET …/rollouts/{number}. */
export const rolloutViewSchema = z
  .strictObject({ ...shape, etag: commandTag })
  .meta({ description: 'A rollout, with the tag for If-Match of a command.' }) satisfies z.ZodType<RolloutView>

/** One page of rollouts. */
export const rolloutListSchema = listOf(rolloutSchema) satisfies z.ZodType<ListOf<Rollout>>
