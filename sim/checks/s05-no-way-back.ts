import type { Weights } from '../../lib/core/audit.ts'
import { type Check, checkOf } from './check.ts'
import { createPairs } from './pairs.ts'
import { followSleepers, SLEEPERS } from './sleepers.ts'

/** A deed begins so long after its decision at most; whoever sleeps longer has to leave it. */
const FRESH_MS = 30_000

/** A rollout that was told to leave, and since when. */
interface Ended {
  readonly rollout: string
  readonly since: number
}

/**
 * S5: once the end of a rollout without promotion is stored, no write gives its canary more weight than it has. The one
 * exception is a worker whose own decision was stored before that end and is at most 30 s old, or that fell asleep inside
 * the very call: Container Apps has no If-Match, so that such a write cannot be stopped any more; the looks that follow put
 * it right.
 */
export function checkNoWayBack(): Check {
  const apps = new Map<string, string>()
  const serving = new Map<string, Weights>()
  const ended = createPairs<string, string, Ended>()
  const decided = createPairs<string, number, number>()
  const sleepers = followSleepers()
  return checkOf({
    invariant: 'S5',
    kinds: [...SLEEPERS, 'service', 'traffic', 'decision', 'arm-write'],
    see: (event) => {
      sleepers.see(event)
      if (event.kind === 'service') apps.set(event.entity, event.app)
      if (event.kind === 'traffic') serving.set(event.app, event.weights)
      if (event.kind === 'decision') {
        const app = apps.get(event.entity) ?? ''
        const isOver = event.phase === 'rolling-back' || (event.phase === 'finished' && event.outcome !== 'promoted')
        // A hand gave it all traffic since, and a later rollout found it serving: it is the way back now.
        if (event.stable !== null) ended.delete(app, event.stable)
        if (isOver && !ended.has(app, event.canary))
          ended.set(app, event.canary, { rollout: event.rollout, since: event.at })
        decided.set(app, event.worker, event.at)
      }
      if (event.kind !== 'arm-write' || event.asked.weights === null) return []
      const own = decided.get(event.app, event.worker) ?? Number.NEGATIVE_INFINITY
      const now = serving.get(event.app) ?? {}
      return Object.entries(event.asked.weights).flatMap(([revision, weight]) => {
        const end = ended.get(event.app, revision)
        if (end === undefined || weight <= (now[revision] ?? 0)) return []
        if (own < end.since && (event.at - own <= FRESH_MS || sleepers.isWaking(event.worker))) return []
        const [since, at] = [end.since, event.at].map((time) => new Date(time).toISOString())
        const says = `${end.rollout} was told to leave at ${since}, and worker ${event.worker} raised ${revision} from ${now[revision] ?? 0} to ${weight} % at ${at}`
        return [{ invariant: 'S5' as const, says, n: event.n }]
      })
    },
    end: () => [],
  })
}
