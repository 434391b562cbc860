import { type ArmBudget, type ArmLane, admit, fullBudget, refused, TRY_AGAIN_MS } from '../../core/arm-budget.ts'
import { Fault } from '../../errors.ts'
import type { Clock, Urgent } from '../../ports.ts'

/** Waits; resolves after `ms` milliseconds. */
export type Pause = (ms: number) => Promise<void>

/** How long an ordinary call waits for its turn: with the few that are under way at once it evens a crowd's calls out. */
const PATIENCE_MS = 1_000

/** Sends a call to ARM as often and as soon as the budget of its subscription allows. Throws Fault. */
export type ArmSend = <T>(
  what: string,
  subscriptionId: string,
  lane: ArmLane,
  urgent: Urgent | undefined,
  call: () => Promise<T>,
) => Promise<T>

/**
 * Makes the way to ARM that keeps the budget of each subscription. An ordinary call is made once, or fails as `throttled`
 * without being made. A call of a rollback that meets a 429 is made again about once a second until its time is over.
 */
export function createArmLane(clock: Clock, pause: Pause): ArmSend {
  const budgets = new Map<string, ArmBudget>()
  const ask = (key: string, lane: ArmLane, isUrgent: boolean) => {
    const now = clock.now()
    const { budget, waitMs, because } = admit(budgets.get(key) ?? fullBudget(now), lane, isUrgent, now)
    budgets.set(key, budget)
    return { waitMs, because }
  }
  const enter = async (what: string, key: string, lane: ArmLane, urgent: Urgent | undefined) => {
    let patience = urgent === undefined ? PATIENCE_MS : Math.max(0, urgent.until - clock.now())
    for (;;) {
      const { waitMs, because } = ask(key, lane, urgent !== undefined)
      if (waitMs === 0) return
      if (waitMs > patience)
        throw new Fault('throttled', `${what}: ${because}. Nothing was sent.`, { retryAfterMs: waitMs })
      patience -= waitMs
      await pause(waitMs)
    }
  }
  return async (what, subscriptionId, lane, urgent, call) => {
    const key = subscriptionId.toLowerCase()
    // Counted too, so that a clock that stands still ends it all the same.
    let tries = urgent === undefined ? 1 : Math.ceil(Math.max(0, urgent.until - clock.now()) / TRY_AGAIN_MS) + 1
    for (let last: Fault | null = null; ; ) {
      await enter(what, key, lane, urgent)
      if (last !== null && urgent?.goOn !== undefined && !(await urgent.goOn())) throw last
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof Fault) || error.kind !== 'throttled') throw error
        const now = clock.now()
        budgets.set(key, refused(budgets.get(key) ?? fullBudget(now), error.retryAfterMs, now))
        tries -= 1
        if (urgent === undefined || tries <= 0 || now + TRY_AGAIN_MS > urgent.until) throw error
        last = error
        await pause(TRY_AGAIN_MS)
      }
    }
  }
}
