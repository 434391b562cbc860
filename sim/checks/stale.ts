import type { TraceEvent } from '../trial/trace.ts'

/** Knows since when ARM shows what was before, instead of what is. */
export interface Stale {
  /** Since when the app of this service is shown as it was; null = it is shown as it is. */
  since(entity: string): number | null
}

/** What it follows. */
export const STALE = ['fault'] as const

/** Follows when reads are stale: what a hand does meanwhile, nobody can see. */
export function followStale(): Stale & { see(event: TraceEvent): void } {
  const standing = new Map<string, number>()
  return {
    see: (event) => {
      if (event.kind !== 'fault' || event.variant !== 'reads-stale' || event.entity === null) return
      if (event.moment === 'ends') standing.delete(event.entity)
      else standing.set(event.entity, event.at)
    },
    since: (entity) => standing.get(entity) ?? null,
  }
}
