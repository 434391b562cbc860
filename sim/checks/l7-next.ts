import { CALM, followCalm } from './calm.ts'
import { type Check, checkOf, type Violation } from './check.ts'
import { MINUTE_MS, OUTSIDE } from './plane.ts'

/** One tick, and what the minute's sweep takes. */
const TICK_MS = MINUTE_MS + 30_000

/**
 * L7: a version that failed never blocks the next one: what waits begins within a tick after the rollout before it has ended,
 * whatever ails Azure, metrics and registries.
 */
export function checkNext(): Check {
  const calm = followCalm()
  const waiting = new Map<string, Set<string>>()
  /** Since when a service with something waiting has nothing running. */
  const free = new Map<string, number>()
  const finished = new Map<string, number>()
  return checkOf({
    invariant: 'L7',
    kinds: [...CALM, 'decision', 'audit', 'event-recorded'],
    timed: true,
    see: (event) => {
      calm.see(event)
      const found: Violation[] = []
      if (event.kind === 'decision') {
        if (event.phase !== 'finished') {
          finished.delete(event.entity)
          free.delete(event.entity)
        }
        if (event.phase === 'finished' && !finished.has(event.entity)) finished.set(event.entity, event.at)
      }
      if (event.kind === 'audit') {
        const ids = waiting.get(event.row.entityId) ?? new Set<string>()
        waiting.set(event.row.entityId, ids)
        const id = eventOf(event.row.detail?.push)
        if (event.row.kind === 'push-queued') ids.add(id)
        if (event.row.kind === 'rollout-started') ids.delete(id)
      }
      if (event.kind === 'event-recorded' && event.record.outcome === 'superseded')
        waiting.get(event.record.entityId ?? '')?.delete(event.record.id.split('@')[0] ?? '')
      for (const [entity, since] of finished) {
        if ((waiting.get(entity)?.size ?? 0) === 0) {
          free.delete(entity)
          continue
        }
        const from = free.get(entity) ?? Math.max(since, event.at)
        free.set(entity, from)
        if (event.at - from <= TICK_MS || calm.lastBut(OUTSIDE) >= from - TICK_MS) continue
        found.push({
          invariant: 'L7',
          says: `${[...(waiting.get(entity) ?? [])]} of ${entity} waits since ${new Date(from).toISOString()}, and nothing runs`,
          n: event.n,
        })
        waiting.get(entity)?.clear()
      }
      return found
    },
    end: () => [],
  })
}

function eventOf(push: unknown): string {
  const told = typeof push === 'object' && push !== null && 'eventId' in push ? push.eventId : null
  return typeof told === 'string' ? told : ''
}
