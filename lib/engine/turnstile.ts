/** Lets pieces of work through one after the other, in the order in which they came; one that fails holds up nobody. */
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T>

/** A turnstile that nobody stands at. */
export function createTurnstile(): Turnstile {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => null)
    return mine
  }
}
