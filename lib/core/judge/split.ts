import type { Kpi } from '../service.ts'
import { sampleRatioOdds } from '../stats/sample-ratio.ts'
import type { KpiState } from './state.ts'

/** At these odds the requests were not split as they should be. */
const ODDS = 1000
/** So far from its wished share a canary may be all the same: the ingress promises no more, and no comparison suffers. */
const TOLERANCE = 0.25

/**
 * Whether the canary's share of the step's requests is not the one that was wished for, as half a sentence; null where
 * it is, or where nobody can tell. Then traffic is not routed, or figures are not attributed, as is believed, and every
 * comparison with the baseline is void. Odds of a Dirichlet–multinomial mixture (Lindon and Malek 2022).
 */
export function splitTrouble(kpi: Kpi, { step }: KpiState, weight: number): string | null {
  const requests = step.total + step.baselineTotal
  if (kpi.kind === 'gauge' || kpi.kind === 'ratio' || kpi.source.kind === 'probe') return null
  if (weight <= 0 || weight >= 100 || step.total === 0) return null
  const wished = weight / 100
  const share = step.total / requests
  if (Math.abs(share - wished) <= TOLERANCE * Math.min(wished, 1 - wished)) return null
  if (sampleRatioOdds([step.total, step.baselineTotal], [wished, 1 - wished]) < ODDS) return null
  const seen = Math.round(share * 1000) / 10
  return `${kpi.name}: the canary has ${seen} % of the requests (${step.total} of ${requests}) instead of ${weight} %, so traffic or figures do not go where they should`
}
