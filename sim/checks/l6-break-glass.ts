import type { Weights } from '../../lib/core/audit.ts'
import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf, type Violation } from './check.ts'
import { sameWeights, shared } from './weights.ts'

type Decision = TraceEvent & { readonly kind: 'decision' }

/** What a hand gave while nobody else was there, and what the rollout was then. */
interface Given {
  readonly weights: Weights
  readonly rollout: string
  readonly back: number
}

interface State {
  readonly entities: Map<string, string>
  readonly newest: Map<string, Decision>
  readonly wished: Map<string, { readonly rollout: string; readonly weights: readonly number[] }>
  readonly given: Map<string, Given>
  readonly byHand: Map<string, Weights>
  isGone: boolean
}

/**
 * L6: with the control plane gone, a person moves all traffic by hand; when it is back it takes what it finds: where the
 * runbook does not say otherwise, nobody writes other weights to that app until a person orders it or another rollout begins.
 */
export function checkBreakGlass(): Check {
  const state: State = {
    entities: new Map(),
    newest: new Map(),
    wished: new Map(),
    given: new Map(),
    byHand: new Map(),
    isGone: false,
  }
  return checkOf({ invariant: 'L6', kinds: KINDS, see: (event) => see(state, event), end: () => [] })
}

const KINDS = ['service', 'fault', 'edit', 'traffic', 'decision', 'wake', 'audit', 'arm-write'] as const

type Seen = Extract<TraceEvent, { readonly kind: (typeof KINDS)[number] }>

function see(state: State, event: Seen): readonly Violation[] {
  const { entities, newest, wished, given, byHand } = state
  switch (event.kind) {
    case 'service':
      entities.set(event.app, event.entity)
      break
    case 'fault':
      if (event.variant !== 'plane-gone') break
      state.isGone = event.moment === 'begins'
      if (event.moment === 'ends') adopt(state, event.at)
      break
    case 'edit':
      given.delete(event.app)
      // The hand of the drill moves before the trace says that the plane is gone: it does when nobody looks any more.
      // One that gives what stands already, while a write of ours is under way, cannot be told from that write being lost.
      if (event.what === 'all-to-one' && !sameWeights(event.before, event.after)) byHand.set(event.app, event.after)
      break
    case 'traffic':
      // An operation that comes true late writes over what the hand gave: that is no longer there to be left.
      for (const hands of [byHand, given]) if (isOther(hands.get(event.app), event.weights)) hands.delete(event.app)
      break
    case 'decision': {
      const known = wished.get(event.entity)
      const before = known?.rollout === event.rollout ? known.weights : []
      const isNew = event.canaryWeight !== null && !before.includes(event.canaryWeight)
      const weights = isNew ? [...before, event.canaryWeight] : before
      wished.set(event.entity, { rollout: event.rollout, weights })
      newest.set(event.entity, event)
      break
    }
    case 'wake':
      // Somebody is there: what hands do now is another promise.
      if (!state.isGone) byHand.clear()
      break
    case 'audit': {
      const isOrder = event.row.actor !== 'slipway' && event.row.actor !== 'unknown'
      if (isOrder) for (const [app, entity] of entities) if (entity === event.row.entityId) given.delete(app)
      break
    }
    case 'arm-write': {
      const hand = given.get(event.app)
      const entity = entities.get(event.app) ?? ''
      if (hand === undefined || event.asked.weights === null || sameWeights(event.asked.weights, hand.weights)) break
      given.delete(event.app)
      const decision = newest.get(entity)
      if (decision?.rollout !== hand.rollout || decision.phase === 'rolling-back') break
      const says = `worker ${event.worker} wrote ${JSON.stringify(event.asked.weights)} to ${event.app} over ${JSON.stringify(hand.weights)}, which a hand gave while nobody was there until ${new Date(hand.back).toISOString()}`
      return [{ invariant: 'L6', says, n: event.n }]
    }
  }
  return []
}

function isOther(given: Given | Weights | undefined, now: Weights): boolean {
  if (given === undefined) return false
  return !sameWeights('weights' in given ? (given as Given).weights : (given as Weights), now)
}

/** Takes in what hands gave while nobody was there, where it is to be left. */
function adopt({ entities, newest, wished, given, byHand }: State, at: number): void {
  for (const [app, weights] of byHand) {
    const entity = entities.get(app) ?? ''
    const decision = newest.get(entity)
    if (decision !== undefined && isLeft(decision, weights, wished.get(entity)?.weights ?? []))
      given.set(app, { weights, rollout: decision.rollout, back: at })
  }
  byHand.clear()
}

/** Whether what a hand gave is to be left: it is no weight that the rollout wished for itself, and no rollback is under way. */
function isLeft(
  { phase, stable, canary, stage, outcome }: Decision,
  weights: Weights,
  wished: readonly number[],
): boolean {
  const isOwn = wished.some((weight) => sameWeights(weights, shared(stable, canary, weight)))
  if (phase === 'finished')
    return !isOwn || (outcome === 'promoted' && stable !== null && (weights[stable] ?? 0) === 100)
  return (phase === 'progressing' || (phase === 'paused' && stage !== null)) && stable !== null && !isOwn
}
