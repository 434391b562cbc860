import type { Kpi, Manifest } from '../service.ts'
import { openCourse, sequenceOf, takeMinute } from './absorb.ts'
import { historyDispersion } from './dispersion.ts'
import { testOf } from './kpi-test.ts'
import type { Bucket, Reading } from './reading.ts'
import { type Minute, startSequence, type Test } from './sequence.ts'
import type { History, KpiState, LoggedBucket, SeenBucket, Tally } from './state.ts'

/** The readings of one KPI at one look; `baseline` is null where no revision beside the canary has traffic. */
export interface Arms {
  readonly canary: Reading
  readonly baseline: Reading | null
}

/** What one KPI is at the moment: how it is tested, and since when its present step counts (null = no step does). */
export interface Setting {
  readonly kpi: Kpi
  readonly manifest: Manifest
  /** Start of the first bucket of the rollout, and the moment in it when the canary's traffic began. */
  readonly from: number
  readonly since: number
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

/** So many buckets the baseline's figures are waited for; then the canary is judged against its limit alone. */
export const CONTROL_BUCKETS = 15

const REMEMBERED = REREAD_BUCKETS + 2
/** A gauge that is up to so many times as bad as the baseline's, which is itself over the limit, is not the canary's fault. */
const TOLERANCE = 1.25

/** A KPI before its first bucket, with what the baseline's readings from before the rollout tell. */
export function startKpi(setting: Setting, baseline: Reading | null): KpiState {
  const { kpi, from, stepSince } = setting
  const past = (baseline?.kind === 'measured' ? baseline.buckets : []).filter((bucket) => bucket.at < from)
  const phi = kpi.kind === 'gauge' ? 1 : historyDispersion(past)
  return {
    next: from,
    sequence: startSequence(testFor(setting, phi)),
    history: {
      phi,
      buckets: past.length,
      busy: past.filter((bucket) => bucket.total > 0).length,
      total: past.reduce((sum, bucket) => sum + bucket.total, 0),
    },
    step: emptyTally(stepSince ?? from),
    lagMs: kpi.lagMs,
    recent: [],
    corrected: 0,
    blind: null,
    uncontrolled: 0,
    idle: 0,
    value: null,
  }
}

/** Whether what the baseline was like before the rollout is still to be asked: nothing was judged without it so far. */
export function wantsHistory(state: KpiState | null): boolean {
  return state === null || (state.sequence.minutes === 0 && state.history.buckets === 0)
}

/** How a KPI is tested in this rollout. */
export function testFor({ kpi, manifest, from, since }: Setting, phi: number): Test {
  return testOf(kpi, manifest, phi, since - from)
}

/** What one look did to a KPI: its state, the buckets that were absorbed, and all that was seen, by start of the bucket. */
export interface Taken {
  readonly state: KpiState
  readonly logged: readonly LoggedBucket[]
  readonly seen: ReadonlyMap<number, SeenBucket>
}

/**
 * Takes in what one look measured: every bucket that has become final is absorbed once, in order; a final bucket without
 * data is absorbed as an empty one, which is no evidence of anything, and so is one without the baseline beside which it
 * would have to be judged; a baseline that stays away for long is done without. While a source does not answer, nothing is absorbed, and what was missed is read later. Values
 * that a source changes afterwards are counted, never absorbed again.
 */
export function takeIn(setting: Setting, before: KpiState, arms: Arms, now: number): Taken {
  const silent = silenceOf(arms)
  if (silent !== null) {
    const blind = { since: before.blind?.since ?? now, silence: silent.silence }
    return { state: { ...before, blind }, logged: [], seen: new Map() }
  }
  const seen = seenBuckets(setting, before, arms)
  const { lagMs, corrected } = mindChanges(setting, before, seen, now)
  const { bucketMs } = setting.manifest.analysis
  const final = Math.min(now - lagMs, before.next + MOST_AT_ONCE * bucketMs)
  const ready: LoggedBucket[] = []
  let { uncontrolled } = before
  for (let at = before.next; at + bucketMs <= final; at += bucketMs) {
    const bucket = seen.get(at)
    uncontrolled = bucket === undefined ? uncontrolled : lacksControl(bucket, arms) ? uncontrolled + 1 : 0
    const waits = uncontrolled > 0 && uncontrolled <= CONTROL_BUCKETS
    ready.push(bucket === undefined || waits ? [at, null] : bucket)
  }
  const taken = absorbAll(setting, { ...stepOf(setting, before), blind: null }, ready)
  const recent = inOrder([...seen.values()]).slice(-REMEMBERED)
  return { state: { ...taken, lagMs, corrected, uncontrolled, recent }, logged: ready, seen }
}

/** Sources answer in order, nearly always. */
function inOrder(buckets: readonly SeenBucket[]): readonly SeenBucket[] {
  const isDone = buckets.every(([at], place) => place === 0 || (buckets[place - 1]?.[0] ?? at) <= at)
  return isDone ? buckets : buckets.toSorted((a, b) => a[0] - b[0])
}

/** Why a look cannot judge this KPI: the arm that gives no answer. */
export function silenceOf({ canary, baseline }: Arms): (Reading & { kind: 'missing' }) | null {
  if (canary.kind === 'missing') return canary
  return baseline?.kind === 'missing' ? baseline : null
}

/** How much of a source's figures is there and was not taken in yet, in milliseconds; 0 = none, or the source gives no answer. */
export function backlogOf({ manifest }: Setting, { next, lagMs }: KpiState, arms: Arms, now: number): number {
  const { bucketMs } = manifest.analysis
  const buckets = Math.floor((now - lagMs - next) / bucketMs)
  return silenceOf(arms) === null && buckets > 0 ? buckets * bucketMs : 0
}

/** Whether the baseline was asked and has no figures of this bucket: a fault that both share could not be told apart. */
export function lacksControl([, , , , , baselineTotal]: SeenBucket, { baseline }: Arms): boolean {
  return baseline !== null && baselineTotal === null
}

/** The state after these buckets, one by one, in order: a pure function of the state and the log. */
export function absorbAll(setting: Setting, before: KpiState, buckets: readonly LoggedBucket[]): KpiState {
  if (buckets.length === 0) return before
  const { kpi, manifest, stepSince } = setting
  const test = testFor(setting, before.history.phi)
  const course = openCourse(test, before.sequence)
  const step = { ...before.step, paired: pairedOf(before.step) }
  let { next, idle, value } = before
  for (const bucket of buckets) {
    const [at] = bucket
    const minute = minuteOf(kpi, bucket)
    const isWarm = course.minutes < test.warm
    takeMinute(course, minute)
    const hasFigures = bucket[1] !== null
    const counts = stepSince !== null && at >= stepSince
    const isCovered = hasFigures && !isTooQuiet(before.history, step, minute, kpi)
    if (counts) count(step, minute, isCovered, isPaired(bucket), isWarm ? null : course.allowed)
    if (hasFigures) idle = idleAfter(idle, minute, stepSince === null || counts)
    if (bucket[1] !== null) value = bucket[3] ?? value
    next = at + manifest.analysis.bucketMs
  }
  return { ...before, next, sequence: sequenceOf(course), step, idle, value }
}

/** Buckets in a row without a request; those from before the step were at another weight, and say nothing of this one. */
function idleAfter(idle: number, { total }: Minute, counts: boolean): number {
  if (total > 0) return 0
  return counts ? idle + 1 : idle
}

/** So many requests in the mean bucket, and yet none in one: that is a source that lost them, not chance. */
const NEVER_QUIET = 10

/** Whether a bucket says that nobody asked for a service that is asked for all the time. */
function isTooQuiet(history: History, step: Tally, minute: Minute, kpi: Kpi): boolean {
  if (kpi.kind === 'gauge' || minute.total + minute.baselineTotal > 0) return false
  const before = history.busy === 0 ? 0 : history.total / history.buckets
  const within = step.buckets < REREAD_BUCKETS ? 0 : (step.total + step.baselineTotal) / step.buckets
  return Math.max(before, within) >= NEVER_QUIET
}

/** A bucket as the test wants it; a gauge's is one event, bad where its value is out of the limit. */
export function minuteOf(kpi: Kpi, bucket: LoggedBucket): Minute {
  if (bucket[1] === null) return NOTHING
  const [, bad, total, value, baselineBad, baselineTotal, baselineValue] = bucket
  if (kpi.kind !== 'gauge') return { bad, total, baselineBad: baselineBad ?? 0, baselineTotal: baselineTotal ?? 0 }
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
  const room = (TOLERANCE - 1) * Math.abs(baseline)
  return kpi.wanted === 'below' ? baseline + room : baseline - room
}

/** Whether a bucket has figures of both arms. */
function isPaired(bucket: LoggedBucket): boolean {
  return bucket[1] !== null && bucket[5] !== null
}

/** The canary's requests of a step beside which the baseline's were counted. */
export function pairedOf({ paired, total }: Tally): number {
  return paired ?? total
}

/** Counts a bucket into its step; `allowed` is the share that was, null while the canary warms up: then only the bucket counts. */
function count(step: Counting, minute: Minute, isCovered: boolean, isBeside: boolean, allowed: number | null): void {
  step.buckets += 1
  if (isCovered) step.covered += 1
  if (allowed === null) return
  const { bad, total, baselineBad, baselineTotal } = minute
  step.bad += bad
  step.total += total
  if (isBeside) step.paired += total
  step.allowed += allowed * total
  step.baselineBad += baselineBad
  step.baselineTotal += baselineTotal
}

type Counting = { -readonly [Name in keyof Required<Tally>]: Tally[Name] & number }

/** A new step counts from nothing. */
function stepOf({ stepSince }: Setting, state: KpiState): KpiState {
  if (stepSince === null || state.step.since === stepSince) return state
  return { ...state, step: emptyTally(stepSince), idle: 0 }
}

/** A step in which nothing was seen yet. */
export function emptyTally(since: number): Tally {
  return { since, buckets: 0, covered: 0, bad: 0, total: 0, paired: 0, allowed: 0, baselineBad: 0, baselineTotal: 0 }
}

/**
 * Both arms by start of the bucket, from the rollout's first bucket on: as read now, and as remembered where a source
 * speaks of now only. A probe's counts of several looks into one bucket that is not judged yet are added up: each look
 * sends probes of its own.
 */
function seenBuckets({ kpi, from }: Setting, before: KpiState, { canary, baseline }: Arms): Map<number, SeenBucket> {
  const seen = new Map<number, SeenBucket>()
  for (const bucket of before.recent) seen.set(bucket[0], bucket)
  if (canary.kind === 'missing') return seen
  const adds = kpi.source.kind === 'probe'
  const beside = besideOf(canary.buckets, baseline)
  for (const [place, { at, bad, total, value }] of canary.buckets.entries()) {
    if (at < from) continue
    const other = beside(at, place)
    const read = [at, bad, total, value, other?.bad ?? null, other?.total ?? null, other?.value ?? null] as const
    const known = adds && at >= before.next ? seen.get(at) : undefined
    seen.set(at, known === undefined ? read : added(known, read))
  }
  return seen
}

/** Finds the baseline's bucket of a moment: most sources answer for both arms at the same moments, in order. */
function besideOf(
  buckets: readonly Bucket[],
  baseline: Reading | null,
): (at: number, place: number) => Bucket | undefined {
  if (baseline?.kind !== 'measured') return () => undefined
  const others = baseline.buckets
  const isAlike = (one: Bucket, place: number) =>
    one.at === others[place]?.at && one.at > (buckets[place - 1]?.at ?? -1)
  if (buckets.length === others.length && buckets.every(isAlike)) return (_, place) => others[place]
  const byTime = new Map(others.map((bucket) => [bucket.at, bucket]))
  return (at) => byTime.get(at)
}

function added(one: SeenBucket, other: SeenBucket): SeenBucket {
  const [at, bad, total, value, baselineBad, baselineTotal, baselineValue] = one
  return [
    at,
    bad + other[1],
    total + other[2],
    other[3] ?? value,
    sum(baselineBad, other[4]),
    sum(baselineTotal, other[5]),
    other[6] ?? baselineValue,
  ]
}

function sum(one: number | null, other: number | null): number | null {
  return one === null && other === null ? null : (one ?? 0) + (other ?? 0)
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
    if (!isJudged || again === undefined || isSame(bucket, again)) continue
    const age = now - (at + manifest.analysis.bucketMs)
    lagMs = Math.max(lagMs, Math.min(age, LONGEST_LAG_MS))
    corrected += 1
  }
  return { lagMs, corrected }
}

/** The baseline's figures count only where both looks had them: it may not have been asked. */
function isSame(one: SeenBucket, other: SeenBucket): boolean {
  return one.every(
    (figure, place) => figure === other[place] || (place > 3 && (figure === null || other[place] === null)),
  )
}
