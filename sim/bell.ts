import type { Bell, Call } from '../lib/ports.ts'

/** A bell that only remembers; the story's driver moves the clock to the next call and runs the turn itself. */
export interface SimBell extends Bell {
  /** The earliest call that waits, or null; it goes on waiting. */
  next(): Call | null
  /** Takes out every call at or before `until`, earliest first, each environment and time once. */
  take(until: number): readonly Call[]
  /** While true, every ring is lost, as a queue that swallows its messages. */
  deaf: boolean
}

/** A bell without calls. */
export function createSimBell(): SimBell {
  let waiting: Call[] = []
  const bell: SimBell = {
    deaf: false,
    ring: async (calls) => {
      if (bell.deaf) return
      for (const call of calls) if (!waiting.some((known) => isSame(known, call))) waiting.push(call)
      waiting.sort((a, b) => a.at - b.at || (a.environment < b.environment ? -1 : 1))
    },
    next: () => waiting[0] ?? null,
    take: (until) => {
      const due = waiting.filter(({ at }) => at <= until)
      waiting = waiting.filter(({ at }) => at > until)
      return due
    },
  }
  return bell
}

function isSame(one: Call, other: Call): boolean {
  return one.at === other.at && one.environment === other.environment
}
