import { type Case, type Judged, judge } from '../../../lib/core/judge/judge.ts'
import type { Arm, Bucket, Query, Reading } from '../../../lib/core/judge/reading.ts'
import type { JudgeState } from '../../../lib/core/judge/state.ts'
import type { Evidence } from '../../../lib/core/judge/verdict.ts'
import type { Kpi, Manifest } from '../../../lib/core/service.ts'
import { aManifest, anAnalysis, aQuery, CANARY, errors, HOUR, MINUTE, STABLE, T0 } from '../../support/builders.ts'

/** Figures of one arm, minute by minute from T0 on; null = the source has none for that minute. */
export type Minutes = readonly (readonly [bad: number, total: number] | null)[]

/** What is judged in a test, and how. */
export interface Trial {
  readonly manifest: Manifest
  readonly canary: Minutes
  readonly baseline?: Minutes
  /** Minutes of the baseline before T0. */
  readonly history?: Minutes
  readonly weight?: number
  /** Since when the step counts; null = its weight is not real. Default T0. */
  readonly stepSince?: number | null
  readonly bakeMs?: number
}

/** One KPI on errors of at most 0.1 %, without lag and warm-up unless told otherwise. */
export function manifestOf(kpis: readonly Kpi[] = [exact()], analysis: Partial<Manifest['analysis']> = {}): Manifest {
  return aManifest({
    stages: [
      { weight: 10, bakeMs: HOUR, gate: false },
      { weight: 100, bakeMs: 0, gate: false },
    ],
    analysis: anAnalysis({ kpis, warmUpMs: 0, ...analysis }),
  })
}

/** Errors of at most 0.1 %, which are known at once. */
export function exact(overrides: Partial<Kpi & { kind: 'error-rate' }> = {}): Kpi {
  return errors({ limitRatio: 0.001, lagMs: 0, minRequests: 1000, ...overrides })
}

/** So many minutes of the same figures. */
export function steady(minutes: number, bad: number, total: number): Minutes {
  return Array.from({ length: minutes }, () => [bad, total] as const)
}

/** Judges look by look, one at the end of every minute up to `until`, and tells what came of each. */
export function looks(trial: Trial, until = trial.canary.length, before: JudgeState | null = null): readonly Judged[] {
  const told: Judged[] = []
  for (let minute = 1; minute <= until; minute += 1) {
    told.push(lookAt(trial, T0 + minute * MINUTE, told.at(-1)?.state ?? before))
  }
  return told
}

/** One look at a moment. */
export function lookAt(trial: Trial, now: number, before: JudgeState | null): Judged {
  const queries = queriesOf(trial, now)
  return judge(
    caseOf(trial),
    before,
    queries,
    queries.map((query) => readingOf(trial, query, now)),
    now,
  )
}

/** The case of a trial. */
export function caseOf({ manifest, weight = 10, stepSince = T0, bakeMs = HOUR }: Trial): Case {
  const step = stepSince === null ? null : { since: stepSince, bakeMs }
  return { rollout: 'pricing-2', manifest, canary: CANARY, since: T0, step, weight }
}

/** Both arms' queries at a moment: all since T0, and the baseline's history. */
export function queriesOf({ manifest, baseline, history = [] }: Trial, now: number): readonly Query[] {
  const arms: readonly Arm[] = baseline === undefined ? ['canary'] : ['canary', 'baseline']
  return manifest.analysis.kpis.flatMap((kpi) =>
    arms.map((arm) =>
      aQuery({
        id: `${kpi.name}/${arm}`,
        arm,
        kpi,
        revision: arm === 'canary' ? CANARY : STABLE,
        from: T0 - (arm === 'canary' ? 0 : history.length * MINUTE),
        to: now,
      }),
    ),
  )
}

/** What the source answers: the minutes that have begun. */
export function readingOf({ canary, baseline = [], history = [] }: Trial, { id, arm }: Query, now: number): Reading {
  const figures = arm === 'canary' ? canary : [...history, ...baseline]
  const from = arm === 'canary' ? T0 : T0 - history.length * MINUTE
  const buckets: readonly Bucket[] = figures.flatMap((pair, index) => {
    const at = from + index * MINUTE
    return pair === null || at >= now ? [] : [{ at, bad: pair[0], total: pair[1], value: null }]
  })
  return { id, kind: 'measured', buckets, quality: 'exact', query: `query of ${id}`, note: null }
}

/** A source that gives no answer. */
export function dark(id: string): Reading {
  return { id, kind: 'missing', silence: 'down', why: 'the source is down', query: 'query' }
}

/** The one KPI's evidence of a look. */
export function only(judged: Judged | undefined): Evidence {
  const [evidence] = judged?.verdict.evidence ?? []
  if (evidence === undefined) throw new Error('nothing was judged')
  return evidence
}
