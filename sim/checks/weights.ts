import type { Weights } from '../../lib/core/audit.ts'

/** Whether users meet the same: revisions without weight do not count. */
export function sameWeights(a: Weights, b: Weights): boolean {
  for (const name in a) if ((a[name] ?? 0) !== (b[name] ?? 0)) return false
  for (const name in b) if ((a[name] ?? 0) !== (b[name] ?? 0)) return false
  return true
}

/** The canary has `weight` percent, and the revision to fall back to the rest. */
export function shared(stable: string | null, canary: string, weight: number): Weights {
  return stable === null ? { [canary]: weight } : { [stable]: 100 - weight, [canary]: weight }
}
