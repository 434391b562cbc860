import type { Identify } from './operator.ts'
import { problem, Refusal } from './problem.ts'

/** `burst` requests at once, refilled by `perMinute`. */
export interface Limits {
  readonly perMinute: number
  readonly burst: number
}

/** Takes one request of `key`: 0 = go on, else the wait in ms after which one will be let through. */
export type Meter = (key: string, now: number) => number

/** So many keys are remembered; the one that was not seen the longest is forgotten first, and begins afresh. */
const MAX_KEYS = 10_000

/** Commands that stop things. They have a bucket of their own, so that nothing else a caller does can use it up. */
const URGENT: readonly string[] = ['abort', 'pause']

/** A token bucket for each key, in the memory of this process. */
export function createMeter({ perMinute, burst }: Limits): Meter {
  const perMs = perMinute / 60_000
  const buckets = new Map<string, { readonly left: number; readonly at: number }>()
  return (key, now) => {
    const { left, at } = buckets.get(key) ?? { left: burst, at: now }
    const full = Math.min(burst, left + Math.max(0, now - at) * perMs)
    const isOpen = full >= 1
    buckets.delete(key)
    buckets.set(key, { left: isOpen ? full - 1 : full, at: Math.max(now, at) })
    const [oldest] = buckets.keys()
    if (buckets.size > MAX_KEYS && oldest !== undefined) buckets.delete(oldest)
    return isOpen ? 0 : Math.ceil((1 - full) / perMs)
  }
}

/**
 * Counts each caller's requests, and those of strangers by the address they come from: what is too much is refused with
 * 429 and Retry-After. Who is known is never refused for what strangers did. `abort` and `pause` are counted apart.
 */
export function limited(identify: Identify, limits: Limits, now: () => number): Identify {
  const [callers, urgent, strangers] = [createMeter(limits), createMeter(limits), createMeter(limits)]
  return async (visit) => {
    const who = await identify(visit).catch((error: unknown) => {
      // A session that has ended, or a page that is not ours: whose it is, nobody knows.
      if (error instanceof Refusal) refuseAfter(strangers(addressOf(visit.headers), now()))
      throw error
    })
    if (who.kind === 'unknown') {
      refuseAfter(strangers(addressOf(visit.headers), now()))
      return who
    }
    const meter = URGENT.includes(visit.params.verb ?? '') ? urgent : callers
    refuseAfter(meter(who.caller.id, now()))
    return who
  }
}

/** Refuses with 429 where there is a wait. */
export function refuseAfter(waitMs: number): void {
  if (waitMs === 0) return
  const headers = { 'retry-after': String(Math.ceil(waitMs / 1000)) }
  const detail = 'You ask more often than SLIPWAY_RATE_LIMITS allows. Wait as long as Retry-After says.'
  throw new Refusal(problem(429, 'too-many-requests', detail, { headers }))
}

/** Where a request comes from: the last hop, which the front end itself writes. Whatever stands before it may be made up. */
export function addressOf(headers: Headers): string {
  const last = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? ''
  return last.replace(/^(?:\[(.+)\]|(\d+\.\d+\.\d+\.\d+)):\d+$/, '$1$2').slice(0, 100)
}
