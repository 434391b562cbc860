import type { TraceEvent } from '../trial/trace.ts'
import { type Check, checkOf } from './check.ts'

type Decided = TraceEvent & { readonly kind: 'decision' }

/** S9: a service has at most one rollout that is not over, and a new one begins before its first step, without weight. */
export function checkOneRollout(): Check {
  const open = new Map<string, string>()
  const known = new Set<string>()
  return checkOf({
    invariant: 'S9',
    kinds: ['decision'],
    see: (event) => {
      if (event.kind !== 'decision') return []
      const id = `${event.entity} ${event.rollout}`
      const running = open.get(event.entity)
      const says = [...beside(event, running), ...(known.has(id) ? [] : inherited(event))]
      known.add(id)
      if (event.phase !== 'finished') open.set(event.entity, event.rollout)
      else if (running === event.rollout) open.delete(event.entity)
      return says.map((text) => ({ invariant: 'S9', says: text, n: event.n }))
    },
    end: () => [],
  })
}

function beside({ entity, rollout, phase, at }: Decided, running: string | undefined): readonly string[] {
  if (running === undefined || running === rollout || phase === 'finished') return []
  return [`${rollout} of ${entity} is ${phase} at ${new Date(at).toISOString()} while ${running} is not over`]
}

function inherited({ entity, rollout, phase, stage, canaryWeight }: Decided): readonly string[] {
  const isFresh = stage === null && (canaryWeight === 0 || canaryWeight === null)
  return isFresh
    ? []
    : [`${rollout} of ${entity} began as ${phase} with a weight of ${canaryWeight} %, not from nothing`]
}
