/** Looks that are shared, and waiting for them to show something new. */
export interface Lookout {
  /** What `read` gives; callers of the same key within a second get the same look. A look that failed is not kept. */
  look<T>(key: string, read: () => Promise<T>): Promise<T>
  /** Looks again and again until there is news or the time is over; null = there was none, or there was no seat. */
  until<T>(ms: number, look: () => Promise<T>, isNews: (seen: T) => boolean): Promise<Waited<T>>
}

/** How waiting ended. `full`: so many wait already that nobody else can. */
export type Waited<T> = { readonly kind: 'news'; readonly seen: T } | { readonly kind: 'over' | 'full' }

export interface LookoutOptions {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** How many may wait at once. */
  readonly seats: number
  /** Between two looks, and how long a look is good for. */
  readonly intervalMs: number
}

/** Makes a lookout. It reads nothing while nobody waits. */
export function createLookout({ now, sleep, seats, intervalMs }: LookoutOptions): Lookout {
  const looks = new Map<string, { readonly at: number; readonly seen: Promise<unknown> }>()
  let waiting = 0
  return {
    look: (key, read) => {
      const shared = looks.get(key)
      if (shared !== undefined && now() - shared.at < intervalMs) return shared.seen as ReturnType<typeof read>
      for (const [old, { at }] of looks) if (now() - at >= intervalMs) looks.delete(old)
      const seen = read()
      looks.set(key, { at: now(), seen })
      seen.catch(() => looks.delete(key))
      return seen
    },
    until: async (ms, look, isNews) => {
      if (waiting >= seats) return { kind: 'full' }
      waiting += 1
      try {
        for (const end = now() + ms; now() < end; ) {
          await sleep(Math.min(intervalMs, end - now()))
          const seen = await look()
          if (isNews(seen)) return { kind: 'news', seen }
        }
        return { kind: 'over' }
      } finally {
        waiting -= 1
      }
    },
  }
}
