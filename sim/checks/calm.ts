import type { FaultKind, TraceEvent } from '../trial/trace.ts'

/** What is amiss in the world, as the trace tells it. */
export interface Calm {
  see(event: TraceEvent): void
  /** Since when nothing has been amiss; infinite while something is. */
  since(): number
  /** When a fault other than these last stood or struck; minus infinity = never, infinite while one stands. */
  lastBut(kinds: readonly FaultKind[]): number
}

/** What it follows. */
export const CALM = ['asleep', 'crash', 'edit', 'fault'] as const

/** Follows which faults stand. What strikes once is over at once; hands, and workers that die or fall asleep, count as striking. */
export function followCalm(): Calm {
  const open = new Map<string, { fault: FaultKind; count: number }>()
  const last = new Map<FaultKind, number>()
  const struck = (fault: FaultKind, at: number) => last.set(fault, Math.max(at, last.get(fault) ?? at))
  const lastBut = (kinds: readonly FaultKind[]) => {
    for (const { fault } of open.values()) if (!kinds.includes(fault)) return Number.POSITIVE_INFINITY
    let latest = Number.NEGATIVE_INFINITY
    for (const [fault, at] of last) if (at > latest && !kinds.includes(fault)) latest = at
    return latest
  }
  return {
    see: (event) => {
      if (event.kind === 'crash') struck('F1', event.at)
      if (event.kind === 'asleep') struck('F3', event.at)
      if (event.kind === 'edit') struck('F9', event.at)
      if (event.kind !== 'fault') return
      const { fault, variant, moment, entity } = event
      const name = `${fault} ${variant} ${entity}`
      struck(fault, event.at)
      const count = (open.get(name)?.count ?? 0) + (moment === 'begins' ? 1 : moment === 'ends' ? -1 : 0)
      if (count > 0) open.set(name, { fault, count })
      else open.delete(name)
    },
    since: () => lastBut([]),
    lastBut,
  }
}
