import type { Trouble } from '../lib/core/app.ts'
import type { Presence, Registry } from '../lib/ports.ts'

/** A registry that has every manifest but those that a story takes away. */
export interface SimRegistry extends Registry {
  /** Takes a digest away, as a clean-up task does. */
  remove(digest: string): void
  restore(digest: string): void
  /** While not null, nobody can say what is there. */
  trouble: Trouble | null
  /** How many images were asked for. */
  asked: number
}

/** A registry with everything in it. */
export function createSimRegistry(): SimRegistry {
  const removed = new Set<string>()
  const registry: SimRegistry = {
    trouble: null,
    asked: 0,
    remove: (digest) => void removed.add(digest),
    restore: (digest) => void removed.delete(digest),
    has: async (images) => {
      registry.asked += images.length
      return images.map(({ digest }): Presence => {
        if (registry.trouble !== null) return { kind: 'unknown', trouble: registry.trouble }
        return { kind: removed.has(digest) ? 'absent' : 'present' }
      })
    },
  }
  return registry
}
