import type { History } from '../lib/core/judge/state.ts'
import { HISTORY_BUCKETS } from '../lib/core/judge/take-in.ts'
import type { Series } from '../lib/core/replay/feed.ts'
import type { Timeline } from '../lib/core/replay/timeline.ts'

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
      ...(gaps === 0
        ? []
        : [`${kpi}: ${gaps} of ${buckets} buckets of the canary are missing; nothing is concluded from them`]),
    ]
  })
}

function historyNote(kpi: string, before: number): readonly string[] {
  if (before === 0)
    return [`${kpi}: no history of the stable revision (negative minutes), so errors are taken to be bursty (φ = 2)`]
  if (before <= HISTORY_BUCKETS) return []
  return [`${kpi}: of ${before} buckets of history the newest ${HISTORY_BUCKETS} count`]
}
