import type { Watching } from './watch.ts'

/** Gives each caller a way to wait that lets them hold so many seats at once: whoever wants more is told that it is full. */
export function seatsFor(watching: Watching, each: number): (caller: string) => Watching {
  const held = new Map<string, number>()
  const sit = (caller: string, change: number) => {
    const count = (held.get(caller) ?? 0) + change
    if (count === 0) held.delete(caller)
    else held.set(caller, count)
  }
  return (caller) => ({
    look: watching.look,
    until: async (ms, look, isNews) => {
      if ((held.get(caller) ?? 0) >= each) return { kind: 'full' }
      sit(caller, 1)
      try {
        return await watching.until(ms, look, isNews)
      } finally {
        sit(caller, -1)
      }
    },
  })
}
