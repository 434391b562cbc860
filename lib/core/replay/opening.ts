import { testOf } from '../judge/kpi-test.ts'
import { startSequence } from '../judge/sequence.ts'
import type { History, JudgeState, KpiState } from '../judge/state.ts'
import { startKpi } from '../judge/take-in.ts'
import type { Rollout } from '../rollout.ts'
import type { Kpi, Manifest } from '../service.ts'

/** Buckets that are replayed are final: no source's lag is waited for. */
export function withoutLag(manifest: Manifest): Manifest {
  const kpis = manifest.analysis.kpis.map((kpi): Kpi => ({ ...kpi, lagMs: 0 }))
  return { ...manifest, analysis: { ...manifest.analysis, kpis } }
}

/** The judge before the first bucket, with what it knew of the baseline when the rollout was real. */
export function remembered(
  { id, manifest }: Rollout,
  from: number,
  history: Readonly<Record<string, History>>,
): JudgeState {
  const kpis = manifest.analysis.kpis.map((kpi): readonly [string, KpiState] => {
    const fresh = startKpi({ kpi, manifest, from, since: from, stepSince: null }, null)
    const known = history[kpi.name] ?? fresh.history
    return [kpi.name, { ...fresh, history: known, sequence: startSequence(testOf(kpi, manifest, known.phi)) }]
  })
  return { schema: 1, rollout: id, since: from, from, kpis: Object.fromEntries(kpis) }
}
