import type { Properties } from './entity.ts'

/** An entity as it is kept: replaced as a whole at every write. */
export interface Kept {
  readonly rowKey: string
  readonly properties: Properties
  readonly etag: string
  /** When it was written, as Timestamp tells it. */
  readonly timestamp: string
}

/** The entities of one partition, in the order of their row keys (UTF-16, as strings compare). */
export interface TablePartition {
  get(rowKey: string): Kept | undefined
  put(kept: Kept): void
  remove(rowKey: string): void
  /** Entities from `from` (inclusive) on, as they stand; ends before `to` where one is given. */
  from(from: string, to: string | null): Iterable<Kept>
}

/** A partition without entities. */
export function createPartition(): TablePartition {
  const rows = new Map<string, Kept>()
  const keys: string[] = []
  return {
    get: (rowKey) => rows.get(rowKey),
    put: (kept) => {
      if (!rows.has(kept.rowKey)) keys.splice(placeOf(keys, kept.rowKey), 0, kept.rowKey)
      rows.set(kept.rowKey, kept)
    },
    remove: (rowKey) => {
      if (rows.delete(rowKey)) keys.splice(placeOf(keys, rowKey), 1)
    },
    from: function* (from, to) {
      for (let index = placeOf(keys, from); index < keys.length; index += 1) {
        const key = keys[index] as string
        if (to !== null && key >= to) return
        yield rows.get(key) as Kept
      }
    },
  }
}

/** Index of the first key that is not before `key`. */
function placeOf(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
