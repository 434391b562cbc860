import type { Query } from '../../core/judge/reading.ts'
import type { HttpAnswer } from './http-answer.ts'
import type { Trouble } from './trouble.ts'

/** So many buckets, of about a hundred bytes each, stay well within the 5 MiB that are read of one answer. */
const MOST_BUCKETS = 15_000

/** So many POSTs to one URL are under way at the same time. */
const AT_ONCE = 4

/** These queries in groups, in order: each asks about 15,000 buckets at most, or is a single query. */
export function batchesOf(queries: readonly Query[]): readonly (readonly Query[])[] {
  const batches: Query[][] = []
  let room = 0
  for (const query of queries) {
    const buckets = Math.ceil((query.to - query.from) / query.bucketMs)
    const last = batches.at(-1)
    if (last === undefined || buckets > room) {
      batches.push([query])
      room = MOST_BUCKETS - buckets
    } else {
      last.push(query)
      room -= buckets
    }
  }
  return batches
}

/**
 * Answers to the batches of one URL, in order, four at once. A service that is late or throttles us is not asked about
 * the batches that had no turn yet: they have the same answer. Never throws where `ask` does not.
 */
export async function sendBatches<T>(
  batches: readonly T[],
  ask: (batch: T) => Promise<HttpAnswer | Trouble>,
): Promise<readonly (HttpAnswer | Trouble)[]> {
  const answers: (HttpAnswer | Trouble)[] = []
  let next = 0
  let overtaxed: Trouble | null = null
  const work = async () => {
    for (let place = next++; place < batches.length; place = next++) {
      const batch = batches[place]
      if (batch === undefined) return
      const answer: HttpAnswer | Trouble = overtaxed ?? (await ask(batch))
      answers[place] = answer
      if ('why' in answer && (answer.silence === 'late' || answer.silence === 'throttled')) overtaxed = answer
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, batches.length) }, work))
  return answers
}
