/** The time that timers go by. */
export interface HostClock {
  /** Epoch milliseconds. */
  now(): number
  /** Calls once when `ms` have passed; the answer cancels. */
  after(ms: number, call: () => void): () => void
}

/** Node's timers take no more than 2^31 − 1 ms; longer waits end early, and whoever waits looks at the time again. */
const MAX_WAIT_MS = 2 ** 31 - 1

/** The machine's own clock. */
export const machineClock: HostClock = {
  now: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, Math.min(ms, MAX_WAIT_MS))
    return () => clearTimeout(timer)
  },
}
