import * as z from 'zod'
import type { AuditList, AuditVerdict, AuditView, DigestList } from '../../api.ts'
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
export const auditListSchema = listOf(auditViewSchema).extend({
  people: z.record(z.string(), z.string().nullable()).meta({
    description: 'What people behind the pseudonyms of these rows are called; null = they were erased.',
  }),
}) satisfies z.ZodType<AuditList>

/** What walking a chain has shown. */
export const auditVerdictSchema = z
  .strictObject({
    entityId: z.string(),
    intact: z.boolean().meta({ description: 'Nothing that was walked so far is wrong.' }),
    rows: z.int().min(0),
    head: z.strictObject({ id: z.string(), hash, happenedAt: moment() }).nullable(),
    broken: z.strictObject({ id: z.string(), because: z.string() }).nullable(),
    removed: z
      .strictObject({ seq: z.int().min(1), hash })
      .nullable()
      .meta({ description: 'The row up to which older ones were removed under the retention.' }),
    nextLink: z
      .string()
      .regex(/^\/api\//)
      .nullable()
      .meta({
        description: 'Where the rest is walked when time was up; null = all of it was walked, or it is broken.',
      }),
  })
  .meta({ description: 'What walking one chain of the audit has shown.' }) satisfies z.ZodType<AuditVerdict>

const publicKey = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  alg: z.literal('ES256'),
  use: z.literal('sig'),
  kid: z.string(),
})
const signature = z.strictObject({
  algorithm: z.literal('ES256'),
  keyId: z.string().meta({ description: 'Thumbprint of the public key (RFC 7638).' }),
  value: z.string().meta({ description: 'base64url of r and s, 64 bytes.' }),
  key: publicKey.exactOptional().meta({ description: 'The public half, as JWK: compare it with one that you kept.' }),
})

/** What is said of all chains of an environment at one moment, signed. */
export const signedDigestSchema = z
  .strictObject({
    schema: z.literal(1),
    environment: z.string(),
    number: z.int().min(1),
    at: moment(),
    heads: z
      .array(z.strictObject({ entityId: z.string(), seq: z.int().min(1), hash }))
      .meta({ description: 'The newest row of every chain.' }),
    previousHash: hash,
    hash: hash.meta({ description: 'SHA-256 over the canonical JSON of all but `hash` and `signature`.' }),
    signature,
  })
  .meta({ description: 'A signed digest of the audit: where every chain stood at one moment.' })

/** What was removed from the audit under its retention, signed. */
export const signedCutSchema = z
  .strictObject({
    schema: z.literal(1),
    environment: z.string(),
    number: z.int().min(1),
    at: moment(),
    retentionDays: z.int().min(90),
    digest: z.strictObject({ number: z.int().min(1), hash, at: moment() }),
    rows: z.int().min(0).meta({ description: 'How many rows this cut removed.' }),
    heads: z
      .array(z.strictObject({ entityId: z.string(), seq: z.int().min(1), hash }))
      .meta({ description: 'The last row that was removed of each chain.' }),
    previousHash: hash,
    hash,
    signature,
  })
  .meta({ description: 'What was removed from the audit under its retention: what is left begins there.' })

/** One page of digests, with the public keys. */
export const digestListSchema = listOf(signedDigestSchema).extend({
  keys: z.array(publicKey).meta({ description: 'Of the keys that sign now, newest first, as JWK.' }),
  cut: signedCutSchema.nullable(),
}) satisfies z.ZodType<DigestList>
