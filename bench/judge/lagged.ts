import { absorb } from '../../lib/core/judge/absorb.ts'
import { findingOf, type Minute, type Sequence, startSequence, type Test } from '../../lib/core/judge/sequence.ts'
import type { Stream } from '../../sim/streams/generate.ts'
import { LAG, type LaggedStream } from '../../sim/streams/lag.ts'
import { type Kpi, minuteAt, testOf } from './ours.ts'

/** How unfinished minutes are used: not at all, or as evidence for an abort alone. */
export type Use = 'final' | 'provisional'

/** Unfinished minutes are taken to have so many times the usual traffic. */
const OVERSTATED = 1.2
const USUAL_OF = 10

interface Watch {
  readonly kpi: Kpi
  readonly test: Test
  sequence: Sequence
}

/** Minute of wall clock (from 0) at whose end our judge aborts behind a source that lags, or −1. */
export function judgeLagged(stream: Stream, lagged: LaggedStream, use: Use): number {
  const watches: readonly Watch[] = (['errors', 'slow'] as const).map((kpi) => {
    const test = testOf(kpi, stream.history, 0)
    return { kpi, test, sequence: startSequence(test) }
  })
  for (let now = 0; now < stream.scenario.minutes; now += 1) {
    const final = now - LAG
    for (const watch of watches) {
      if (final >= 0) watch.sequence = absorb(watch.test, watch.sequence, minuteAt(stream, watch.kpi, final))
      if (findingOf(watch.test, watch.sequence).kind === 'fail') return now
      if (use === 'provisional' && failsAhead(watch, stream, lagged, now)) return now
    }
  }
  return -1
}

/** Whether the evidence fails once the unfinished minutes are added as they are seen, over as many requests as may come. */
function failsAhead({ kpi, test, sequence }: Watch, stream: Stream, { ages }: LaggedStream, now: number): boolean {
  const usual = usualTotal(stream, now - LAG)
  let ahead = sequence
  for (let age = Math.min(LAG - 1, now); age >= 0; age -= 1) {
    const seen = minuteAt(ages[age] ?? stream, kpi, now - age)
    const minute: Minute = { ...seen, total: Math.max(seen.total, OVERSTATED * usual) }
    ahead = absorb(test, ahead, minute)
  }
  return findingOf(test, ahead).kind === 'fail'
}

/** Mean requests of the canary in its last ten final minutes; a tenth of the day before's where there is none yet. */
function usualTotal({ canary, history, scenario }: Stream, final: number): number {
  const last = canary.total.subarray(Math.max(0, final + 1 - USUAL_OF), Math.max(0, final + 1))
  if (last.length > 0) return last.reduce((sum, total) => sum + total, 0) / last.length
  return (scenario.shape.canaryShare * history.total.reduce((sum, total) => sum + total, 0)) / history.total.length
}
