import type { HostClock } from '../../../sim/host/clock.ts'

/** A clock that a test winds: `wind` moves time on and makes every call that falls due, in order. */
export function handClock(start: number): HostClock & { wind(ms: number): Promise<void>; waiting(): number } {
  let now = start
  const calls = new Set<{ readonly at: number; readonly call: () => void }>()
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    after(ms, call) {
      const entry = { at: now + ms, call }
      calls.add(entry)
      return () => void calls.delete(entry)
    },
    waiting: () => calls.size,
    async wind(ms) {
      const end = now + ms
      await settle()
      for (;;) {
        const due = [...calls].filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        calls.delete(due)
        now = Math.max(now, due.at)
        due.call()
        await settle()
      }
      now = end
    },
  }
}
