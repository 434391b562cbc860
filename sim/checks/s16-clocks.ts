import { type Check, checkOf } from './check.ts'
import { followSkews, SKEWS } from './skews.ts'
import { followSteps, isJudged, STEPS } from './steps.ts'

/** Share of a bake that must have been lived through. */
const COVERAGE = 0.95

/**
 * S16: whatever the workers believe the time to be, a step that passes by itself was at its weight for a bake of the
 * world's own time, less what the workers' clocks were apart, and rests on no figure from the future of the one that decided.
 */
export function checkClocks(): Check {
  const follow = followSteps()
  const skews = followSkews()
  return checkOf({
    invariant: 'S16',
    kinds: [...SKEWS, ...STEPS],
    see: (event) => {
      skews.see(event)
      const advance = follow(event)
      if (advance === null || !isJudged(advance)) return []
      const { row, stages, from, sinceAt } = advance
      const bakeMs = stages[from - 1]?.bakeMs ?? 0
      const left = `${row.rollout} of ${row.entityId} left step ${from} at ${new Date(event.at).toISOString()}`
      const lived = event.at - sinceAt
      const early =
        lived < COVERAGE * bakeMs - skews.apart(sinceAt)
          ? [`${left}, after ${lived / 1000} s of a bake of ${bakeMs / 1000} s`]
          : []
      const ahead = skews.ahead(event.at)
      const future = row.evidence
        .filter((item) => item.role === 'required' && item.to > event.at + ahead + advance.manifest.analysis.bucketMs)
        .map((item) => `${left}, on figures of ${item.kpi} until ${new Date(item.to).toISOString()}`)
      return [...early, ...future].map((says) => ({ invariant: 'S16' as const, says, n: event.n }))
    },
    end: () => [],
  })
}
