import type { Clock } from '../ports.ts'

/** What was done for a name: since when, and what still runs. */
interface Done {
  readonly at: number
  readonly running: Promise<void> | null
}

/**
 * Does a piece of work for a name when it is asked for, and no more often than each `everyMs`: after it began, or, where it failed
 * (false), after it ended. Whoever asks while it runs waits for its end, and whoever asks too early for nothing.
 */
export function createPaced(
  clock: Clock,
  everyMs: number,
  work: (name: string) => Promise<boolean>,
): (name: string) => Promise<void> {
  const all = new Map<string, Done>()
  const begin = async (name: string, begunAt: number) => {
    let isDone = false
    try {
      isDone = await work(name)
    } finally {
      all.set(name, { at: isDone ? begunAt : clock.now(), running: null })
    }
  }
  return async (name) => {
    const now = clock.now()
    const last = all.get(name)
    const age = now - (last?.at ?? Number.NEGATIVE_INFINITY)
    if (last?.running) return last.running
    // A clock that went back tells nobody how long ago it was.
    if (age >= 0 && age < everyMs) return
    const running = begin(name, now)
    all.set(name, { at: now, running })
    await running
  }
}
