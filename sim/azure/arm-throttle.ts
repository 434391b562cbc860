import type { Clock } from '../../lib/ports.ts'
import { ArmRefusal } from '../world/refusal.ts'

/** The calls that one caller may still make on one subscription. */
export interface Bucket {
  /** Takes one call out and says how many are left; below zero it was one too many, and nothing was taken. */
  take(): number
  /** What a caller is told who took one too many. */
  refusal(): ArmRefusal
}

/**
 * ARM's limits per subscription and service principal: how many calls at once, and how many more each second
 * (https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling).
 */
export const ARM_LIMITS = { reads: { burst: 250, perSecond: 25 }, writes: { burst: 200, perSecond: 10 } } as const

/** Token buckets that fill as the clock runs, one for each subscription and kind of call. */
export function createBuckets(clock: Clock): (subscriptionId: string, kind: 'reads' | 'writes') => Bucket {
  const buckets = new Map<string, Bucket>()
  return (subscriptionId, kind) => {
    const key = `${subscriptionId.toLowerCase()} ${kind}`
    const known = buckets.get(key) ?? createBucket(clock, subscriptionId, kind)
    buckets.set(key, known)
    return known
  }
}

function createBucket(clock: Clock, subscriptionId: string, kind: 'reads' | 'writes'): Bucket {
  const { burst, perSecond } = ARM_LIMITS[kind]
  let left: number = burst
  let filledAt = clock.now()
  return {
    take: () => {
      const now = clock.now()
      left = Math.min(burst, left + ((now - filledAt) / 1000) * perSecond)
      filledAt = now
      if (left < 1) return left - 1
      left -= 1
      return left
    },
    refusal: () => {
      const retryAfterS = Math.max(1, Math.ceil((1 - left) / perSecond))
      const message = `Number of requests for subscription '${subscriptionId}' exceeded the limit of ${kind}. Please try again after '${retryAfterS}' seconds.`
      return new ArmRefusal({ status: 429, code: 'SubscriptionRequestsThrottled', message, retryAfterS })
    },
  }
}
