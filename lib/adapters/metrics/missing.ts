import type { Reading, Silence } from '../../core/judge/reading.ts'

/**
 * A reading that says why there is none. `why` tells a person what happened and what to do; `query` is what was or would
 * have been asked, empty where nothing could be.
 */
export function missing(id: string, silence: Silence, why: string, query: string): Reading {
  return { id, kind: 'missing', silence, why, query }
}
