import { openCourse, sequenceOf, takeMinute } from './absorb.ts'
import { type Finding, findingOf } from './sequence.ts'
import type { KpiState, SeenBucket } from './state.ts'
import { type Arms, CONTROL_BUCKETS, lacksControl, minuteOf, type Setting, testFor } from './take-in.ts'

/** How much more traffic an unfinished bucket is taken to have than the finished ones had. */
const OVERSTATED = 1.2
const MEAN_OF = 10

/**
 * What the evidence would say if the buckets that are not final yet were already. Their bad events can only become more,
 * and their traffic is overstated (1.2 times the mean of the last 10 final buckets), so this never finds too much; it
 * takes the source's lag out of the way of a large failure. Null where nothing unfinished was bad, or where nobody can
 * tell how much traffic there will be. Gauges have no unfinished value that means anything, and a bucket without its
 * baseline's figures waits for them. `seen` is empty where a source gave no answer.
 */
export function provisionalFinding(
  setting: Setting,
  state: KpiState,
  arms: Arms,
  seen: ReadonlyMap<number, SeenBucket>,
  usualTotal: number | null,
): Finding | null {
  const { kpi } = setting
  const mean = meanTotal(setting, state) ?? usualTotal
  if (kpi.kind === 'gauge' || mean === null) return null
  const open = [...seen.values()]
    .filter((bucket) => bucket[0] >= state.next && (state.uncontrolled > CONTROL_BUCKETS || hasControl(bucket, arms)))
    .sort((a, b) => a[0] - b[0])
  if (open.every(([, bad]) => bad === 0)) return null
  const test = testFor(setting, state.history.phi)
  const ahead = openCourse(test, state.sequence)
  for (const bucket of open) {
    const minute = minuteOf(kpi, bucket)
    takeMinute(ahead, { ...minute, total: Math.max(minute.total, OVERSTATED * mean) })
  }
  return findingOf(test, sequenceOf(ahead))
}

/** Whether the baseline's part of an unfinished bucket is there as well; a source may show one revision sooner. */
function hasControl(bucket: SeenBucket, arms: Arms): boolean {
  return arms.baseline === null || (!lacksControl(bucket, arms) && bucket[5] !== 0)
}

/** Mean traffic of the step's newest final buckets; those of a step before had another share. Null where there are none. */
function meanTotal({ from, stepSince }: Setting, state: KpiState): number | null {
  const since = stepSince ?? from
  const final = state.recent.filter(([at]) => at >= since && at < state.next).slice(-MEAN_OF)
  if (final.length === 0) return null
  return final.reduce((sum, [, , total]) => sum + total, 0) / final.length
}
