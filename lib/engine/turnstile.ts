/** Lets pieces of work through, some at a time, in the order in which they came; one that fails holds up nobody. */
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T>

/** A turnstile that nobody stands at, for `width` pieces of work at a time. */
export function createTurnstile(width = 1): Turnstile {
  const waiting: (() => void)[] = []
  let inside = 0
  return async (work) => {
    if (inside === width) await new Promise<void>((go) => waiting.push(go))
    else inside += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) inside -= 1
      else next()
    }
  }
}
