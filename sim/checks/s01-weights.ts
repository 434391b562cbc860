import type { Weights } from '../../lib/core/audit.ts'
import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf } from './check.ts'

type Write = TraceEvent & { readonly kind: 'arm-write' }

/**
 * S1: every traffic write totals 100 in whole percents and names revisions that exist and are switched on; who is to get
 * more than before must be ready. The one exception is a rollback, which shifts to a stable revision that is still starting
 * rather than leave users on the canary.
 */
export function checkWeights(): Check {
  const serving = new Map<string, Weights>()
  const leaving = new Set<string>()
  const apps = new Map<string, string>()
  return checkOf({
    invariant: 'S1',
    kinds: ['service', 'traffic', 'decision', 'arm-write'],
    see: (event) => {
      if (event.kind === 'service') apps.set(event.entity, event.app)
      if (event.kind === 'traffic') serving.set(event.app, event.weights)
      if (event.kind === 'decision') {
        const app = apps.get(event.entity) ?? ''
        if (event.phase === 'rolling-back') leaving.add(app)
        else leaving.delete(app)
      }
      if (event.kind !== 'arm-write') return []
      const wrongs = wrongsOf(event, serving.get(event.app) ?? {}, leaving.has(event.app))
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

function wrongsOf({ asked, revisions }: Write, now: Weights, isLeaving: boolean): readonly string[] {
  const latest = asked.followsLatest ? ['an entry follows the latest revision'] : []
  if (asked.weights === null) return latest
  const entries = Object.entries(asked.weights)
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
  const odd = entries.filter(([, weight]) => !Number.isInteger(weight) || weight < 0 || weight > 100)
  const unfit = entries.flatMap(([name, weight]) => {
    const revision = revisions.find((one) => one.name === name)
    if (revision === undefined) return weight > 0 ? [`${name} is to have ${weight} % and does not exist`] : []
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
