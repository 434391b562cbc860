/** How often the product looks into its outbox. */
const ROUND_MS = 15_000

/** How a sink is: `slow` = it takes what it is told, and its answer comes too late; `refusing` = it wants some never. Both in part. */
export type SinkMood = 'well' | 'down' | 'throttled' | 'slow' | 'refusing'

/** The places outside, and when they are told next. */
export interface Post {
  /** Of `chat`; `pager` is always well, so that one shows whether the other keeps it waiting. */
  mood: SinkMood
  luck: number
  calls: number
  /** Epoch milliseconds; infinite = nothing waits. */
  at: number
}

/** A post without anything to tell. */
export function createPost(): Post {
  return { mood: 'well', luck: 0, calls: 0, at: Number.POSITIVE_INFINITY }
}

/** When the product looks into its outbox next. */
export function nextBeat(now: number): number {
  return (Math.floor(now / ROUND_MS) + 1) * ROUND_MS
}

/** The first beat at or after a time. */
export function beatAt(time: number): number {
  return Math.ceil(time / ROUND_MS) * ROUND_MS
}

/** Something was stored that is to be told: the next beat looks. */
export function awaitRound(post: Post, now: number): void {
  post.at = Math.min(post.at, nextBeat(now))
}
