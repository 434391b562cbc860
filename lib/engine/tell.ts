import { noticesOf } from '../core/notice.ts'
import type { Freezes, RolloutStore } from '../ports.ts'

/**
 * A store whose every commit also brings into the outbox what is to be told of its audit rows: whoever writes a row cannot
 * forget it, and a commit that lost its race tells nothing. `publicUrl` is where people reach the API, or null.
 */
export function telling(store: RolloutStore, publicUrl: string | null): RolloutStore {
  return {
    ...store,
    commit: (change) => {
      const notices = noticesOf(change.audit, change.rollout ?? null, publicUrl)
      return store.commit(notices.length === 0 ? change : { ...change, notices })
    },
  }
}

/** As `telling`, for what concerns a whole environment. */
export function tellingFreezes(freezes: Freezes, publicUrl: string | null): Freezes {
  return {
    ...freezes,
    commitFreezes: (change) => {
      const notices = noticesOf(change.audit, null, publicUrl)
      return freezes.commitFreezes(notices.length === 0 ? change : { ...change, notices })
    },
  }
}
