import type { Check, Violation } from './check.ts'

/** A deed begins so long after its decision at most, and takes so long at most to reach ARM. */
const FRESH_MS = 30_000
const REACHES_MS = 30_000

interface Epoch {
  readonly number: number
  readonly at: number
  readonly isLeaving: boolean
}

/**
 * S2: who writes to ARM has stored a decision before; a write of an older wish does not come after one of a newer wish,
 * save within the half minute for which a decision is fresh (Container Apps has no If-Match; a rollback, which is never
 * taken back, asks nobody); and a rollout is over, or a step seen, only by a look that came after the last write.
 */
export function checkFencing(): Check {
  const apps = new Map<string, string>()
  const wishes = new Map<string, { wish: string; number: number }>()
  const own = new Map<string, Epoch>()
  const issued = new Map<string, number>()
  const unread = new Map<string, { n: number; at: number; worker: number }>()
  let lastAt = 0
  return {
    invariant: 'S2',
    see: (event) => {
      lastAt = event.at
      const broken = (says: string): readonly Violation[] => [
        { invariant: 'S2', says: `${says}, at ${new Date(event.at).toISOString()}`, n: event.n },
      ]
      if (event.kind === 'service') apps.set(event.entity, event.app)
      if (event.kind === 'arm-read' && event.code === null) unread.delete(event.app)
      if (event.kind === 'decision') {
        const app = apps.get(event.entity) ?? ''
        const wish = `${event.rollout} ${event.canaryWeight}`
        const before = wishes.get(app)
        const number = before?.wish === wish ? before.number : (before?.number ?? 0) + 1
        wishes.set(app, { wish, number })
        own.set(`${event.worker} ${app}`, { number, at: event.at, isLeaving: event.phase === 'rolling-back' })
      }
      if (event.kind === 'audit' && CONFIRMS.includes(event.row.kind)) {
        const app = apps.get(event.row.entityId) ?? ''
        const last = unread.get(app)
        if (last !== undefined && event.at - last.at > FRESH_MS)
          return broken(
            `${event.row.kind} of ${event.row.rollout} rests on no look after the write of worker ${last.worker}`,
          )
      }
      if (event.kind !== 'arm-write') return []
      const mine = own.get(`${event.worker} ${event.app}`)
      if (mine === undefined) return broken(`worker ${event.worker} wrote to ${event.app} and had stored no decision`)
      // The same revision asked for once more changes nothing: only traffic can be overwritten by who slept.
      if (event.asked.weights === null) return []
      const newest = issued.get(event.app) ?? 0
      issued.set(event.app, Math.max(newest, mine.number))
      if (event.applied && event.asked.weights !== null) unread.set(event.app, event)
      if (mine.number >= newest || mine.isLeaving || event.at - mine.at <= FRESH_MS + REACHES_MS) return []
      return broken(
        `worker ${event.worker} wrote to ${event.app} by wish ${mine.number} after wish ${newest} was written`,
      )
    },
    // A write of the last minute has its look still before it.
    end: () =>
      [...unread]
        .filter(([, { at }]) => lastAt - at > FRESH_MS + REACHES_MS)
        .map(([app, { n }]) => ({ invariant: 'S2', says: `nobody looked at ${app} after the last write`, n })),
  }
}

const CONFIRMS: readonly string[] = ['weights-confirmed', 'rollback-confirmed', 'promotion-confirmed']
