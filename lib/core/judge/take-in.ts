import type { Kpi, Manifest } from '../service.ts'
import { historyDispersion } from './dispersion.ts'
import { testOf } from './kpi-test.ts'
import type { Bucket, Reading } from './reading.ts'
import { absorb, type Minute, type Sequence, startSequence, type Test } from './sequence.ts'
import type { KpiState, LoggedBucket, SeenBucket, Tally } from './state.ts'

/** The readings of one KPI at one look; `baseline` is null where no revision beside the canary has traffic. */
export interface Arms {
  readonly canary: Reading
  readonly baseline: Reading | null
}

/** What one KPI is at the moment: how it is tested, and since when its present step counts (null = no step does). */
export interface Setting {
  readonly kpi: Kpi
  readonly manifest: Manifest
  /** Start of the first bucket of the rollout. */
  readonly from: number
  readonly stepSince: number | null
}

/** How many buckets before the rollout tell how bursty the baseline is: 24 hours of minutes. */
export const HISTORY_BUCKETS = 1440

/** How many of the newest buckets are read again at every look. */
export const REREAD_BUCKETS = 10

/** What one look absorbs at most, so that it fits into one transaction; the rest is left to the next look. */
const MOST_AT_ONCE = 300

/** A source that changes its mind later than this is not waited for. */
const LONGEST_LAG_MS = 600_000

const REMEMBERED = REREAD_BUCKETS + 2
/** A gauge that is up to so many times as bad as the baseline's, which is itself over the limit, is not the canary's fault. */
const TOLERANCE = 1.25

/** A KPI before its first bucket, with what the baseline's readings from before the rollout tell. */
export function startKpi(setting: Setting, baseline: Reading | null): KpiState {
  const { kpi, manifest, from, stepSince } = setting
  const past = (baseline?.kind === 'measured' ? baseline.buckets : []).filter((bucket) => bucket.at < from)
  const phi = kpi.kind === 'gauge' ? 1 : historyDispersion(past.map((bucket) => [bucket.bad, bucket.total] as const))
  return {
    next: from,
    sequence: startSequence(testOf(kpi, manifest, phi)),
    history: { phi, buckets: past.length, total: past.reduce((sum, bucket) => sum + bucket.total, 0) },
    step: emptyTally(stepSince ?? from),
    lagMs: kpi.lagMs,
    recent: [],
    corrected: 0,
    blind: null,
    idle: 0,
    value: null,
  }
}

/**
 * Takes in what one look measured: every bucket that has become final is absorbed once, in order; a final bucket without
 * data is absorbed as an empty one, which is no evidence of anything. While a source does not answer, nothing is
 * absorbed, and what was missed is read later. Values that a source changes afterwards are counted, never absorbed again.
 */
export function takeIn(
  setting: Setting,
  before: KpiState,
  arms: Arms,
  now: number,
): { readonly state: KpiState; readonly logged: readonly LoggedBucket[] } {
  const silent = arms.canary.kind === 'missing' ? arms.canary : arms.baseline
  if (silent?.kind === 'missing') {
    const blind = { since: before.blind?.since ?? now, silence: silent.silence }
    return { state: { ...before, blind }, logged: [] }
  }
  const seen = seenBuckets(before, arms)
  const { lagMs, corrected } = mindChanges(setting, before, seen, now)
  const { bucketMs } = setting.manifest.analysis
  const final = Math.min(now - lagMs, before.next + MOST_AT_ONCE * bucketMs)
  const ready: LoggedBucket[] = []
  for (let at = before.next; at + bucketMs <= final; at += bucketMs) ready.push(seen.get(at) ?? [at, null])
  const taken = absorbAll(setting, { ...stepOf(setting, before), blind: null }, ready)
  const recent = [...seen.values()].sort((a, b) => a[0] - b[0]).slice(-REMEMBERED)
  return { state: { ...taken, lagMs, corrected, recent }, logged: ready }
}

/** The state after these buckets, one by one, in order: a pure function of the state and the log. */
export function absorbAll(setting: Setting, before: KpiState, buckets: readonly LoggedBucket[]): KpiState {
  const test = testOf(setting.kpi, setting.manifest, before.history.phi)
  return buckets.reduce((state, bucket) => absorbOne(setting, test, state, bucket), before)
}

function absorbOne(setting: Setting, test: Test, state: KpiState, bucket: LoggedBucket): KpiState {
  const { kpi, manifest, stepSince } = setting
  const minute = minuteOf(kpi, bucket)
  const sequence = absorb(test, state.sequence, minute)
  const [at] = bucket
  const isCovered = bucket[1] !== null
  const counts = stepSince !== null && at >= stepSince
  const isWarm = state.sequence.minutes < test.warm
  return {
    ...state,
    next: at + manifest.analysis.bucketMs,
    sequence,
    step: counts ? tallied(state.step, minute, isCovered, isWarm ? null : sequence) : state.step,
    idle: isCovered && minute.total === 0 ? state.idle + 1 : isCovered ? 0 : state.idle,
    value: bucket[1] === null ? state.value : (bucket[3] ?? state.value),
  }
}

/** A bucket as the test wants it; a gauge's is one event, bad where its value is out of the limit. */
export function minuteOf(kpi: Kpi, bucket: LoggedBucket): Minute {
  if (bucket[1] === null) return NOTHING
  const [, bad, total, value, baselineBad, baselineTotal, baselineValue] = bucket
  if (kpi.kind !== 'gauge') return { bad, total, baselineBad, baselineTotal }
  if (value === null) return NOTHING
  const isBad = isOut(kpi, value, kpi.limit) && isOut(kpi, value, baselineLimit(kpi, baselineValue))
  return { bad: isBad ? 1 : 0, total: 1, baselineBad: 0, baselineTotal: 0 }
}

const NOTHING: Minute = { bad: 0, total: 0, baselineBad: 0, baselineTotal: 0 }

function isOut({ wanted }: Kpi & { kind: 'gauge' }, value: number, limit: number): boolean {
  return wanted === 'below' ? value >= limit : value <= limit
}

/** Where the baseline itself is out of the limit, its value with some tolerance; else the limit. */
function baselineLimit(kpi: Kpi & { kind: 'gauge' }, baseline: number | null): number {
  if (baseline === null || !isOut(kpi, baseline, kpi.limit)) return kpi.limit
  return kpi.wanted === 'below' ? baseline * TOLERANCE : baseline / TOLERANCE
}

function tallied(step: Tally, minute: Minute, isCovered: boolean, judged: Sequence | null): Tally {
  const counted = { ...step, buckets: step.buckets + 1, covered: step.covered + (isCovered ? 1 : 0) }
  if (judged === null) return counted
  return {
    ...counted,
    bad: step.bad + minute.bad,
    total: step.total + minute.total,
    allowed: step.allowed + judged.allowed * minute.total,
    baselineBad: step.baselineBad + minute.baselineBad,
    baselineTotal: step.baselineTotal + minute.baselineTotal,
  }
}

function stepOf({ stepSince }: Setting, state: KpiState): KpiState {
  if (stepSince === null || state.step.since === stepSince) return state
  return { ...state, step: emptyTally(stepSince) }
}

/** A step in which nothing was seen yet. */
export function emptyTally(since: number): Tally {
  return { since, buckets: 0, covered: 0, bad: 0, total: 0, allowed: 0, baselineBad: 0, baselineTotal: 0 }
}

/** Both arms by start of the bucket: as read now, and as remembered where a source (a probe) speaks of now only. */
export function seenBuckets(before: KpiState, { canary, baseline }: Arms): ReadonlyMap<number, SeenBucket> {
  const seen = new Map<number, SeenBucket>(before.recent.map((bucket) => [bucket[0], bucket]))
  if (canary.kind === 'missing') return seen
  const beside = new Map<number, Bucket>(
    baseline?.kind === 'measured' ? baseline.buckets.map((bucket) => [bucket.at, bucket]) : [],
  )
  for (const { at, bad, total, value } of canary.buckets) {
    const other = beside.get(at)
    seen.set(at, [at, bad, total, value, other?.bad ?? 0, other?.total ?? 0, other?.value ?? null])
  }
  return seen
}

/** Which judged buckets the source now answers differently, and what that says about its lag. */
function mindChanges(
  { manifest }: Setting,
  before: KpiState,
  seen: ReadonlyMap<number, SeenBucket>,
  now: number,
): { readonly lagMs: number; readonly corrected: number } {
  let { lagMs, corrected } = before
  for (const bucket of before.recent) {
    const [at] = bucket
    const again = seen.get(at)
    const isJudged = at < before.next
    if (!isJudged || again === undefined || again.every((figure, place) => figure === bucket[place])) continue
    const age = now - (at + manifest.analysis.bucketMs)
    lagMs = Math.max(lagMs, Math.min(age, LONGEST_LAG_MS))
    corrected += 1
  }
  return { lagMs, corrected }
}
