import * as z from 'zod'
import type { CommandReply, CommandRequest, GateView, ListOf, PushReply, PushRequest } from '../../api.ts'
import { digestSchema, listOf, nameSchema, rolloutIdSchema, tagSchema, wordsOf } from './parts.ts'
import { commandTag, gateSchema, verbSchema } from './status.ts'

/** Without control characters and marks that turn the reading direction: one plain line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is kept out
const PLAIN = /^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/

const line = (longest: number) => z.string().min(1).max(longest).regex(PLAIN)

/** The caller's id of a request: asking again with it does nothing again. */
export const requestIdSchema = z
  .string()
  .regex(/^[\x20-\x7e]{1,128}$/)
  .meta({ description: 'Your id of this request, e.g. a UUID: with the same id it is done once. Or Idempotency-Key.' })

/** Why something is done, on one plain line. */
export const reasonSchema = line(500)

/** POST …/commands/{verb}. */
export const commandRequestSchema = z
  .strictObject({
    id: requestIdSchema.exactOptional(),
    reason: reasonSchema.exactOptional(),
    rollout: rolloutIdSchema.exactOptional(),
    step: z.int().min(1).max(1000).exactOptional(),
    digest: digestSchema.exactOptional(),
    to: line(128).exactOptional(),
    override: z.boolean().exactOptional(),
  })
  .meta({
    description: 'A command. All parts are optional, except that it needs an id here or in Idempotency-Key.',
    examples: [{ id: 'e2c1f4f0-1', reason: 'the numbers look good', rollout: 'pricing-7', step: 2 }],
  }) satisfies z.ZodType<CommandRequest>

/** What a command brought. */
export const commandReplySchema = z
  .strictObject({
    id: z.string(),
    verb: verbSchema,
    repeated: z.boolean(),
    rollout: rolloutIdSchema.nullable(),
    because: z.string(),
    outstanding: z.string().nullable().meta({
      description: 'Why its deeds are not at Azure yet; it is stored and goes on by itself. Null = they are.',
    }),
  })
  .meta({
    description: 'What a command brought.',
    examples: [
      {
        id: 'e2c1f4f0-1',
        verb: 'abort',
        repeated: false,
        rollout: 'pricing-7',
        because: 'pricing-7 is rolled back: ada@example.com aborts it',
        outstanding: null,
      },
    ],
  }) satisfies z.ZodType<CommandReply>

/** POST …/pushes. */
export const pushRequestSchema = z
  .strictObject({
    id: requestIdSchema.exactOptional(),
    tag: tagSchema,
    digest: digestSchema,
    reason: reasonSchema.exactOptional(),
  })
  .meta({
    description: 'An image that is in the registry, as the registry would announce it.',
    examples: [
      { id: 'build-812', tag: 'v4', digest: 'sha256:4d8f2f0e6c0d6f1fb3a0a2f7f9c3a1a5d6c7b8e9f00112233445566778899aab' },
    ],
  }) satisfies z.ZodType<PushRequest>

/** What became of a push. */
export const pushReplySchema = z
  .strictObject({
    id: z.string(),
    outcome: wordsOf<PushReply['outcome']>({
      rollout: true,
      queued: true,
      duplicate: true,
      ignored: true,
      rejected: true,
      quarantined: true,
      superseded: true,
    }),
    reason: z.string(),
    rollout: rolloutIdSchema.nullable(),
  })
  .meta({
    description: 'What became of a push.',
    examples: [{ id: 'build-812', outcome: 'rollout', reason: 'rollout pricing-8 begins', rollout: 'pricing-8' }],
  }) satisfies z.ZodType<PushReply>

/** One gate that waits, for this caller. */
export const gateViewSchema = z
  .strictObject({
    environment: nameSchema,
    service: nameSchema,
    rollout: rolloutIdSchema,
    tag: tagSchema,
    digest: digestSchema,
    gate: gateSchema,
    etag: commandTag,
    mine: z.strictObject({ may: z.boolean(), because: z.string() }),
  })
  .meta({
    description: 'A manual gate that waits, and whether this caller may approve it.',
  }) satisfies z.ZodType<GateView>

/** One page of gates. */
export const gateListSchema = listOf(gateViewSchema) satisfies z.ZodType<ListOf<GateView>>
