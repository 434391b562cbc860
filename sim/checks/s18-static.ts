import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf } from './check.ts'
import { createPairs } from './pairs.ts'
import { followSleepers, SLEEPERS } from './sleepers.ts'
import { type Advance, followSteps, isJudged, STEPS } from './steps.ts'

/** What was decided before the darkness may still reach ARM. */
const REACHES_MS = 30_000

type Measurement = TraceEvent & { readonly kind: 'measurement' }

/**
 * S18: what cannot be read leaves traffic where it is. While state cannot be read nothing is decided or written; a worker
 * that did not see an app writes nothing to it; while a KPI is silent no step passes by it and no canary is taken out for
 * it: the one way out is the dead man's rollback that the manifest asks for, and it says in the audit that nothing was seen.
 */
export function checkStatic(): Check {
  const follow = followSteps()
  const sleepers = followSleepers()
  const apps = new Map<string, string>()
  const unseen = createPairs<string, number, true>()
  const newest = createPairs<string, string, Measurement>()
  const { isDark, fault } = followDarkness()
  const answered = (entity: string, kpi: string) => newest.get(entity, kpi)?.answer !== 'missing'
  return checkOf({
    invariant: 'S18',
    kinds: [...SLEEPERS, ...STEPS, 'service', 'fault', 'arm-read', 'measurement', 'decision', 'arm-write', 'audit'],
    see: (event) => {
      sleepers.see(event)
      const broken = (says: string) => [
        { invariant: 'S18' as const, says: `${says}, at ${new Date(event.at).toISOString()}`, n: event.n },
      ]
      const advance = follow(event)
      const blind = advance === null || !isJudged(advance) ? null : passedBlind(advance, answered)
      if (blind !== null) return broken(blind)
      switch (event.kind) {
        case 'service':
          apps.set(event.app, event.entity)
          return []
        case 'fault':
          fault(event)
          return []
        case 'arm-read':
          if (event.code === null) unseen.delete(event.app, event.worker)
          else unseen.set(event.app, event.worker, true)
          return []
        case 'measurement':
          newest.set(event.entity, event.kpi, event)
          return []
        case 'decision':
          // Who fell asleep while storing it had read the state before.
          return isDark(event.entity, event.at) && !sleepers.wasStoring(event.worker)
            ? broken(`${event.rollout} of ${event.entity} was decided on while its state could not be read`)
            : []
        case 'arm-write': {
          if (sleepers.isWaking(event.worker)) return []
          const who = `worker ${event.worker} wrote to ${event.app}`
          if (unseen.has(event.app, event.worker)) return broken(`${who} and had not seen it`)
          return isDark(apps.get(event.app) ?? '', event.at) ? broken(`${who} while its state could not be read`) : []
        }
        case 'audit': {
          const wrong = rowsWrong(event, answered)
          return wrong === null ? [] : broken(`${event.row.rollout} of ${event.row.entityId} ${wrong}`)
        }
        default:
          return []
      }
    },
    end: () => [],
  })
}

/** Since when the state of all, or of one service, cannot be read. */
function followDarkness() {
  const dark = new Map<string, number>()
  let down: number | null = null
  return {
    isDark: (entity: string, at: number): boolean => {
      const since = Math.min(dark.get(entity) ?? Number.POSITIVE_INFINITY, down ?? Number.POSITIVE_INFINITY)
      return at - since > REACHES_MS
    },
    fault: ({ variant, moment, entity, at }: TraceEvent & { readonly kind: 'fault' }): void => {
      if (variant === 'storage-down') down = moment === 'begins' ? (down ?? at) : null
      if (variant !== 'row-unreadable' || entity === null) return
      if (moment === 'begins') dark.set(entity, at)
      else dark.delete(entity)
    },
  }
}

type Answered = (entity: string, kpi: string) => boolean

/** What is wrong where a step passes while a KPI that counts is silent; null = none is. */
function passedBlind({ row, manifest, from }: Advance, answered: Answered): string | null {
  const counting = manifest.analysis.kpis.filter(({ role }) => role === 'required')
  const silent = counting.flatMap(({ name }) => (answered(row.entityId, name) ? [] : [name]))
  return silent.length === 0 ? null : `${row.rollout} passed step ${from} while ${silent} was silent`
}

/** What is wrong where a canary is taken out for figures that nobody has; null = nothing. */
function rowsWrong({ row }: TraceEvent & { readonly kind: 'audit' }, answered: Answered): string | null {
  if (row.kind !== 'rollback-started' || row.actor !== 'slipway') return null
  const failed = row.evidence.filter(({ verdict, role }) => verdict === 'fail' && role !== 'advisory')
  if (failed.length === 0 || failed.some(({ kpi }) => answered(row.entityId, kpi))) return null
  return `was taken out for ${failed.map(({ kpi }) => kpi)}, whose source had not answered`
}
