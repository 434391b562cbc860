import type { Clock } from '../lib/ports.ts'

/** A clock that stands still until somebody moves it: simulated weeks take no time, and every run is the same. */
export interface SimClock extends Clock {
  /** Moves on by `ms` milliseconds, which must not be negative. */
  advance(ms: number): void
  /** Moves on to `t`, epoch milliseconds, which must not lie in the past. */
  set(t: number): void
}

/** A clock that shows `start` (epoch milliseconds) and is moved by hand, forwards only. */
export function handClock(start: number): SimClock {
  let now = start
  const set = (t: number) => {
    if (!(t >= now)) throw new RangeError(`a clock runs forwards only: it is ${now} and was to be set to ${t}`)
    now = t
  }
  return { now: () => now, advance: (ms) => set(now + ms), set }
}

/** The machine's own clock, for the simulator that is served on loopback. */
export const wallClock: Clock = { now: () => Date.now() }
