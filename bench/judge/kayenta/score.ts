import type { Label } from './classify.ts'

/** A metric's label, the groups it counts in, and whether it fails everything by itself. */
export interface Scored {
  readonly label: Label
  readonly groups: readonly string[]
  readonly critical: boolean
}

/** At this share of metrics without data the canary fails. */
const TOO_MANY_WITHOUT_DATA = 0.5

/**
 * Kayenta's summary score, 0–100 to two places: share of passing metrics in each group, weighted. Groups without a weight
 * share what the others leave of 100; a group without data counts as 100. A critical failure or half of the metrics
 * without data is 0.
 */
export function scoreOf(metrics: readonly Scored[], weights: Readonly<Record<string, number>>): number {
  if (metrics.some(({ critical, label }) => critical && label !== 'Pass')) return 0
  const without = metrics.filter(({ label }) => label === 'Nodata').length
  if (without / metrics.length >= TOO_MANY_WITHOUT_DATA) return 0
  const groups = [...new Set(metrics.flatMap((metric) => metric.groups))]
  const given = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  const unweighted = groups.filter((group) => weights[group] === undefined).length
  const score = groups.reduce((sum, group) => {
    const labels = metrics.filter((metric) => metric.groups.includes(group)).map(({ label }) => label)
    return sum + (groupScore(labels) * (weights[group] ?? (100 - given) / unweighted)) / 100
  }, 0)
  return Math.round(score * 100) / 100
}

/** What a score means: at least `pass`, at least `marginal`, or less. */
export function verdictOf(score: number, pass: number, marginal: number): 'Pass' | 'Marginal' | 'Fail' {
  if (score >= pass) return 'Pass'
  return score >= marginal ? 'Marginal' : 'Fail'
}

function groupScore(labels: readonly Label[]): number {
  const counted = labels.filter((label) => ['Pass', 'High', 'Low', 'NodataFailMetric'].includes(label))
  const passed = counted.filter((label) => label === 'Pass').length
  return counted.length === 0 ? 100 : (passed / counted.length) * 100
}
