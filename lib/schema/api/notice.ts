import * as z from 'zod'
import type { ListOf, NoticesRetried, NoticeView } from '../../api.ts'
import { listOf, moment, nameSchema, wordsOf } from './parts.ts'

/** A notice that one sink does not have yet. */
export const noticeViewSchema = z
  .strictObject({
    id: z.string(),
    environment: nameSchema,
    service: nameSchema.nullable(),
    rollout: z.string().nullable(),
    sink: z.string(),
    state: z.enum(['waiting', 'dead']),
    severity: wordsOf<NoticeView['severity']>({ info: true, warning: true, critical: true, resolved: true }),
    title: z.string(),
    happenedAt: moment(),
    tries: z.int().min(0),
    lastError: z.string().nullable(),
    nextTryAt: moment().nullable(),
    deadAt: moment().nullable(),
  })
  .meta({ description: 'A notice that one sink does not have yet.' }) satisfies z.ZodType<NoticeView>

/** One page of notices. */
export const noticeListSchema = listOf(noticeViewSchema) satisfies z.ZodType<ListOf<NoticeView>>

/** What trying a sink again brought. */
export const noticesRetriedSchema = z
  .strictObject({ environment: nameSchema, sink: z.string(), revived: z.int().min(0) })
  .meta({ description: 'How many notices go out again.' }) satisfies z.ZodType<NoticesRetried>
