import * as z from 'zod'
import type { FreezeRequest, FreezeView, ListOf } from '../../api.ts'
import { reasonSchema, requestIdSchema } from './command.ts'
import { listOf, moment, nameSchema } from './parts.ts'

/** A freeze. */
export const freezeViewSchema = z
  .strictObject({
    id: z.string(),
    environment: nameSchema,
    services: z.array(z.string()).nullable(),
    kind: z.enum(['stop', 'once', 'recurring']),
    from: moment().nullable(),
    until: moment().nullable(),
    cron: z.string().nullable(),
    timeZone: z.string().nullable(),
    duration: z.string().nullable(),
    reason: z.string(),
    by: z.string(),
    createdAt: moment(),
    active: z.boolean(),
    window: z.strictObject({ from: moment(), until: moment().nullable() }).nullable(),
  })
  .meta({
    description: 'A freeze: while it holds, nothing new takes traffic. It never holds back an abort or a rollback.',
  }) satisfies z.ZodType<FreezeView>

/** One page of freezes. */
export const freezeListSchema = listOf(freezeViewSchema) satisfies z.ZodType<ListOf<FreezeView>>

/** POST /api/v1/freezes. */
export const freezeRequestSchema = z
  .strictObject({
    id: requestIdSchema.exactOptional(),
    environment: nameSchema,
    services: z.array(nameSchema).min(1).max(100).exactOptional(),
    from: z.string().max(40).meta({ format: 'date-time' }).exactOptional(),
    until: z.string().max(40).meta({ format: 'date-time' }).exactOptional(),
    cron: z
      .string()
      .max(100)
      .meta({ description: 'Five fields: minute, hour, day, month, weekday.', examples: ['0 16 * * 5'] })
      .exactOptional(),
    timeZone: z
      .string()
      .max(64)
      .meta({ description: 'Of the IANA list.', examples: ['Europe/Berlin'] })
      .exactOptional(),
    duration: z
      .string()
      .max(20)
      .meta({ examples: ['62h'] })
      .exactOptional(),
    reason: reasonSchema,
  })
  .meta({
    description: 'A freeze. Without times and cron: a stop until it is lifted.',
    examples: [
      { environment: 'production', reason: 'weekend', cron: '0 16 * * 5', timeZone: 'Europe/Berlin', duration: '62h' },
    ],
  }) satisfies z.ZodType<FreezeRequest>
