import * as z from 'zod'
import { DIGEST, NAME, ROLLOUT_ID, TAG } from '../grammar.ts'

/** Exactly the words of a union: a word too many or one forgotten does not compile. */
export function wordsOf<Word extends string>(words: Readonly<Record<Word, true>>) {
  return z.enum(Object.keys(words) as [Word, ...Word[]])
}

/** A moment as the API answers it: ISO 8601, UTC, milliseconds. */
export function moment(description?: string) {
  const shape = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  return shape.meta({ format: 'date-time', ...(description === undefined ? {} : { description }) })
}

/** A moment as stored: milliseconds since 1970-01-01T00:00Z. */
export function epochMs() {
  return z.int().meta({ description: 'Milliseconds since 1970-01-01T00:00Z.' })
}

/** A length of time in milliseconds, never negative. */
export function lengthMs() {
  return z.int().min(0)
}

/** A figure as the API answers it; any finite number. */
export const figure = z.number()

/** The name of a service or environment. */
export const nameSchema = z.string().regex(NAME)
/** The tag of an image. */
export const tagSchema = z.string().regex(TAG)
/** The digest of an image. */
export const digestSchema = z
  .string()
  .regex(DIGEST)
  .meta({ description: 'Digest of the image: sha256 and 64 hex digits.' })
/** The id of a rollout. */
export const rolloutIdSchema = z
  .string()
  .regex(ROLLOUT_ID)
  .meta({ examples: ['pricing-7'] })

/** Weights in percent by revision. */
export const weightsSchema = z.record(z.string(), figure).meta({ description: 'Percent of the traffic by revision.' })

/** One page of a list of `item`. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: z.array(item),
    nextLink: z
      .string()
      .regex(/^\/api\//)
      .nullable()
      .meta({ description: 'Path and query of the next page; null = this was the last.' }),
  })
}
