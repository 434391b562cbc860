import * as z from 'zod'
import { NAME } from './grammar.ts'
import type { Issue } from './issue.ts'
import { issuesOf } from './zod-issues.ts'

export type VerifyQueryRead =
  | { readonly ok: true; readonly query: VerifyQuery }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** Which chain is to be walked; `service` null = that of the whole environment. `from` null = from its head. */
export interface VerifyQuery {
  readonly environment: string
  readonly service: string | null
  readonly from: string | null
}

const name = z.string().regex(NAME, {
  error: 'is no valid name; it has 2–32 of a–z, 0–9 and dashes, begins with a letter and ends with no dash',
})

const verifyQuerySchema = z.object({
  environment: name.meta({ examples: ['production'] }),
  service: name.optional(),
  from: z
    .string()
    .regex(/^[\x21-\x7e]{1,2048}$/, { error: 'is no page mark; take `nextLink` of the answer before, unchanged' })
    .optional(),
})

/** Reads the query string of a walk along an audit chain. Never throws. */
export function readVerifyQuery(parameters: URLSearchParams): VerifyQueryRead {
  const input = Object.fromEntries(parameters)
  const read = verifyQuerySchema.safeParse(input)
  if (!read.success) return { ok: false, issues: issuesOf(read.error, verifyQuerySchema, input) }
  const { environment, service = null, from = null } = read.data
  return { ok: true, query: { environment, service, from } }
}

/** Reads of which environment digests are asked for; the page is read apart. Never throws. */
export function readDigestsQuery(
  parameters: URLSearchParams,
): { readonly ok: true; readonly environment: string } | { readonly ok: false; readonly issues: readonly Issue[] } {
  const schema = z.object({ environment: name.meta({ examples: ['production'] }) })
  const input = Object.fromEntries(parameters)
  const read = schema.safeParse(input)
  if (!read.success) return { ok: false, issues: issuesOf(read.error, schema, input) }
  return { ok: true, environment: read.data.environment }
}
