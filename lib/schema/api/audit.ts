import * as z from 'zod'
import type { AuditVerdict, AuditView, ListOf } from '../../api.ts'
import { AUDIT_KINDS } from '../../core/audit.ts'
import { evidenceSchema } from './evidence.ts'
import { figure, listOf, moment, weightsSchema } from './parts.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)

/** What an audit row tells. */
export const auditKindSchema = z.enum(AUDIT_KINDS)

/** One row of the audit. */
export const auditViewSchema = z
  .strictObject({
    schema: z.literal(1),
    id: z.string(),
    seq: z.int().min(1),
    happenedAt: moment(),
    entityId: z.string(),
    kind: auditKindSchema,
    metric: z.string(),
    value: figure.nullable(),
    notes: z.string(),
    actor: z.string(),
    rollout: z.string().nullable(),
    step: z.int().nullable(),
    weightsBefore: weightsSchema.nullable(),
    weightsAfter: weightsSchema.nullable(),
    evidence: z.array(evidenceSchema),
    detail: z.record(z.string(), z.unknown()).nullable(),
    previousHash: hash,
    hash,
    sentence: z.string(),
  })
  .meta({
    description: 'A row of the audit: append-only, numbered without gaps, chained by hash.',
  }) satisfies z.ZodType<AuditView>

/** One page of the audit. */
export const auditListSchema = listOf(auditViewSchema) satisfies z.ZodType<ListOf<AuditView>>

/** What walking a chain has shown. */
export const auditVerdictSchema = z
  .strictObject({
    entityId: z.string(),
    intact: z.boolean().meta({ description: 'Nothing that was walked so far is wrong.' }),
    rows: z.int().min(0),
    head: z.strictObject({ id: z.string(), hash, happenedAt: moment() }).nullable(),
    broken: z.strictObject({ id: z.string(), because: z.string() }).nullable(),
    nextLink: z
      .string()
      .regex(/^\/api\//)
      .nullable()
      .meta({
        description: 'Where the rest is walked when time was up; null = all of it was walked, or it is broken.',
      }),
  })
  .meta({ description: 'What walking one chain of the audit has shown.' }) satisfies z.ZodType<AuditVerdict>
