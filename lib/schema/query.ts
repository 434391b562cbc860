import * as z from 'zod'
import { NAME, readInstant } from './grammar.ts'
import { type Issue, pathText } from './issue.ts'
import { issuesOf } from './zod-issues.ts'

/** The name of an environment or a service, as a query string has it. */
export const queryName = z.string().regex(NAME, {
  error: 'is no valid name; it has 2–32 of a–z, 0–9 and dashes, begins with a letter and ends with no dash',
})

/** A moment, as RFC 3339 or as a day in UTC; becomes epoch milliseconds. */
export const queryInstant = z
  .string()
  .max(40, { error: 'is too long for a moment' })
  .transform((text, context) => {
    const at = readInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
    if (at !== null) return at
    const message = 'is no moment; write it like 2026-11-21T08:00:00Z or 2026-11-21 (UTC)'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

type QueryRead<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly issues: readonly Issue[] }

/** Reads a query string by its schema, `api-version` left out. Unknown and repeated parameters are refused. Never throws. */
export function readQuery<S extends z.ZodType>(schema: S, parameters: URLSearchParams): QueryRead<z.infer<S>> {
  const input = Object.fromEntries([...parameters].filter(([key]) => key !== 'api-version'))
  const repeated = [...new Set(parameters.keys())].filter((key) => parameters.getAll(key).length > 1)
  const read = schema.safeParse(input)
  if (read.success && repeated.length === 0) return { ok: true, data: read.data }
  const twice = repeated.map((key) => ({ path: pathText([key]), message: 'stands more than once; give it once' }))
  return { ok: false, issues: [...(read.success ? [] : issuesOf(read.error, schema, input)), ...twice] }
}
