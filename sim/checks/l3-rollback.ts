import type { Weights } from '../../lib/core/audit.ts'
import type { RevisionTold, TraceEvent } from '../trial/trace.ts'
import { CALM, followCalm } from './calm.ts'
import { type Check, checkOf, type Violation } from './check.ts'
import { ELSEWHERE, MINUTE_MS } from './plane.ts'

const HEALTHY_MS = MINUTE_MS
const STORM_MS = 5 * MINUTE_MS
const STORM = 'arm-429-storm'
/** A deployment of a hand that hangs, and so long at most ARM refuses whatever is asked meanwhile. */
const STUCK = 'operation-stuck'
const EXPIRES_MS = 10 * MINUTE_MS

interface Leaving {
  readonly rollout: string
  readonly canary: string
  readonly since: number
  readonly isStormy: boolean
  isOut: boolean
}

/**
 * L3: from the moment at which a rollback is stored (a bad verdict, or a person's abort) the canary has no users, and somebody
 * has looked and seen it, within a minute where nothing is amiss; where ARM refuses nine calls of ten, it has no users within
 * five. What hands and clocks do, and a way back that cannot serve at that moment, are not held against it.
 */
export function checkRollback(): Check {
  const calm = followCalm()
  const apps = new Map<string, string>()
  const serving = new Map<string, { readonly weights: Weights; readonly revisions: readonly RevisionTold[] }>()
  const leaving = new Map<string, Leaving>()
  const known = new Set<string>()
  const azure = followAzure()
  /** When a revision was asked for, by app: until it is there, ARM refuses whatever else is asked. */
  const made = new Map<string, number>()
  const begun = (event: TraceEvent & { readonly kind: 'decision' }) => {
    const { entity, rollout, canary, stable, at } = event
    if (known.has(rollout)) return
    known.add(rollout)
    const { weights, revisions } = serving.get(apps.get(entity) ?? '') ?? { weights: {}, revisions: [] }
    const isComing = revisions.some(({ name, ready }) => name === canary && !ready)
    const madeAt = made.get(apps.get(entity) ?? '') ?? Number.NEGATIVE_INFINITY
    // A hand gave users to a canary whose own operation still runs.
    if (isComing && at - madeAt < EXPIRES_MS) return
    const isFit = revisions.some(({ name, active, ready }) => name === stable && active && ready)
    const isStormy = azure.isStormy()
    const ill = calm.lastBut([...ELSEWHERE, 'F8'])
    if ((weights[canary] ?? 0) === 0 || !isFit || ill > at - MINUTE_MS) return
    if (azure.illUntil() > at - MINUTE_MS) return
    leaving.set(entity, { rollout, canary, since: at, isStormy, isOut: false })
  }
  return checkOf({
    invariant: 'L3',
    kinds: [...CALM, 'service', 'fault', 'traffic', 'arm-write', 'decision', 'audit'],
    timed: true,
    see: (event) => {
      calm.see(event)
      if (event.kind === 'service') apps.set(event.entity, event.app)
      if (event.kind === 'fault' && event.fault === 'F8') azure.see(event)
      if (event.kind === 'traffic') serving.set(event.app, event)
      if (event.kind === 'arm-write' && isMaking(event)) made.set(event.app, event.at)
      const found: Violation[] = []
      for (const [entity, one] of leaving) {
        const late = lateBy(one, event.at)
        const ill = calm.lastBut([...ELSEWHERE, 'F8'])
        const isExcused = Math.max(ill, azure.illUntil()) >= one.since || (!one.isStormy && azure.isStormy())
        if (late !== null && !isExcused)
          found.push({ invariant: 'L3', says: `${one.canary} of ${entity} (${one.rollout}) ${late}`, n: event.n })
        if (late !== null || isExcused) leaving.delete(entity)
        else if ((serving.get(apps.get(entity) ?? '')?.weights[one.canary] ?? 0) === 0) one.isOut = true
      }
      if (event.kind === 'decision' && event.phase === 'rolling-back') begun(event)
      if (event.kind === 'audit' && event.row.kind === 'rollback-confirmed') leaving.delete(event.row.entityId)
      return found
    },
    end: () => [],
  })
}

/** Follows what ails Azure: storms, and whatever else. */
function followAzure() {
  const storms = new Set<string>()
  const open = new Map<string, number>()
  let other = Number.NEGATIVE_INFINITY
  let stuckUntil = Number.NEGATIVE_INFINITY
  const see = (event: TraceEvent & { readonly kind: 'fault' }) => {
    const name = `${event.variant} ${event.entity}`
    if (event.variant === STORM) {
      if (event.moment === 'begins') storms.add(name)
      else storms.delete(name)
      return
    }
    open.set(name, (open.get(name) ?? 0) + (event.moment === 'begins' ? 1 : event.moment === 'ends' ? -1 : 0))
    if (open.get(name) === 0) open.delete(name)
    other = open.size > 0 ? Number.POSITIVE_INFINITY : event.at
    if (event.variant === STUCK) stuckUntil = event.at + EXPIRES_MS
  }
  return {
    see,
    isStormy: () => storms.size > 0,
    /** Until when something other than a storm was amiss; infinite while it is. */
    illUntil: () => Math.max(other, stuckUntil),
  }
}

function isMaking({ deed, applied, asked }: TraceEvent & { readonly kind: 'arm-write' }): boolean {
  return deed === 'patch' && applied && asked.revision !== null
}

/** What is wrong with how a canary leaves, at a moment; null = nothing yet. */
function lateBy(one: Leaving, at: number): string | null {
  const passed = at - one.since
  if (one.isStormy)
    return !one.isOut && passed > STORM_MS ? `still has users after ${passed / 1000} s of a storm` : null
  if (passed <= HEALTHY_MS) return null
  return one.isOut
    ? `is out, and nobody has seen it for ${passed / 1000} s`
    : `still has users after ${passed / 1000} s`
}
