import { type ArmBudget, type ArmLane, admit, fullBudget, refused, TRY_AGAIN_MS } from '../lib/core/arm-budget.ts'
import type { Target } from '../lib/core/service.ts'
import { Fault, type FaultKind } from '../lib/errors.ts'
import type { Urgent } from '../lib/ports.ts'
import type { SimClock } from './clock.ts'
import { ArmRefusal } from './world/refusal.ts'

/** Makes one call to ARM. Throws Fault. */
export type SimSend = <T>(target: Target, lane: ArmLane, call: () => T) => Promise<T>

/** Makes one call to ARM, an urgent one as often as it takes. Throws Fault. */
type Lane = <T>(target: Target, lane: ArmLane, urgent: Urgent | undefined, call: () => T) => Promise<T>

/**
 * ARM's budget kept by the arithmetic of the real plug. Waits move the hand-wound clock on; several that wait at once share
 * the time. Without a clock every call is made once, whatever the budget.
 */
export function createSimLane(clock: SimClock | null): Lane {
  if (clock === null) return async (_target, _lane, _urgent, call) => troubling(call)
  const budgets = new Map<string, ArmBudget>()
  /** How long a call is to wait before it tries to enter again; 0 = it is in. */
  const enter = (key: string, lane: ArmLane, urgent: Urgent | undefined): number => {
    const now = clock.now()
    const { budget, waitMs, because } = admit(budgets.get(key) ?? fullBudget(now), lane, urgent !== undefined, now)
    budgets.set(key, budget)
    if (waitMs > 0 && (urgent === undefined || now + waitMs > urgent.until))
      throw new Fault('throttled', `${because}. Nothing was sent.`, { retryAfterMs: waitMs })
    return waitMs
  }
  return async ({ subscriptionId }, lane, urgent, call) => {
    const key = subscriptionId.toLowerCase()
    for (let last: Fault | null = null; ; ) {
      for (let waitMs = enter(key, lane, urgent); waitMs > 0; waitMs = enter(key, lane, urgent))
        await pass(clock, waitMs)
      if (last !== null && urgent?.goOn !== undefined && !(await urgent.goOn())) throw last
      try {
        return troubling(call)
      } catch (error) {
        if (!(error instanceof Fault) || error.kind !== 'throttled') throw error
        const now = clock.now()
        budgets.set(key, refused(budgets.get(key) ?? fullBudget(now), error.retryAfterMs, now))
        if (urgent === undefined || now + TRY_AGAIN_MS > urgent.until) throw error
        last = error
        await pass(clock, TRY_AGAIN_MS)
      }
    }
  }
}

/** Lets time pass once everybody who waits at this moment has begun to wait. */
async function pass(clock: SimClock, ms: number): Promise<void> {
  const until = clock.now() + ms
  await new Promise((resolve) => setImmediate(resolve))
  if (clock.now() < until) clock.set(until)
}

/** Does a deed in the world; what ARM refuses comes as a Fault. */
export function troubling<T>(deed: () => T): T {
  try {
    return deed()
  } catch (refusal) {
    if (refusal instanceof ArmRefusal) throw faultOf(refusal)
    throw refusal
  }
}

/** The Fault that stands for a refusal of ARM. */
export function faultOf(refusal: ArmRefusal): Fault {
  const retryAfterMs = refusal.retryAfterS === null ? null : refusal.retryAfterS * 1000
  return new Fault(kindOf(refusal.status), `${refusal.code}: ${refusal.message}`, { cause: refusal, retryAfterMs })
}

function kindOf(status: number): FaultKind {
  if (status === 404) return 'not-found'
  if (status === 409 || status === 412) return 'conflict'
  if (status === 429) return 'throttled'
  if (status === 401 || status === 403) return 'denied'
  return status === 0 || status === 408 || status >= 500 ? 'unavailable' : 'malformed'
}
