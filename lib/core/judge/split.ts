import type { Kpi } from '../service.ts'
import { sampleRatioOdds } from '../stats/sample-ratio.ts'
import type { KpiState } from './state.ts'
import { pairedOf } from './take-in.ts'

/** At these odds the requests were not split as they should be. */
const ODDS = 1000
/** So far from its wished share a canary may be all the same: the ingress promises no more, and no comparison suffers. */
const TOLERANCE = 0.25

/**
 * Whether the canary's share of the step's requests is not the one that was wished for, as half a sentence; null where
 * it is, or where nobody can tell. Only buckets that both revisions have figures of are compared. Then traffic is not routed, or figures are not attributed, as is believed, and every
 * comparison with the baseline is void. Odds of a Dirichlet–multinomial mixture (Lindon and Malek 2022).
 */
export function splitTrouble(kpi: Kpi, { step }: KpiState, weight: number): string | null {
  const paired = pairedOf(step)
  if (!hasSplit(kpi, weight) || paired === 0) return null
  const requests = paired + step.baselineTotal
  const wished = weight / 100
  const share = paired / requests
  if (Math.abs(share - wished) <= TOLERANCE * Math.min(wished, 1 - wished)) return null
  if (sampleRatioOdds([paired, step.baselineTotal], [wished, 1 - wished]) < ODDS) return null
  const seen = Math.round(share * 1000) / 10
  return `${kpi.name}: the canary has ${seen} % of the requests (${paired} of ${requests}) instead of ${weight} %, so traffic or figures do not go where they should`
}

/** Whether a KPI counts the requests that the weights split. */
export function hasSplit(kpi: Kpi, weight: number): boolean {
  const counts = kpi.kind !== 'gauge' && kpi.kind !== 'ratio' && kpi.source.kind !== 'probe'
  return counts && weight > 0 && weight < 100
}
