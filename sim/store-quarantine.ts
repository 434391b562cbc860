import type { Quarantined, Suspect } from '../lib/core/quarantine.ts'
import type { Quarantine } from '../lib/ports.ts'
import { pageOf } from './store-pages.ts'

/** What lies in quarantine, in memory. */
export interface SimQuarantine extends Quarantine {
  /** Everything that is kept, in the order in which it came. */
  kept(): readonly Quarantined[]
}

interface Kept {
  readonly item: Quarantined
  readonly version: number
}

/** Keeps a quarantine under the same contract as the table store; `examine` says what is wrong with a row now. */
export function createSimQuarantine(examine: (item: Quarantined) => Suspect | null): SimQuarantine {
  const all = new Map<string, Kept>()
  const placeOf = ({ environment, id }: Pick<Quarantined, 'environment' | 'id'>) => `${environment ?? ''}/${id}`
  const loaded = ({ item, version }: Kept) => ({ item, token: version })
  const standsAt = (item: Quarantined, token: unknown) => (all.get(placeOf(item))?.version ?? null) === token
  return {
    find: async (environment, id) => {
      const kept = all.get(placeOf({ environment, id }))
      return kept === undefined ? null : loaded(kept)
    },
    keep: async (item, token) => {
      if (!standsAt(item, token)) return 'conflict'
      all.set(placeOf(item), { item, version: Number(token ?? 0) + 1 })
      return 'saved'
    },
    remove: async (item, token) => {
      if (all.has(placeOf(item)) && !standsAt(item, token)) return 'conflict'
      all.delete(placeOf(item))
      return 'saved'
    },
    items: async (environment, limit, from) => {
      const mine = [...all.values()].filter(({ item }) => item.environment === environment)
      const rows = mine.map((kept) => ({ at: kept.item.id, item: loaded(kept) }))
      return pageOf(rows, limit, from, `quarantine ${environment}`)
    },
    examine: async (item) => examine(item),
    kept: () => [...all.values()].map(({ item }) => item),
  }
}
