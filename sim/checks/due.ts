import type { TraceEvent } from '../trial/trace.ts'

/** A service that wanted to be looked at and was not, and since when it has wanted it. */
export interface Overdue {
  readonly entity: string
  /** The time that it named, epoch milliseconds. */
  readonly at: number
  /** When it named it. */
  readonly since: number
}

/** Who waits for a look. */
export interface Due {
  see(event: TraceEvent): void
  /** Those whose look was due before this and has not come. */
  overdue(before: number): readonly Overdue[]
  /** All who want a look, due or not. */
  waiting(): readonly Overdue[]
}

/** What it follows. */
export const DUE = ['service', 'decision', 'arm-read'] as const

const NOBODY: readonly Overdue[] = []

/** Follows when each service wants to be looked at, and whether anybody does. */
export function followDue(): Due {
  const waiting = new Map<string, Overdue>()
  const entities = new Map<string, string>()
  let earliest = Number.POSITIVE_INFINITY
  const settle = () => {
    earliest = Number.POSITIVE_INFINITY
    for (const { at } of waiting.values()) earliest = Math.min(earliest, at)
  }
  return {
    see: (event) => {
      if (event.kind === 'service') entities.set(event.app, event.entity)
      if (event.kind === 'decision') {
        const { entity, wakeAt, at: since } = event
        if (wakeAt === null) waiting.delete(entity)
        else waiting.set(entity, { entity, at: Math.max(wakeAt, since), since })
        settle()
      }
      if (event.kind === 'arm-read') {
        const entity = entities.get(event.app) ?? ''
        const known = waiting.get(entity)
        // Whoever looked may have found nothing to store; when it wants the next look nobody can tell.
        if (known !== undefined && known.at <= event.at && waiting.delete(entity)) settle()
      }
    },
    waiting: () => [...waiting.values()],
    overdue: (before) => (earliest >= before ? NOBODY : [...waiting.values()].filter(({ at }) => at < before)),
  }
}
