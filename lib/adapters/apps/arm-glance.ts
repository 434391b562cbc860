import type { Clock } from '../../ports.ts'

/**
 * How old a list may be to glance at: a sweep that takes its services slice by slice asks for each group once. A foreign edit
 * is seen by so much later at worst.
 */
const GLANCE_MS = 10_000

/** Lists that were asked for some seconds ago, by resource group. */
export interface KeptLists<T> {
  /** Keeps a list that is on its way, and hands it back; one that fails is not kept. */
  keep(group: string, list: Promise<T>): Promise<T>
  /** A list of this group that is fresh enough to glance at; undefined = there is none. */
  recent(group: string): Promise<T> | undefined
}

/** Keeps lists for glances, each for ten seconds. */
export function keptLists<T>(clock: Clock): KeptLists<T> {
  const kept = new Map<string, { readonly at: number; readonly list: Promise<T> }>()
  const isRecent = (at: number) => Math.abs(clock.now() - at) <= GLANCE_MS
  return {
    keep: (group, list) => {
      for (const [other, { at }] of kept) if (!isRecent(at)) kept.delete(other)
      const entry = { at: clock.now(), list }
      kept.set(group, entry)
      list.catch(() => {
        if (kept.get(group) === entry) kept.delete(group)
      })
      return list
    },
    recent: (group) => {
      const entry = kept.get(group)
      return entry !== undefined && isRecent(entry.at) ? entry.list : undefined
    },
  }
}
