import type { Row, Weights } from './line.ts'
import type { Rollout } from './rollout.ts'

/** What a service's audit wishes for: the weights that a write may bring. */
export interface Wish {
  readonly weights: Weights
  /** The row that wishes it. */
  readonly row: Row
  readonly rollout: Rollout
  /** Whether any other weights will do that send the canary nothing, and nobody but stable more than they have. */
  readonly isWayOut: boolean
}

/** A wish that a later row has overtaken. `commit` and `at` are of that row in the trace. */
export interface Overtaken {
  readonly wish: Wish
  readonly by: Row
  readonly commit: number
  readonly at: number
}

/** Whether a write of these weights is what was wished for. `serving` = what users meet before it, where that is known. */
export function grants(wish: Wish, weights: Weights, serving: Weights | null): boolean {
  if (sameWeights(wish.weights, weights)) return true
  const { stable, canary } = wish.rollout
  if (!wish.isWayOut || stable === null || (canary !== null && (weights[canary] ?? 0) > 0)) return false
  const before = serving ?? wish.row.weightsBefore ?? {}
  return Object.entries(weights).every(([name, weight]) => name === stable || weight <= (before[name] ?? 0))
}

/** Whether both send the same share to the same revisions; a share of nothing is no share. */
export function sameWeights(a: Weights, b: Weights): boolean {
  return [...Object.keys(a), ...Object.keys(b)].every((name) => (a[name] ?? 0) === (b[name] ?? 0))
}
