import type { Restarts } from '../lib/ports.ts'

/** Restarts as a story tells them. */
export interface SimRestarts extends Restarts {
  /** By revision: what every question about it is answered with; null = nobody can tell. Others have none. */
  readonly told: Map<string, number | null>
}

/** No restarts until a story tells of some. */
export function createSimRestarts(): SimRestarts {
  const told = new Map<string, number | null>()
  return {
    told,
    count: async (asks) => asks.map(({ revision }) => (told.has(revision) ? (told.get(revision) ?? null) : 0)),
  }
}
