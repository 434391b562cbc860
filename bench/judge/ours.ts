import { absorb } from '../../lib/core/judge/absorb.ts'
import { historyDispersion } from '../../lib/core/judge/dispersion.ts'
import {
  ERROR_RATIOS,
  findingOf,
  type Minute,
  SLOW_RATIOS,
  startSequence,
  type Test,
} from '../../lib/core/judge/sequence.ts'
import type { ArmStream, Stream } from '../../sim/streams/generate.ts'
import { LIMITS } from './counts.ts'

/** When our judge aborts, and when it first held the rollout or aborted: minutes from 0, or −1. */
export interface OurFinding {
  readonly abort: number
  readonly hold: number
}

/** The two KPIs of the bench. */
export type Kpi = 'errors' | 'slow'

/** Minutes of warm-up after the first traffic. */
export const WARM = 5

/** The test of one KPI: a budget of 1 % for two KPIs that can abort, a soak of 48 hours. */
export function testOf(kpi: Kpi, history: ArmStream, warm = WARM): Test {
  const { total } = history
  const phi = historyDispersion(Array.from(history[kpi], (bad, minute) => ({ bad, total: total[minute] ?? 0 })))
  const common = { warm, horizon: 2880, alpha: 0.002, alphaWarm: 0.001, phi }
  return kpi === 'errors'
    ? { ...common, limit: LIMITS.errors, warmLimit: 0.02, ratios: ERROR_RATIOS }
    : { ...common, limit: LIMITS.slow, warmLimit: 0.5, ratios: SLOW_RATIOS }
}

/** A minute of a stream as the judge takes it in; one that is missing has no requests. */
export function minuteAt({ canary, baseline }: Pick<Stream, 'canary' | 'baseline'>, kpi: Kpi, at: number): Minute {
  return {
    bad: canary[kpi][at] ?? 0,
    total: canary.total[at] ?? 0,
    baselineBad: baseline[kpi][at] ?? 0,
    baselineTotal: baseline.total[at] ?? 0,
  }
}

/** What our judge makes of a soak, looked at every minute until it aborts. */
export function judge(stream: Stream, warm = WARM): OurFinding {
  const errorTest = testOf('errors', stream.history, warm)
  const slowTest = testOf('slow', stream.history, warm)
  let errors = startSequence(errorTest)
  let slow = startSequence(slowTest)
  let hold = -1
  for (let at = 0; at < stream.scenario.minutes; at += 1) {
    errors = absorb(errorTest, errors, minuteAt(stream, 'errors', at))
    slow = absorb(slowTest, slow, minuteAt(stream, 'slow', at))
    const ofErrors = findingOf(errorTest, errors).kind
    const ofSlow = findingOf(slowTest, slow).kind
    if (hold < 0 && (ofErrors !== 'quiet' || ofSlow !== 'quiet')) hold = at
    if (ofErrors === 'fail' || ofSlow === 'fail') return { abort: at, hold }
  }
  return { abort: -1, hold }
}
