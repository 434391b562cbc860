import type { Weights } from '../../lib/core/audit.ts'
import type { TraceEvent } from '../trial/trace.ts'
import { CALM, followCalm } from './calm.ts'
import { type Check, checkOf } from './check.ts'
import { MINUTE_MS } from './plane.ts'
import { followSleepers, SLEEPERS } from './sleepers.ts'
import { sameWeights, shared } from './weights.ts'

type Decision = TraceEvent & { readonly kind: 'decision' }

/** The longest that the product waits between two tries of what was refused, or as long as it was asked to wait. */
const WAITS_MS = 5 * MINUTE_MS
/** Two ticks. */
const TICKS_MS = 2 * MINUTE_MS
/** How long an operation of ARM may drag that was told to, also when all else is calm. */
const DRAGS_MS = 10 * MINUTE_MS

/**
 * L2: when nothing is amiss any more, users meet what the newest decision wants, two ticks after the longest wait between two
 * tries (five minutes, or ten where ARM drags an operation out) at the latest, without a person. Whoever has raised the alarm that it does not become real, or
 * keeps its hands off, has said that a person is needed.
 */
export function checkConverges(): Check {
  const calm = followCalm()
  const sleepers = followSleepers()
  const apps = new Map<string, string>()
  const entities = new Map<string, string>()
  const serving = new Map<string, Weights>()
  const newest = new Map<string, Decision>()
  const wished = new Map<string, number>()
  const excused = new Set<string>()
  const dragging = new Set<string>()
  const hands = followHands(excused)
  const allowedFor = (entity: string) => (dragging.has(entity) ? DRAGS_MS : WAITS_MS) + TICKS_MS
  return checkOf({
    invariant: 'L2',
    kinds: [...CALM, ...SLEEPERS, 'service', 'traffic', 'fault', 'edit', 'arm-read', 'decision', 'audit'],
    timed: true,
    see: (event) => {
      calm.see(event)
      sleepers.see(event)
      if (event.kind === 'service') {
        apps.set(event.entity, event.app)
        entities.set(event.app, event.entity)
      }
      if (event.kind === 'traffic') serving.set(event.app, event.weights)
      if (event.kind === 'fault' && /^operation-(slow|late)$/.test(event.variant)) dragging.add(event.entity ?? '')
      if (event.kind === 'edit' || event.kind === 'arm-read') hands.see(event, entities.get(event.app) ?? '')
      // So does what a worker brings back that slept inside its call: the next look of the watch is an interval away.
      if (event.kind === 'arm-write' && sleepers.isWaking(event.worker)) excused.add(entities.get(event.app) ?? '')
      if (event.kind === 'decision') {
        const before = newest.get(event.entity)
        const isSame =
          before?.rollout === event.rollout &&
          before.canaryWeight === event.canaryWeight &&
          before.phase === event.phase
        if (!isSame) {
          wished.set(event.entity, event.at)
          excused.delete(event.entity)
        }
        newest.set(event.entity, event)
      }
      if (event.kind === 'audit' && (event.row.kind === 'deadline-passed' || event.row.kind === 'foreign-edit'))
        excused.add(event.row.entityId)
      const since = calm.since()
      if (event.at - since <= WAITS_MS + TICKS_MS) return []
      const found = []
      for (const [entity, decision] of newest) {
        if (excused.has(entity) || hands.isUnseen(entity) || event.at - (wished.get(entity) ?? 0) <= allowedFor(entity))
          continue
        const weights = serving.get(apps.get(entity) ?? '') ?? {}
        if (event.at - since <= allowedFor(entity) || isMet(decision, weights)) continue
        excused.add(entity)
        const says = `${decision.rollout} of ${entity} (${decision.phase}) wants ${decision.canaryWeight} % for ${decision.canary}, and users meet ${JSON.stringify(weights)} at ${new Date(event.at).toISOString()}, calm since ${since === Number.NEGATIVE_INFINITY ? 'ever' : new Date(since).toISOString()}`
        found.push({ invariant: 'L2' as const, says, n: event.n })
      }
      return found
    },
    end: () => [],
  })
}

/** What a hand gave is left, or stands until somebody looks: another promise. Whoever sees it first is still to say so. */
function followHands(excused: Set<string>) {
  const unseen = new Set<string>()
  return {
    see: (event: TraceEvent & { readonly kind: 'edit' | 'arm-read' }, entity: string) => {
      if (event.kind === 'edit') unseen.add(entity)
      if (event.kind === 'edit' || (event.code === null && unseen.delete(entity))) excused.add(entity)
    },
    isUnseen: (entity: string) => unseen.has(entity),
  }
}

/** Whether users meet what was decided. */
function isMet(decision: Decision, weights: Weights): boolean {
  const { stable, canary, canaryWeight, phase, outcome } = decision
  if (stable === null || canaryWeight === null) return true
  if (phase === 'progressing') return sameWeights(weights, shared(stable, canary, canaryWeight))
  if (phase === 'rolling-back') return (weights[canary] ?? 0) === 0
  return phase !== 'finished' || outcome === 'promoted' || (weights[canary] ?? 0) === 0 || decision.wakeAt === null
}
