import type { Weights } from '../../lib/core/audit.ts'
import { type Check, checkOf } from './check.ts'
import { createPairs } from './pairs.ts'
import { type Advance, followSteps, isJudged, STEPS } from './steps.ts'

/** Share of a bake that must have been measured. */
const COVERAGE = 0.95
const ANYBODY = -1

/**
 * S3: the canary takes the weights of the plan and no others, one step after the other; each step is left after its bake
 * and on figures that were measured within it, or at a person's order, which may leap ahead but not back. No weight of a
 * canary is asked for at ARM before it was written down.
 */
export function checkPlan(): Check {
  const follow = followSteps()
  const wished = createPairs<string, string, Set<number>>()
  /** Who may have whatever is left: the one to fall back to, or that was promoted, by app and by the worker that knew it (−1: whoever was the last). */
  const trusted = createPairs<string, number, string>()
  const serving = new Map<string, Weights>()
  const apps = new Map<string, string>()
  return checkOf({
    invariant: 'S3',
    kinds: [...STEPS, 'service', 'traffic', 'decision', 'arm-write'],
    see: (event) => {
      const advance = follow(event)
      if (event.kind === 'service') apps.set(event.entity, event.app)
      if (event.kind === 'traffic') serving.set(event.app, event.weights)
      if (event.kind === 'decision') {
        const app = apps.get(event.entity) ?? ''
        const keeper = event.outcome === 'promoted' ? event.canary : event.stable
        if (keeper !== null) {
          trusted.set(app, ANYBODY, keeper)
          trusted.set(app, event.worker, keeper)
        }
        const weights = wished.get(app, event.canary)
        if (weights === undefined) wished.set(app, event.canary, new Set([0, event.canaryWeight ?? 0]))
        else weights.add(event.canaryWeight ?? 0)
      }
      const says = advance === null ? [] : wrongsOf(advance)
      if (event.kind === 'arm-write') {
        for (const [revision, weight] of Object.entries(event.asked.weights ?? {})) {
          const known = wished.get(event.app, revision)
          const keepers = [trusted.get(event.app, ANYBODY), trusted.get(event.app, event.worker)]
          if (known === undefined || keepers.includes(revision) || known.has(weight)) continue
          // A hand gave it that much, and whoever takes the canary out leaves it.
          if (weight <= (serving.get(event.app)?.[revision] ?? 0)) continue
          says.push(`worker ${event.worker} asked for ${weight} % for ${revision}, which no stored decision wished for`)
        }
      }
      return says.map((text) => ({
        invariant: 'S3',
        says: `${text}, at ${new Date(event.at).toISOString()}`,
        n: event.n,
      }))
    },
    end: () => [],
  })
}

function wrongsOf(advance: Advance): string[] {
  const { row, stages, from, isByHand } = advance
  const wrongs: string[] = []
  const name = `${row.rollout} of ${row.entityId}`
  if (row.kind === 'step-started') {
    const step = row.step ?? 0
    const weight = stages[step - 1]?.weight
    if (row.value !== weight) wrongs.push(`${name} took ${row.value} % at step ${step}, and its plan says ${weight} %`)
    if (isByHand ? step <= from : step !== from + 1) wrongs.push(`${name} went from step ${from} to step ${step}`)
  } else if (from !== stages.length && !isByHand)
    wrongs.push(`${name} was promoted from step ${from} of ${stages.length}`)
  return isJudged(advance) ? [...wrongs, ...hurried(advance)] : wrongs
}

function hurried({ row, manifest, stages, from, since }: Advance): readonly string[] {
  const bakeMs = stages[from - 1]?.bakeMs ?? 0
  const lagMs = Math.max(0, ...manifest.analysis.kpis.map((kpi) => kpi.lagMs))
  const left = `${row.rollout} of ${row.entityId} left step ${from}`
  const early =
    row.happenedAt < since + bakeMs + lagMs
      ? [`${left} ${(row.happenedAt - since) / 1000} s after its weight was seen; its bake is ${bakeMs / 1000} s`]
      : []
  const required = row.evidence.filter(({ role }) => role === 'required')
  const foreign = required
    .filter((item) => item.from < since)
    .map((item) => `${left} on figures of ${item.kpi} from before its weight was seen`)
  const short = required
    .filter((item) => item.to - item.from < COVERAGE * bakeMs - manifest.analysis.bucketMs)
    .map((item) => `${left} on ${(item.to - item.from) / 1000} s of ${item.kpi}; its bake is ${bakeMs / 1000} s`)
  return [...early, ...foreign, ...short]
}
