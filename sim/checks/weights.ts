import type { Weights } from '../../lib/core/audit.ts'

/** Whether users meet the same: revisions without weight do not count. */
export function sameWeights(a: Weights, b: Weights): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => (a[name] ?? 0) === (b[name] ?? 0))
}

/** The canary has `weight` percent, and the revision to fall back to the rest. */
export function shared(stable: string | null, canary: string, weight: number): Weights {
  return stable === null ? { [canary]: weight } : { [stable]: 100 - weight, [canary]: weight }
}
