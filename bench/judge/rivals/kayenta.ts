import type { ArmStream, Stream } from '../../../sim/streams/generate.ts'
import type { SampledP95 } from '../../../sim/streams/sampled-p95.ts'
import { classify } from '../kayenta/classify.ts'

/** How Kayenta looks: at everything since it began, or at the last hour only. */
export type Lookback = 'growing' | 'sliding'

const EVERY = 60
/** Minutes left out at the start where the canary is known to start cold. */
const BEGIN_AFTER = 10
const JUDGE = { tolerance: 0.25, confidence: 0.98, direction: 'increase', effect: null } as const

/**
 * Minute (from 0) in which Kayenta's judge first calls a metric High, or −1. It judges every hour: errors in percent, where no
 * value counts as 0, and p95 in milliseconds, where no value is left out; both are critical.
 */
export function kayentaAborts(lookback: Lookback, stream: Stream, p95: SampledP95): number {
  const { scenario, canary, baseline } = stream
  const begin = scenario.shape.coldMinutes > 0 ? BEGIN_AFTER : 0
  const errors = { canary: percentages(canary), baseline: percentages(baseline) }
  for (let end = begin + EVERY; end <= scenario.minutes; end += EVERY) {
    const start = lookback === 'growing' ? begin : end - EVERY
    const isHigh = label(errors, start, end, 'replace') === 'High' || label(p95, start, end, 'remove') === 'High'
    if (isHigh) return end - 1
  }
  return -1
}

function label(metric: SampledP95, start: number, end: number, nan: 'replace' | 'remove'): string {
  return classify(metric.baseline.subarray(start, end), metric.canary.subarray(start, end), { ...JUDGE, nan })
}

function percentages({ total, errors }: ArmStream): Float64Array {
  return Float64Array.from(errors, (bad, minute) => (100 * bad) / (total[minute] ?? 0))
}
