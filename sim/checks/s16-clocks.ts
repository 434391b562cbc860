import type { Check } from './check.ts'
import { followSteps, isJudged } from './steps.ts'

/** Share of a bake that must have been lived through. */
const COVERAGE = 0.95
/** So far may the clocks of two workers be apart without anybody calling it a fault, each way. */
const SKEW_MS = 5 * 60_000

/**
 * S16: whatever the workers believe the time to be, a step that passes by itself was at its weight for a bake of the
 * world's own time, and rests on no figure from the future.
 */
export function checkClocks(): Check {
  const follow = followSteps()
  return {
    invariant: 'S16',
    see: (event) => {
      const advance = follow(event)
      if (advance === null || !isJudged(advance)) return []
      const { row, stages, from, sinceAt } = advance
      const bakeMs = stages[from - 1]?.bakeMs ?? 0
      const left = `${row.rollout} of ${row.entityId} left step ${from} at ${new Date(event.at).toISOString()}`
      const lived = event.at - sinceAt
      const early =
        lived < COVERAGE * bakeMs - 2 * SKEW_MS
          ? [`${left}, after ${lived / 1000} s of a bake of ${bakeMs / 1000} s`]
          : []
      const ahead = row.evidence
        .filter((item) => item.role === 'required' && item.to > event.at + SKEW_MS + advance.manifest.analysis.bucketMs)
        .map((item) => `${left}, on figures of ${item.kpi} until ${new Date(item.to).toISOString()}`)
      return [...early, ...ahead].map((says) => ({ invariant: 'S16' as const, says, n: event.n }))
    },
    end: () => [],
  }
}
