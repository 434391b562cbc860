import type { History } from '../lib/core/judge/state.ts'
import { HISTORY_BUCKETS } from '../lib/core/judge/take-in.ts'
import type { Series } from '../lib/core/replay/feed.ts'
import type { Timeline } from '../lib/core/replay/timeline.ts'
import type { Manifest } from '../lib/core/service.ts'

/** What a reader of a timeline should know of its figures: history, and buckets that are missing. A sentence each. */
export function notesOn(
  series: Series,
  { endedAtMinute }: Timeline,
  history: Readonly<Record<string, History>> = {},
): readonly string[] {
  const buckets = (endedAtMinute ?? -1) + 1
  return [...series].flatMap(([kpi, { canary, baseline }]) => {
    const seen = [...canary.keys()].filter((at) => at < buckets).length
    const gaps = buckets - seen
    return [
      ...(kpi in history ? [] : historyNote(kpi, [...baseline.keys()].filter((at) => at < 0).length)),
      ...(baseline.size > 0 || seen === 0 ? [] : [`${kpi}: ${ALONE}`]),
      ...(gaps === 0
        ? []
        : [`${kpi}: ${gaps} of ${buckets} buckets of the canary are missing; nothing is concluded from them`]),
    ]
  })
}

const ALONE =
  'no row of the stable revision, so nothing can be compared, and the judge holds below 100 % because it cannot see the split'

/** Which steps began later than the plan wanted, since nothing was measured at their weight before. A sentence each. */
export function waitNotes({ verdicts }: Timeline, { stages }: Manifest): readonly string[] {
  return stages.flatMap(({ weight }, stage) => {
    const waiting = verdicts.filter((verdict) => verdict.step === stage + 1 && verdict.weight < weight)
    const first = waiting[0]?.minute
    if (first === undefined) return []
    return [
      `step ${stage + 1} was due with bucket ${first}, and nothing was measured at ${weight} % before bucket ${first + waiting.length}: until then the canary stays at the weight before`,
    ]
  })
}

function historyNote(kpi: string, before: number): readonly string[] {
  if (before === 0)
    return [`${kpi}: no history of the stable revision (negative minutes), so errors are taken to be bursty (φ = 2)`]
  if (before <= HISTORY_BUCKETS) return []
  return [`${kpi}: of ${before} buckets of history the newest ${HISTORY_BUCKETS} count`]
}
