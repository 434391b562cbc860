import * as z from 'zod'
import type { ListOf, ServiceView } from '../../api.ts'
import { VERBS } from '../../core/facts.ts'
import type { Gate } from '../../core/status.ts'
import { evidenceSchema } from './evidence.ts'
import {
  digestSchema,
  lengthMs,
  listOf,
  moment,
  nameSchema,
  rolloutIdSchema,
  tagSchema,
  weightsSchema,
} from './parts.ts'

/** What an operator can tell a rollout to do. */
export const verbSchema = z.enum(VERBS)

/** A manual gate that a rollout waits at. */
export const gateSchema = z
  .strictObject({
    step: z.int().min(1),
    digest: digestSchema,
    required: z.int().min(1),
    given: z.array(z.strictObject({ by: z.string(), at: moment(), expiresAt: moment().nullable() })),
    from: z.array(z.string()).nullable(),
    notAuthor: z.boolean(),
    author: z.string().nullable(),
    expiresAt: moment().nullable(),
  })
  .meta({ description: 'A manual gate: what it takes to open it, and what it has.' }) satisfies z.ZodType<Gate>

/** The tag for `If-Match` of commands. */
export const commandTag = z
  .string()
  .regex(/^"[\x21\x23-\x7e]+"$/)
  .meta({
    description: 'For If-Match of a command: changes with rollout, phase and step, not with every look.',
    examples: ['"pricing-7.paused.2.1795248000000"'],
  })

/** A service as it stands, for the caller. */
export const serviceViewSchema = z
  .strictObject({
    service: nameSchema,
    environment: nameSchema,
    phase: z.enum(['idle', 'preparing', 'provisioning', 'progressing', 'paused', 'rolling-back', 'finished']),
    outcome: z.string().nullable(),
    rollout: rolloutIdSchema.nullable(),
    tag: tagSchema.nullable(),
    digest: digestSchema.nullable(),
    step: z.strictObject({ number: z.int().min(1), of: z.int().min(1) }).nullable(),
    stable: z.string().nullable(),
    canary: z.string().nullable(),
    weights: z.strictObject({ wanted: weightsSchema.nullable(), actual: weightsSchema.nullable() }),
    what: z.string(),
    why: z.string(),
    next: z.string(),
    nextAt: moment('When `next` can come at the earliest; null where it waits for a person or for nothing.').nullable(),
    nextInMs: lengthMs().nullable(),
    kpis: z.array(evidenceSchema),
    trouble: z.string().nullable(),
    pending: z.array(tagSchema),
    manifestVersion: z.int().min(1),
    gate: gateSchema.nullable(),
    freeze: z
      .strictObject({
        id: z.string(),
        reason: z.string(),
        by: z.string(),
        until: moment().nullable(),
        unreadable: z
          .literal(true)
          .exactOptional()
          .meta({ description: 'Nobody can read which freezes hold: that passes by itself, and nobody can lift it.' }),
      })
      .nullable(),
    commands: z.array(verbSchema).meta({ description: 'What the state of the rollout allows anybody now.' }),
    may: z.array(verbSchema).meta({ description: 'Of these, what this caller may ask for.' }),
    etag: commandTag,
  })
  .meta({
    description: 'A service as it stands: what, why, what comes next and when.',
  }) satisfies z.ZodType<ServiceView>

/** One page of services. */
export const serviceListSchema = listOf(serviceViewSchema) satisfies z.ZodType<ListOf<ServiceView>>
