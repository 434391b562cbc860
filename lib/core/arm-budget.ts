/** Reads and writes are limited apart. */
export type ArmLane = 'reads' | 'writes'

/**
 * ARM's limits per subscription and service principal: how many calls at once, and how many more each second. `kept` of the
 * burst is for rollbacks alone: a fifth.
 */
const LIMITS = {
  reads: { burst: 250, perSecond: 25, kept: 50 },
  writes: { burst: 200, perSecond: 10, kept: 40 },
} as const

/** How long ordinary calls of a subscription rest after a 429 that asks for no wait of its own. */
const REST_MS = 5_000
/** The longest wait that a 429 can ask of ordinary calls: a header is not to silence a subscription for a day. */
const LONGEST_REST_MS = 300_000

/** How long a refused call of a rollback waits before it is made again. */
export const TRY_AGAIN_MS = 1_000

interface Bucket {
  readonly left: number
  readonly at: number
}

/** What we believe to be left of a subscription's calls; times are epoch milliseconds. */
export interface ArmBudget {
  readonly reads: Bucket
  readonly writes: Bucket
  /** Ordinary calls are not made before this. */
  readonly restsUntil: number
}

/** Whether a call may be made now. `waitMs` 0 = it may, and is counted in `budget`; else when to ask again. */
export interface Admission {
  readonly budget: ArmBudget
  readonly waitMs: number
  /** Why not, as a sentence; empty where it may. */
  readonly because: string
}

/** The budget of a subscription that nobody has called yet. */
export function fullBudget(now: number): ArmBudget {
  const full = (lane: ArmLane) => ({ left: LIMITS[lane].burst, at: now })
  return { reads: full('reads'), writes: full('writes'), restsUntil: 0 }
}

/** Asks for one call. An urgent one is of a rollback: it may take what is kept, and goes on while others rest. */
export function admit(budget: ArmBudget, lane: ArmLane, urgent: boolean, now: number): Admission {
  const { burst, perSecond, kept } = LIMITS[lane]
  const rest = budget.restsUntil - now
  // A rest longer than any that is ever set was set by a clock that has gone back since.
  if (!urgent && rest > 0 && rest <= LONGEST_REST_MS)
    return { budget, waitMs: rest, because: 'Azure refused an earlier call of this subscription and wants a rest' }
  const before = budget[lane]
  const left = Math.min(burst, before.left + (Math.max(0, now - before.at) / 1000) * perSecond)
  const needed = 1 + (urgent ? 0 : kept)
  if (left < needed) {
    const waitMs = Math.max(1, Math.ceil(((needed - left) / perSecond) * 1000))
    return {
      budget: { ...budget, [lane]: { left, at: now } },
      waitMs,
      because: `the ${lane} of this subscription are used up but for those that are kept for rollbacks`,
    }
  }
  return { budget: { ...budget, [lane]: { left: left - 1, at: now } }, waitMs: 0, because: '' }
}

/** Takes in a 429: ordinary calls rest for as long as it asks, or for some seconds. */
export function refused(budget: ArmBudget, retryAfterMs: number | null, now: number): ArmBudget {
  const restsUntil = now + Math.min(retryAfterMs ?? REST_MS, LONGEST_REST_MS)
  const stands = budget.restsUntil <= now + LONGEST_REST_MS ? budget.restsUntil : 0
  return { ...budget, restsUntil: Math.max(stands, restsUntil) }
}
