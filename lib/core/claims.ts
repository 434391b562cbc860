import type { Rollout } from './rollout.ts'

/** A service that wants a look, as a sweep finds it. */
export interface Due {
  readonly name: string
  /** Whether a rollback waits for it: such a one comes before all others. */
  readonly isUrgent: boolean
  /** Until when somebody has it in hand, by his own clock, epoch milliseconds; null = nobody said so. */
  readonly claimedUntil: number | null
}

/** What one worker takes of what is due. */
export interface Share<T extends Due> {
  /** What is to be looked at now, in the order of `due`. */
  readonly mine: readonly T[]
  /** Whether others are to be told to leave `mine` alone: not where one worker does all that is due at once, and it is little. */
  readonly isClaim: boolean
  /** How much more is due that nobody has in hand. */
  readonly left: number
  /** When the first claim of somebody else ends, epoch milliseconds; null = nobody has anything in hand. */
  readonly othersUntil: number | null
}

/** So few are not worth a claim: two workers who come at once look at them twice, and one of them in vain. */
const UNCLAIMED = 100
/** How long a claim counts: longer than a slice is worked at once it was measured (`lib/engine/turn.ts`), and shorter than a tick. */
const CLAIM_MS = 30_000
/** Two workers at one rollback do no harm, and a rollback that nobody makes does. */
const URGENT_CLAIM_MS = 5_000

/**
 * Shares out what is due: at most `limit`, leaving out what this worker has done (`except`) and what somebody else has in
 * hand. A claim is a hint and never a right: it says who looks first, and every writer still has to win by the rows' versions.
 */
export function shareOf<T extends Due>(
  due: readonly T[],
  now: number,
  limit: number,
  except: ReadonlySet<string>,
): Share<T> {
  const all = due.filter(({ name }) => !except.has(name))
  const free = all.filter((one) => !isClaimed(one, now))
  const ends = all.flatMap((one) => (isClaimed(one, now) ? [one.claimedUntil ?? now] : []))
  return {
    mine: free.slice(0, limit),
    isClaim: all.length > Math.min(limit, UNCLAIMED),
    left: Math.max(0, free.length - limit),
    othersUntil: ends.length === 0 ? null : Math.min(...ends),
  }
}

/** The next look at a rollback is never set further off than a minute. */
export const LONGEST_URGENT_WAIT_MS = 120_000

/**
 * Whether a look that was set for `at` is to be taken now. One at a rollback that is further off than any that is ever set was
 * set by a clock that ran ahead: users must not wait until the others' clocks come there.
 */
export function isDueBy({ at, isUrgent }: Pick<Due, 'isUrgent'> & { readonly at: number }, now: number): boolean {
  return at <= now || (isUrgent && at > now + LONGEST_URGENT_WAIT_MS)
}

/** So far may the clocks of two workers be apart before one does not believe what the other has set. */
const CLOCKS_APART_MS = 600_000

/** Whether a rollout's next look is set for later than any look ever is: whoever set it had a clock that ran ahead. */
export function isTooFarOff({ wakeAt, manifest }: Pick<Rollout, 'wakeAt' | 'manifest'>, now: number): boolean {
  return wakeAt !== null && wakeAt > now + 2 * manifest.analysis.intervalMs + CLOCKS_APART_MS
}

/** Until when a claim made now counts, epoch milliseconds. */
export function claimEnd({ isUrgent }: Pick<Due, 'isUrgent'>, now: number): number {
  return now + (isUrgent ? URGENT_CLAIM_MS : CLAIM_MS)
}

/** A claim from a clock that runs ahead would hold for as long as that clock is ahead: what is too good is not believed. */
function isClaimed(one: Due, now: number): boolean {
  const { claimedUntil } = one
  return claimedUntil !== null && claimedUntil > now && claimedUntil <= claimEnd(one, now)
}

/** Whether the next look at a rollout is one that nothing may wait before. */
export function isUrgent({ phase }: Pick<Rollout, 'phase'>): boolean {
  return phase.kind === 'rolling-back'
}
