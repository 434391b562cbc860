import { duration, percent } from '../format.ts'
import { allowedBad, leastEvents } from './kpi-test.ts'
import { provisionalFinding } from './provisional.ts'
import { type Finding, findingOf, SUSPECT } from './sequence.ts'
import { hasSplit, splitTrouble } from './split.ts'
import type { KpiState, SeenBucket, Tally } from './state.ts'
import {
  type Arms,
  backlogOf,
  HISTORY_BUCKETS,
  minuteOf,
  pairedOf,
  type Setting,
  silenceOf,
  testFor,
} from './take-in.ts'
import type { VerdictKind } from './verdict.ts'
import { accusation, eventsOf, figure, limitText, praise } from './words.ts'

/** What is looked at when a KPI's verdict is made. */
export interface Scene {
  readonly setting: Setting
  readonly state: KpiState
  readonly arms: Arms
  /** Why the canary is judged without the baseline that it should have; null where it is not. */
  readonly without: string | null
  /** All buckets that this look saw or that are remembered, by their start; empty where a source gave no answer. */
  readonly seen: ReadonlyMap<number, SeenBucket>
  /** How long the present step bakes; null where no step counts. */
  readonly bakeMs: number | null
  /** Traffic share of the canary that is wished for, 0–100. */
  readonly weight: number
  readonly now: number
}

/** A KPI's verdict with its reason, and what a pass still needs. */
export interface Weighed {
  readonly kind: VerdictKind
  readonly because: string
  readonly finding: Finding
  readonly provisional: boolean
  /** What the verdict was made on: the step's counts, or the newest buckets where a failure shows before those. */
  readonly counts: Counts
  readonly missing: string | null
  readonly passAt: number | null
}

/** A step needs so many final buckets, or as many as its bake holds. */
const LEAST_BUCKETS = 30
/** So much of a step's bake must have had figures; what is missing is waited for. */
const LEAST_COVERAGE = 0.95
/** So many buckets in a row without a request, though there is weight, mean that traffic does not arrive. */
const IDLE_BUCKETS = 10
/** …if so many requests at least were due in them. */
const AWAITED = 20
/** So much longer than its lag may a source be without figures. */
const STALE_MS = 300_000
/** Share of the service's error budget of 30 days that a canary may burn. */
const BUDGET_PART = 0.1
const BUDGET_DAYS = 30

/** Counts of both arms in `[from, to)`. */
export type Counts = Pick<Tally, 'bad' | 'total' | 'baselineBad' | 'baselineTotal'> & {
  readonly from: number
  readonly to: number
}

/** What can be said about one KPI now. */
export function weigh(scene: Scene): Weighed {
  const { setting, state, arms } = scene
  const split = scene.bakeMs === null ? null : splitTrouble(setting.kpi, state, scene.weight)
  const { finding, provisional } = findingNow(scene, split !== null)
  const counts = tellingCounts(scene, finding, provisional)
  const told = (kind: VerdictKind, because: string) => ({
    kind,
    because,
    finding,
    provisional,
    counts,
    ...NOTHING_MISSING,
  })
  const budget = budgetBurnt(scene)
  if (budget !== null) return told('fail', budget)
  const judged = accuse(scene, finding, counts)
  if (judged?.kind === 'fail' && !(split !== null && isComparison(finding))) return told('fail', judged.because)
  if (split !== null) return told('suspect', split)
  if (judged !== null) return told('suspect', judged.because)
  const silent = silenceOf(arms)
  if (silent !== null) return told('error', `${setting.kpi.name}: ${silent.why}`)
  const missed = backlogOf(setting, state, arms, scene.now)
  if (missed > 0) {
    const missing = `${duration(missed)} of figures that were missed are still to be taken in`
    return { ...told('inconclusive', `${setting.kpi.name}: ${missing}`), missing }
  }
  const dark = darkness(scene)
  if (dark !== null) return told('nodata', `${setting.kpi.name}: ${dark}`)
  const wants = wanting(scene, finding)
  if (wants === null) return told('pass', `${figure(setting.kpi, counts, state.value)}, ${praise(setting.kpi, counts)}`)
  return {
    ...told('inconclusive', `${figure(setting.kpi, counts, state.value)}; ${wants.text}`),
    missing: wants.text,
    passAt: wants.at,
  }
}

/** What the final buckets say, or together with the unfinished ones where only those fail; void comparisons do not fail. */
function findingNow(scene: Scene, isSplitWrong: boolean): { readonly finding: Finding; readonly provisional: boolean } {
  const { setting, state, arms, seen } = scene
  const fails = (found: Finding) => found.kind === 'fail' && !(isSplitWrong && isComparison(found))
  const settled = findingOf(testFor(setting, state.history.phi), state.sequence)
  if (fails(settled)) return { finding: settled, provisional: false }
  const ahead = provisionalFinding(setting, state, arms, seen, usualTotal(scene))
  return ahead !== null && fails(ahead)
    ? { finding: ahead, provisional: true }
    : { finding: settled, provisional: false }
}

/** Whether a finding rests on the baseline: that means nothing where the traffic is not split as it should be. */
function isComparison({ because }: Finding): boolean {
  return because === 'joint' || because === 'relative'
}

const NOTHING_MISSING = { missing: null, passAt: null } as const

/** The evidence against the canary, if there is any: `fail` or `suspect`. */
function accuse(
  scene: Scene,
  finding: Finding,
  counts: Counts,
): { readonly kind: 'fail' | 'suspect'; readonly because: string } | null {
  const { setting, state } = scene
  const { kpi, manifest } = setting
  const said = `${figure(kpi, counts, state.value)}, ${accusation(kpi, finding.because)}`
  if (finding.kind === 'fail') return { kind: 'fail', because: said }
  if (finding.kind === 'quiet') return null
  const isRelative = finding.because === 'relative'
  const { onRelative } = manifest.analysis
  if (isRelative && onRelative === 'ignore')
    return finding.absolute >= SUSPECT ? { kind: 'suspect', because: said } : null
  if (isRelative && onRelative === 'abort')
    return { kind: 'fail', because: `${said} (and the manifest aborts on that)` }
  return { kind: 'suspect', because: said }
}

/** Why there is nothing to judge on although the source answers; null where there is. */
function darkness({ setting, state, bakeMs, weight, now }: Scene): string | null {
  const { bucketMs } = setting.manifest.analysis
  const newest = state.recent.at(-1)?.[0]
  const age = now - ((newest ?? setting.from - bucketMs) + bucketMs)
  if (age > state.lagMs + STALE_MS) {
    return newest === undefined ? 'no figures since the rollout began' : `the newest figures are ${duration(age)} old`
  }
  const { step } = state
  const due = Math.floor(LEAST_COVERAGE * Math.floor((bakeMs ?? 0) / bucketMs))
  if (step.buckets * bucketMs >= (bakeMs ?? 0) && step.covered < due) {
    return `only ${step.covered} buckets of the step have figures, of the ${due} that its bake needs`
  }
  // Before the weight is real nobody knows what is due.
  const isDue = bakeMs !== null && weight > 0 && state.idle >= IDLE_BUCKETS
  if (isDue && state.idle * awaited(state, weight) >= AWAITED)
    return setting.kpi.kind === 'gauge'
      ? `the source had no value in ${state.idle} buckets in a row`
      : `the canary got no requests in ${state.idle} buckets in a row, though ${weight} % are its own`
  return null
}

/** Requests per bucket that the canary should get, by the traffic of before the rollout and beside it. */
function awaited({ history, step }: KpiState, weight: number): number {
  const before = history.buckets === 0 ? 0 : ((history.total / history.buckets) * weight) / 100
  const beside =
    step.buckets === 0 || weight >= 100 ? 0 : ((step.baselineTotal / step.buckets) * weight) / (100 - weight)
  // Where nothing is known of the service's traffic, silence is the odd thing.
  return history.buckets === 0 && step.baselineTotal === 0 ? AWAITED : Math.max(before, beside)
}

/** What a pass still needs, and when it may be there; null where nothing is missing. */
function wanting(scene: Scene, finding: Finding): { readonly text: string; readonly at: number | null } | null {
  const { setting, state, bakeMs, now } = scene
  const { kpi, manifest } = setting
  const { bucketMs } = manifest.analysis
  const { step } = state
  if (bakeMs === null) return { text: 'the step’s weight is not real yet', at: null }
  const test = testFor(setting, state.history.phi)
  const bakeEnd = step.since + bakeMs
  const inTime = (buckets: number) => now + Math.ceil(buckets) * bucketMs
  const warming = test.warm - state.sequence.minutes
  if (warming > 0)
    return {
      text: `it warms up for ${duration(warming * bucketMs)} more`,
      at: Math.max(inTime(warming), bakeEnd + state.lagMs),
    }
  if (state.next < bakeEnd) {
    return { text: `the step bakes for ${duration(bakeEnd - state.next)} more`, at: bakeEnd + state.lagMs }
  }
  const least = Math.min(LEAST_BUCKETS, Math.floor(bakeMs / bucketMs))
  if (step.covered < least)
    return { text: `${step.covered} of the ${least} buckets needed`, at: inTime(least - step.covered) }
  const needed = leastEvents(kpi)
  if (step.total < needed) {
    const rate = step.total / step.covered
    return {
      text: `${step.total} of the ${needed} ${eventsOf(kpi)} needed`,
      at: rate > 0 ? inTime((needed - step.total) / rate) : null,
    }
  }
  const unproven = unprovenSplit(scene, needed)
  if (unproven !== null) return { text: unproven, at: null }
  if (step.bad > step.allowed)
    return { text: `a share within ${limitText(kpi)}; it is over, but maybe by chance`, at: null }
  if (manifest.analysis.requireEvidence && finding.support < SUSPECT) {
    return { text: `evidence of ${Math.floor(finding.support)} of ${SUSPECT} that the limit holds`, at: null }
  }
  return null
}

/**
 * What is missing where the baseline is done without: a source that books both revisions under the canary's name shows none
 * of the baseline, and the canary's failures among the requests of all. As many as a pass needs must have been told apart.
 */
function unprovenSplit({ setting, state, arms, without, weight }: Scene, needed: number): string | null {
  const isAsked = arms.baseline !== null || without !== null
  const paired = pairedOf(state.step)
  if (!isAsked || !hasSplit(setting.kpi, weight) || paired >= needed) return null
  const why = without === null ? '' : ` (${without})`
  return (
    `${paired} of the ${needed} ${eventsOf(setting.kpi)} needed were counted beside the stable revision’s own${why}: they may be those of ` +
    'both revisions, which hides failures; make the source tell the two apart, or let a person decide'
  )
}

/**
 * The deterministic guard: a tenth of the month's error budget burnt by the canary alone, beyond what its limit and the
 * stable revision's own faults allow. Null where it is not, and where the last 24 hours do not tell what a month has.
 */
function budgetBurnt({ setting, state }: Scene): string | null {
  const { kpi, manifest } = setting
  const { history, step } = state
  const day = 86_400_000 / manifest.analysis.bucketMs
  if (kpi.kind === 'gauge' || history.busy < 0.9 * Math.min(day, HISTORY_BUCKETS)) return null
  const month = (history.total / history.busy) * day * BUDGET_DAYS
  const budget = BUDGET_PART * allowedBad(kpi) * month
  if (step.bad - step.allowed <= budget) return null
  return `${figure(kpi, stepCounts(state), state.value)}, which is more than ${percent(BUDGET_PART)} of what 30 days allow (${Math.floor(budget)})`
}

/** What the canary's traffic would be per bucket if it were as before the rollout; null where that is not known. */
function usualTotal({ state, weight }: Scene): number | null {
  const { history } = state
  return history.buckets === 0 ? null : ((history.total / history.buckets) * weight) / 100
}

function stepCounts({ step, next }: KpiState): Counts {
  return { ...step, from: step.since, to: Math.max(step.since, next) }
}

/** The step's counts; those of the newest buckets where a fault shows in them alone, since the step as a whole hides it. */
function tellingCounts(scene: Scene, finding: Finding, provisional: boolean): Counts {
  const step = stepCounts(scene.state)
  if (finding.kind === 'quiet') return step
  const newest = newestCounts(scene)
  if (provisional || finding.because === 'warm-up') return newest
  const isOver = ({ bad, total }: Counts) => bad > allowedBad(scene.setting.kpi) * total
  return !isOver(step) && isOver(newest) ? newest : step
}

/** All that was seen of the rollout among the newest buckets, final or not, warm-up or not. */
function newestCounts({ setting, state, seen: all }: Scene): Counts {
  const { bucketMs } = setting.manifest.analysis
  const seen = all.size > 0 ? [...all.values()] : state.recent
  if (seen.length === 0) return stepCounts(state)
  const times = seen.map(([at]) => at)
  const zero = { bad: 0, total: 0, baselineBad: 0, baselineTotal: 0 }
  const counts = seen.reduce((sum, bucket) => {
    const { bad, total, baselineBad, baselineTotal } = minuteOf(setting.kpi, bucket)
    return {
      bad: sum.bad + bad,
      total: sum.total + total,
      baselineBad: sum.baselineBad + baselineBad,
      baselineTotal: sum.baselineTotal + baselineTotal,
    }
  }, zero)
  return { ...counts, from: Math.min(...times), to: Math.max(...times) + bucketMs }
}
