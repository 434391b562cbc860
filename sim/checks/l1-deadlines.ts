import type { AuditRow } from '../../lib/core/audit.ts'
import type { Manifest } from '../../lib/core/service.ts'
import type { TraceEvent } from '../trial/trace.ts'
import { CALM, followCalm } from './calm.ts'
import { type Check, checkOf } from './check.ts'
import { MINUTE_MS, OUTSIDE } from './plane.ts'

type Decision = TraceEvent & { readonly kind: 'decision' }

const ALARMS: readonly AuditRow['kind'][] = ['deadline-passed', 'trouble', 'measurements-lost']
const FREEZES: readonly AuditRow['kind'][] = ['freeze-held', 'freeze-over']
const ALARM_MS = 2 * MINUTE_MS
/** Two clocks may be so far apart without being a fault that stands any more. */
const SKEW_MS = 5 * MINUTE_MS

interface Stand {
  decision: Decision
  since: number
  isConfirmed: boolean
  isAlarmed: boolean
}

/**
 * L1: a rollout that waits for nobody moves on, ends or raises an alarm two minutes after the deadline of where it stands at
 * the latest, whatever ails Azure, metrics and registries; what ails the control plane itself is not counted.
 */
export function checkDeadlines(): Check {
  const calm = followCalm()
  const manifests = new Map<string, Manifest>()
  const stands = new Map<string, Stand>()
  /** Steps whose weight was seen: who is resumed at one bakes on. */
  const seen = new Set<string>()
  const stood = (event: Decision) => {
    const known = stands.get(event.entity)
    const before = known?.decision
    const isSame = before?.rollout === event.rollout && before.phase === event.phase && before.stage === event.stage
    if (known !== undefined && isSame) known.decision = event
    else
      stands.set(event.entity, {
        decision: event,
        since: event.at,
        isConfirmed: seen.has(`${event.entity} ${event.rollout} ${event.stage}`),
        isAlarmed: false,
      })
  }
  return checkOf({
    invariant: 'L1',
    kinds: [...CALM, 'service', 'decision', 'audit'],
    timed: true,
    see: (event) => {
      calm.see(event)
      if (event.kind === 'service') manifests.set(event.entity, event.manifest)
      if (event.kind === 'decision') stood(event)
      if (event.kind === 'audit') {
        const stand = stands.get(event.row.entityId)
        if (stand !== undefined && ALARMS.includes(event.row.kind)) stand.isAlarmed = true
        if (stand !== undefined && event.row.kind === 'weights-confirmed') {
          stand.isConfirmed = true
          // Who believes in a later time counts from there.
          stand.since = Math.max(event.at, event.row.happenedAt)
          seen.add(`${event.row.entityId} ${stand.decision.rollout} ${stand.decision.stage}`)
        }
        // What a freeze holds has its time from then on.
        if (stand !== undefined && FREEZES.includes(event.row.kind)) stand.since = event.at
      }
      const found = []
      for (const [entity, stand] of stands) {
        const manifest = manifests.get(entity)
        if (stand.isAlarmed || manifest === undefined) continue
        const limitMs = limitOf(stand, manifest)
        if (event.at <= stand.since + limitMs + ALARM_MS) continue
        const ill = calm.lastBut(OUTSIDE)
        if (event.at <= ill + manifest.analysis.intervalMs + ALARM_MS + SKEW_MS) continue
        stand.isAlarmed = true
        const { rollout, phase } = stand.decision
        const says = `${rollout} of ${entity} is ${phase} since ${new Date(stand.since).toISOString()} and said nothing by ${new Date(event.at).toISOString()}`
        found.push({ invariant: 'L1' as const, says, n: event.n })
      }
      return found
    },
    end: () => [],
  })
}

/** How long a rollout may stand where it stands; infinite where it waits for a person, or is over. */
function limitOf({ decision, isConfirmed }: Stand, { deadlines, stages, analysis }: Manifest): number {
  const { phase, stage, cause } = decision
  switch (phase) {
    case 'preparing':
    case 'provisioning':
      return deadlines.readyMs
    case 'rolling-back':
      return Math.max(deadlines.readyMs, deadlines.trafficMs)
    case 'progressing': {
      if (!isConfirmed) return deadlines.trafficMs
      const bakeMs = cause === 'undo' ? 0 : (stages[stage ?? 0]?.bakeMs ?? 0)
      const lagMs = Math.max(0, ...analysis.kpis.map((kpi) => kpi.lagMs))
      const { afterMs } = analysis.onInconclusive
      return bakeMs + lagMs + (afterMs ?? Math.max(bakeMs, 60 * MINUTE_MS)) + analysis.intervalMs
    }
    default:
      return Number.POSITIVE_INFINITY
  }
}
