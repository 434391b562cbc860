import { bernoulliCs } from '../stats/bernoulli-cs.ts'
import type { Evidence } from './verdict.ts'

const ALPHA = 0.05

/**
 * Evidence with its confidence intervals filled in, for whoever reads it: 95 %, time-uniform, narrowest near the number of
 * events that a pass needs. They are no part of a verdict and cost far more than one, so they are worked out only here.
 * Gauges have none.
 */
export function withIntervals(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.map((item) => (item.interval === null ? { ...item, interval: intervalOf(item) } : item))
}

function intervalOf({ bad, total, limit, unit }: Evidence): readonly [number, number] | null {
  if (unit !== 'ratio' || bad === null || total === null || total === 0) return null
  return bernoulliCs(bad, total, ALPHA, Math.ceil(3 / limit))
}
