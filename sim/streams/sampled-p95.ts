import { hashOf, normalQuantile } from '../chance.ts'
import type { ArmStream, Stream } from './generate.ts'
import { LATENCY_SPREAD, logMedian } from './latency.ts'
import { createRandom, type Random } from './random.ts'

/** The 95th percentile (ms) that was measured in each minute; NaN where there was no request. */
export interface SampledP95 {
  readonly canary: Float64Array
  readonly baseline: Float64Array
}

/**
 * What a metrics store would say p95 was, minute by minute: of n lognormal latencies the ⌈0.95 n⌉-th smallest, drawn exactly
 * from its beta distribution. It belongs to the stream: asked again it is the same.
 */
export function sampledP95({ scenario, seed, canary, baseline }: Stream): SampledP95 {
  const random = createRandom(hashOf(`${scenario.name} p95`), seed)
  return { canary: sampleArm(canary, random), baseline: sampleArm(baseline, random) }
}

function sampleArm({ total, p95 }: ArmStream, random: Random): Float64Array {
  return Float64Array.from(total, (requests, minute) => {
    if (requests === 0) return Number.NaN
    const rank = Math.ceil(0.95 * requests)
    const share = random.beta(rank, requests - rank + 1)
    return Math.exp(logMedian(p95[minute] ?? 0) + LATENCY_SPREAD * normalQuantile(share))
  })
}
