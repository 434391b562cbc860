import type { Query } from '../../core/judge/reading.ts'

/** Why nobody can be asked about the time of this query, for a person; null where it is a row of whole buckets. */
export function cannotAskWindow({ from, to, bucketMs }: Pick<Query, 'from' | 'to' | 'bucketMs'>): string | null {
  if (!(Number.isSafeInteger(bucketMs) && bucketMs > 0))
    return `a bucket of ${bucketMs} ms is none: use a whole number of milliseconds`
  if (!(isTime(from) && isTime(to) && from < to))
    return `the window [${from}, ${to}) is empty or no time: ask for one whose end lies after its start`
  if (from % bucketMs === 0 && to % bucketMs === 0) return null
  return `the window [${from}, ${to}) cuts a bucket of ${bucketMs} ms: let it start and end where a bucket does`
}

function isTime(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= 8.64e15
}
