import * as z from 'zod'
import type { ListOf, QuarantineRedriven, QuarantineView } from '../../api.ts'
import { listOf, moment, nameSchema, wordsOf } from './parts.ts'

const WHAT = {
  service: true,
  rollout: true,
  judge: true,
  buckets: true,
  audit: true,
  command: true,
  due: true,
  freezes: true,
  notice: true,
  parcel: true,
  sink: true,
  thread: true,
  digest: true,
  source: true,
  event: true,
  unknown: true,
  delivery: true,
  'registry-event': true,
  turn: true,
} as const

/** Something that cannot be read or acted on. */
export const quarantineViewSchema = z
  .strictObject({
    id: z.string(),
    kind: z.enum(['row', 'message', 'service']),
    what: wordsOf<QuarantineView['what']>(WHAT),
    place: z.string(),
    environment: nameSchema.nullable(),
    service: nameSchema.nullable(),
    field: z.string().nullable(),
    why: z.string(),
    holds: z.boolean(),
    state: z.enum(['waiting', 'redriven', 'dismissed']),
    since: moment(),
    triedAt: moment(),
    tries: z.int().min(1),
    nextTryAt: moment().nullable(),
    redriven: z.strictObject({ by: z.string(), at: moment() }).nullable(),
    dismissed: z.strictObject({ by: z.string(), at: moment(), reason: z.string() }).nullable(),
    content: z.string().nullable(),
  })
  .meta({ description: 'Something that cannot be read or acted on, set aside.' }) satisfies z.ZodType<QuarantineView>

/** One page of the quarantine. */
export const quarantineListSchema = listOf(quarantineViewSchema) satisfies z.ZodType<ListOf<QuarantineView>>

/** What another try brought. */
export const quarantineRedrivenSchema = z
  .strictObject({ outcome: z.enum(['released', 'unreadable', 'queued']), item: quarantineViewSchema })
  .meta({ description: 'What another try brought.' }) satisfies z.ZodType<QuarantineRedriven>
