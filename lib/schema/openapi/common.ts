import * as z from 'zod'
import { nameSchema } from '../api/parts.ts'
import type { AnswerTold, Content, Parameter } from './operation.ts'

/** The name of a service, in the path. */
export const SERVICE: Readonly<Record<'name', Parameter>> = {
  name: { schema: nameSchema.meta({ examples: ['pricing'] }), description: 'Name of the service.' },
}

/** Which environment is meant. */
export const ENVIRONMENT: Readonly<Record<'environment', Parameter>> = {
  environment: {
    schema: nameSchema.meta({ examples: ['production'] }),
    description: 'The environment that is meant. Needed where several have a service of that name.',
  },
}

/** A list's page. */
export const PAGES: Readonly<Record<'limit' | 'from', Parameter>> = {
  limit: {
    schema: z.int().min(1).max(100).meta({ default: 50 }),
    description: 'How many items a page has at the most.',
  },
  from: {
    schema: z.string().regex(/^[\x21-\x7e]{1,2048}$/),
    description: 'Where the page begins: part of `nextLink` of the page before. Take it from there, unchanged.',
  },
}

/** A moment, or a day, in a query. */
export function momentParameter(description: string): Parameter {
  const schema = z
    .string()
    .max(40)
    .meta({ examples: ['2026-11-21T08:00:00Z', '2026-11-21'] })
  return { schema, description }
}

const TAG = z.string().regex(/^(?:W\/)?"[\x21\x23-\x7e]*"$/)

/** The entity tag of an answer. */
export const ETAG: Readonly<Record<'etag', Parameter>> = {
  etag: { schema: TAG, description: 'Of this answer; for If-None-Match.', required: true },
}

/** What makes an answer a 304 where nothing has changed. */
export const IF_NONE_MATCH: Readonly<Record<'if-none-match', Parameter>> = {
  'if-none-match': {
    schema: z.string(),
    description: 'The ETag of the answer that you have: then 304 where nothing has changed.',
  },
}

/** What makes an answer wait for a change. */
export const PREFER: Readonly<Record<'prefer', Parameter>> = {
  prefer: {
    schema: z.string().meta({ examples: ['wait=20'] }),
    description:
      '`wait=<seconds>`, at most 25, together with If-None-Match: the answer comes as soon as something changes, or is 304 after that time.',
  },
}

const APPLIED: Readonly<Record<'preference-applied', Parameter>> = {
  'preference-applied': { schema: z.string(), description: 'It was waited for; absent where too many wait already.' },
}

/** The caller's id of a request. */
export const REQUEST_ID: Readonly<Record<'idempotency-key' | 'repeatability-request-id', Parameter>> = {
  'idempotency-key': {
    schema: z.string().regex(/^[\x20-\x7e]{1,128}$/),
    description: 'Your id of this request, where the body has none: sent again with it, it is not done again.',
  },
  'repeatability-request-id': {
    schema: z.string().regex(/^[\x20-\x7e]{1,128}$/),
    description: 'The same by its name in OASIS Repeatable Requests.',
  },
}

/** 200 with JSON. */
export function ok(
  description: string,
  schema: z.ZodType,
  headers: AnswerTold['headers'] = {},
): Record<200, AnswerTold> {
  return { 200: { description, content: { 'application/json': schema }, headers } }
}

/** 304 for who has it already. */
export const NOT_MODIFIED: Readonly<Record<304, AnswerTold>> = {
  304: { description: 'You have it already: nothing has changed.', headers: ETAG },
}

/** 304 for who has it already, and may have waited. */
export const NOT_CHANGED: Readonly<Record<304, AnswerTold>> = {
  304: { description: 'Nothing has changed in the time that was waited.', headers: { ...ETAG, ...APPLIED } },
}

/** Headers of an answer that may have been waited for. */
export const WATCHED = { ...ETAG, ...APPLIED }

/** A text of some media type. */
export function text(...types: readonly string[]): Content {
  return Object.fromEntries(types.map((type) => [type, type.endsWith('yaml') ? z.unknown() : z.string()]))
}
