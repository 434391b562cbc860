import * as z from 'zod'
import type { Issue } from './issue.ts'
import { queryName, readQuery } from './query.ts'

/** How drift reports are wanted: as data, or as a text for people. */
export type DriftFormat = 'json' | 'markdown'

export type DriftQueryRead =
  | { readonly ok: true; readonly environment: string | null; readonly format: DriftFormat }
  | { readonly ok: false; readonly issues: readonly Issue[] }

const driftQuerySchema = z.strictObject({
  environment: queryName.meta({ examples: ['production'] }).optional(),
})

/**
 * Reads the query string of the drift reports and the header `Accept`: Markdown where it names `text/markdown`, else JSON.
 * Without `environment` all are meant (null). Unknown and repeated parameters are refused. Never throws.
 */
export function readDriftQuery(parameters: URLSearchParams, accept: string | null): DriftQueryRead {
  const read = readQuery(driftQuerySchema, parameters)
  if (!read.ok) return read
  return { ok: true, environment: read.data.environment ?? null, format: formatOf(accept ?? '') }
}

/** Whoever names Markdown wants it: no browser and no client names it by itself. A weight of 0 refuses it. */
function formatOf(accept: string): DriftFormat {
  const named = accept.split(',').some((part) => {
    const [type, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    return type === 'text/markdown' && !parameters.some((text) => /^q=0(?:\.0*)?$/.test(text))
  })
  return named ? 'markdown' : 'json'
}
