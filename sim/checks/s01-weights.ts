import type { Weights } from '../../lib/core/audit.ts'
import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf } from './check.ts'
import { followSleepers, SLEEPERS } from './sleepers.ts'
import { followStale, STALE } from './stale.ts'

type Write = TraceEvent & { readonly kind: 'arm-write' }

/**
 * S1: every traffic write totals 100 in whole percents and names revisions that exist and are switched on; who is to get
 * more than before must be ready. The one exception is a rollback, which shifts to a stable revision that is still starting
 * rather than leave users on the canary. What a hand has switched off while ARM shows what was before, or while a worker
 * slept inside its call, nobody could know; and who slept for longer than a function lives is held to nothing.
 */
export function checkWeights(): Check {
  const serving = new Map<string, Weights>()
  const leaving = new Set<string>()
  const apps = new Map<string, string>()
  const unseen = followUnseen()
  return checkOf({
    invariant: 'S1',
    kinds: [...UNSEEN, 'service', 'traffic', 'decision'],
    see: (event) => {
      unseen.see(event)
      if (event.kind === 'service') apps.set(event.entity, event.app)
      if (event.kind === 'traffic') serving.set(event.app, event.weights)
      if (event.kind === 'decision') {
        const app = apps.get(event.entity) ?? ''
        if (event.phase === 'rolling-back') leaving.add(app)
        else leaving.delete(app)
      }
      if (event.kind !== 'arm-write') return []
      const entity = [...apps].find(([, app]) => app === event.app)?.[0] ?? ''
      const isExcused = unseen.excuses(event, entity)
      const wrongs = wrongsOf(event, serving.get(event.app) ?? {}, leaving.has(event.app), isExcused)
      const at = new Date(event.at).toISOString()
      return wrongs.map((wrong) => ({
        invariant: 'S1',
        says: `worker ${event.worker} wrote traffic of ${event.app} at ${at}: ${wrong}`,
        n: event.n,
      }))
    },
    end: () => [],
  })
}

const UNSEEN = [...SLEEPERS, ...STALE, 'edit'] as const
/** A function lives no longer. */
const LIFE_MS = 10 * 60_000

/** Follows what hands did that the writer of a write could not see. */
function followUnseen() {
  const sleepers = followSleepers()
  const stale = followStale()
  const edited = new Map<string, number>()
  const see = (event: TraceEvent) => {
    sleepers.see(event)
    stale.see(event)
    if (event.kind === 'edit') edited.set(event.app, event.at)
  }
  const excuses = ({ app, worker, at }: Write, entity: string) => {
    const asleep = sleepers.asleepSince(worker) ?? at
    const since = Math.min(asleep, stale.since(entity) ?? at)
    return at - asleep >= LIFE_MS || (since < at && (edited.get(app) ?? Number.NEGATIVE_INFINITY) >= since)
  }
  return { see, excuses }
}

function wrongsOf(
  { asked, revisions }: Write,
  now: Weights,
  isLeaving: boolean,
  isExcused: boolean,
): readonly string[] {
  const latest = asked.followsLatest ? ['an entry follows the latest revision'] : []
  if (asked.weights === null) return latest
  const entries = Object.entries(asked.weights)
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
  const odd = entries.filter(([, weight]) => !Number.isInteger(weight) || weight < 0 || weight > 100)
  const unfit = entries.flatMap(([name, weight]) => {
    const revision = revisions.find((one) => one.name === name)
    if (revision === undefined) return weight > 0 ? [`${name} is to have ${weight} % and does not exist`] : []
    if (isExcused) return []
    if (weight > 0 && !revision.active) return [`${name} is to have ${weight} % and is switched off`]
    const rises = weight > (now[name] ?? 0)
    return rises && !revision.ready && !isLeaving ? [`${name} is to rise to ${weight} % and is not ready`] : []
  })
  return [
    ...latest,
    ...(total === 100 ? [] : [`the weights total ${total}, not 100`]),
    ...odd.map(([name, weight]) => `${name} is to have ${weight}, which is no whole percentage`),
    ...unfit,
  ]
}
