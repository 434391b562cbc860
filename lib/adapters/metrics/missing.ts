import type { Reading } from '../../core/judge/verdict.ts'

/** A reading that says why there is none. `query` is what was or would have been asked; empty where nothing could be. */
export function missing(id: string, why: string, query: string): Reading {
  return { id, kind: 'missing', why, query }
}
