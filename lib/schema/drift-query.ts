import * as z from 'zod'
import { NAME } from './grammar.ts'
import { type Issue, pathText } from './issue.ts'
import { issuesOf } from './zod-issues.ts'

/** How drift reports are wanted: as data, or as a text for people. */
export type DriftFormat = 'json' | 'markdown'

export type DriftQueryRead =
  | { readonly ok: true; readonly environment: string | null; readonly format: DriftFormat }
  | { readonly ok: false; readonly issues: readonly Issue[] }

const driftQuerySchema = z.strictObject({
  environment: z
    .string()
    .regex(NAME, {
      error: 'is no valid name; it has 2–32 of a–z, 0–9 and dashes, begins with a letter and ends with no dash',
    })
    .meta({ examples: ['production'] })
    .optional(),
})

/**
 * Reads the query string of the drift reports and the header `Accept`: Markdown where it names `text/markdown`, else JSON.
 * Without `environment` all are meant (null). Unknown and repeated parameters are refused. Never throws.
 */
export function readDriftQuery(parameters: URLSearchParams, accept: string | null): DriftQueryRead {
  const input = Object.fromEntries([...parameters].filter(([key]) => key !== 'api-version'))
  const repeated = [...new Set(parameters.keys())].filter((key) => parameters.getAll(key).length > 1)
  const read = driftQuerySchema.safeParse(input)
  if (read.success && repeated.length === 0) {
    return { ok: true, environment: read.data.environment ?? null, format: formatOf(accept ?? '') }
  }
  const twice = repeated.map((key) => ({ path: pathText([key]), message: 'stands more than once; give it once' }))
  return { ok: false, issues: [...(read.success ? [] : issuesOf(read.error, driftQuerySchema, input)), ...twice] }
}

/** Whoever names Markdown wants it: no browser and no client names it by itself. A weight of 0 refuses it. */
function formatOf(accept: string): DriftFormat {
  const named = accept.split(',').some((part) => {
    const [type, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    return type === 'text/markdown' && !parameters.some((text) => /^q=0(?:\.0*)?$/.test(text))
  })
  return named ? 'markdown' : 'json'
}
