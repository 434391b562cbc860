import type { Weights } from '../../lib/core/audit.ts'
import type { TraceEvent } from '../trial/trace.ts'
import type { Check } from './check.ts'
import { sameWeights, shared } from './weights.ts'

type Decision = TraceEvent & { readonly kind: 'decision' }

/** What a hand gave while nobody else was there, and what the rollout was then. */
interface Given {
  readonly weights: Weights
  readonly rollout: string
  readonly back: number
}

/**
 * L6: with the control plane gone, a person moves all traffic by hand; when it is back it takes what it finds: where the
 * runbook does not say otherwise, nobody writes other weights to that app until a person orders it or another rollout begins.
 */
export function checkBreakGlass(): Check {
  const entities = new Map<string, string>()
  const newest = new Map<string, Decision>()
  const wished = new Map<string, { readonly rollout: string; readonly weights: readonly number[] }>()
  const given = new Map<string, Given>()
  const byHand = new Map<string, Weights>()
  const orders = new Map<string, string>()
  let isGone = false
  const adopt = (at: number) => {
    for (const [app, weights] of byHand) {
      const entity = entities.get(app) ?? ''
      const decision = newest.get(entity)
      if (decision !== undefined && isLeft(decision, weights, wished.get(entity)?.weights ?? []))
        given.set(app, { weights, rollout: decision.rollout, back: at })
    }
    byHand.clear()
  }
  return {
    invariant: 'L6',
    see: (event) => {
      switch (event.kind) {
        case 'service':
          entities.set(event.app, event.entity)
          break
        case 'fault':
          if (event.variant !== 'plane-gone') break
          isGone = event.moment === 'begins'
          if (event.moment === 'ends') adopt(event.at)
          break
        case 'edit':
          given.delete(event.app)
          // The hand of the drill moves before the trace says that the plane is gone: it does when nobody looks any more.
          if (event.what === 'all-to-one') byHand.set(event.app, event.after)
          break
        case 'command':
          orders.set(event.id, event.entity)
          break
        case 'decision': {
          const known = wished.get(event.entity)
          const before = known?.rollout === event.rollout ? known.weights : []
          const weights = event.canaryWeight === null ? before : [...before, event.canaryWeight]
          wished.set(event.entity, { rollout: event.rollout, weights })
          newest.set(event.entity, event)
          break
        }
        case 'wake':
          // Somebody is there: what hands do now is another promise.
          if (!isGone) byHand.clear()
          break
        case 'command-answered':
          if (event.answer === 'done')
            for (const [app, entity] of entities) if (entity === orders.get(event.id)) given.delete(app)
          break
        case 'arm-write': {
          const hand = given.get(event.app)
          const entity = entities.get(event.app) ?? ''
          if (hand === undefined || event.asked.weights === null || sameWeights(event.asked.weights, hand.weights))
            break
          given.delete(event.app)
          const decision = newest.get(entity)
          if (decision?.rollout !== hand.rollout || decision.phase === 'rolling-back') break
          const says = `worker ${event.worker} wrote ${JSON.stringify(event.asked.weights)} to ${event.app} over ${JSON.stringify(hand.weights)}, which a hand gave while nobody was there until ${new Date(hand.back).toISOString()}`
          return [{ invariant: 'L6', says, n: event.n }]
        }
      }
      return []
    },
    end: () => [],
  }
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
