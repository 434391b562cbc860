import type { Kpi, Manifest } from '../service.ts'
import { allowedBad } from './kpi-test.ts'
import type { Bucket, Query, Reading } from './reading.ts'
import type { BucketLine, JudgeState, KpiState, LoggedBucket } from './state.ts'
import {
  type Arms,
  absorbAll,
  backlogOf,
  CONTROL_BUCKETS,
  type Setting,
  silenceOf,
  startKpi,
  takeIn,
  testFor,
  wantsHistory,
} from './take-in.ts'
import type { Evidence, Verdict } from './verdict.ts'
import { worst } from './verdict.ts'
import { type Weighed, weigh } from './weigh.ts'

/** What is judged at one look. Times are epoch milliseconds. */
export interface Case {
  readonly rollout: string
  readonly manifest: Manifest
  readonly canary: string
  /** When the canary's first traffic was seen. */
  readonly since: number
  /** The step whose weight is real: since when, and how long it bakes. Null while a weight is on its way. */
  readonly step: { readonly since: number; readonly bakeMs: number } | null
  /** The canary's wished share of the traffic, 0–100. */
  readonly weight: number
}

/** What one look brought: the judge's memory after it, the verdict, and the buckets that were absorbed (null = none). */
export interface Judged {
  readonly state: JudgeState
  readonly verdict: Verdict
  readonly line: BucketLine | null
  /** Whether more is there than one look takes in, of a KPI that counts: the next look should come at once. */
  readonly isBehind: boolean
}

/**
 * Takes in what was measured and says what it means. `before` is null at the first look. Pure: the same state and
 * readings give the same verdict, and the state can be made again from the buckets (`recompute`). Silence neither
 * passes nor fails.
 */
export function judge(
  it: Case,
  before: JudgeState | null,
  queries: readonly Query[],
  readings: readonly Reading[],
  now: number,
): Judged {
  const since = before?.since ?? it.since
  const from = bucketOf(since, it.manifest)
  const asked = answers(queries, readings)
  const looked = it.manifest.analysis.kpis.map((kpi) =>
    look(it, kpi, since, before?.kpis[kpi.name] ?? null, asked, now),
  )
  const logged = looked.filter((one) => one.logged.length > 0)
  const oldest = Math.min(...logged.map((one) => one.logged[0]?.[0] ?? from))
  return {
    state: {
      schema: 1,
      rollout: it.rollout,
      since,
      from,
      kpis: Object.fromEntries(looked.map((one) => [one.kpi.name, one.state])),
    },
    verdict: together(looked.map((one) => one.evidence)),
    line:
      logged.length === 0
        ? null
        : {
            rollout: it.rollout,
            at: oldest,
            kpis: Object.fromEntries(logged.map((one) => [one.kpi.name, one.logged])),
          },
    isBehind: looked.some(({ kpi, isBehind }) => isBehind && kpi.role !== 'advisory'),
  }
}

/** A KPI's state from stored buckets alone, bit for bit what the looks made of them one by one, counts of the step excepted. */
export function recompute(
  kpi: Kpi,
  manifest: Manifest,
  start: KpiState,
  { from, since }: Pick<JudgeState, 'from' | 'since'>,
  buckets: readonly LoggedBucket[],
): KpiState {
  return absorbAll({ kpi, manifest, from, since, stepSince: null }, start, buckets)
}

/** What several KPIs say together. Advisory ones never count, and guards only where they fail. */
export function together(evidence: readonly Evidence[]): Verdict {
  const counting = evidence.filter(
    ({ role, verdict }) => role === 'required' || (role === 'guard' && verdict === 'fail'),
  )
  const kind = worst(counting.map((item) => item.verdict))
  const telling = counting.filter((item) => item.verdict === kind)
  const because = telling.length === 0 ? 'nothing was measured yet' : telling.map((item) => item.because).join('; ')
  return { kind, because, evidence }
}

/** The start of the bucket that a moment lies in. */
export function bucketOf(at: number, { analysis }: Manifest): number {
  return Math.floor(at / analysis.bucketMs) * analysis.bucketMs
}

interface Looked {
  readonly kpi: Kpi
  readonly state: KpiState
  readonly logged: readonly LoggedBucket[]
  readonly evidence: Evidence
  readonly isBehind: boolean
}

function look(
  it: Case,
  kpi: Kpi,
  since: number,
  before: KpiState | null,
  answered: ReadonlyMap<string, Arms>,
  now: number,
): Looked {
  const asked = answered.get(kpi.name) ?? UNASKED
  const from = bucketOf(since, it.manifest)
  const stepSince = it.step === null ? null : Math.max(from, roundedUp(it.step.since, it.manifest))
  const setting: Setting = { kpi, manifest: it.manifest, from, since, stepSince }
  const known = begun(setting, before, asked)
  const isLonely = isAlone(it, known)
  const arms = isLonely || isDoneWithout(asked, known, it.manifest, now) ? { ...asked, baseline: null } : asked
  const { state: taken, logged, seen } = takeIn(setting, known, arms, now)
  const state = { ...taken, blind: stillBlind(asked, known, taken, now) }
  const bakeMs = it.step?.bakeMs ?? null
  const silent = silenceOf(isLonely ? arms : asked)?.why ?? lostControl(arms, state)
  const without = arms.canary.kind === 'missing' ? null : silent
  const weighed = weigh({ setting, state, arms, without, seen, bakeMs, weight: it.weight, now })
  const isBehind = backlogOf(setting, state, arms, now) > 0
  return { kpi, state, logged, evidence: { ...evidenceOf(it, setting, state, arms, weighed, now), silent }, isBehind }
}

/** Whether the canary has all traffic in what is still to be judged: then the baseline is asked for its history at most. */
function isAlone({ weight, step, manifest }: Case, { next }: KpiState): boolean {
  return weight >= 100 && step !== null && next >= bucketOf(step.since, manifest)
}

/**
 * Whether the canary is judged against its limit alone, because the baseline cannot be measured at all, or has not been for
 * long: a shared fault could not be told apart then, but a broken canary must not live on for want of a comparison.
 */
function isDoneWithout({ canary, baseline }: Arms, { blind }: KpiState, { analysis }: Manifest, now: number): boolean {
  if (canary.kind === 'missing' || baseline?.kind !== 'missing') return false
  if (baseline.silence === 'refused' || baseline.silence === 'unset') return true
  return blind !== null && now - blind.since >= CONTROL_BUCKETS * analysis.bucketMs
}

/** Said where the source answers for the baseline, but has had no figures of it for so long that it is done without. */
function lostControl({ baseline }: Arms, { uncontrolled }: KpiState): string | null {
  const isLost = baseline !== null && uncontrolled > CONTROL_BUCKETS
  return isLost ? `the source has had no figures of the stable revision in ${uncontrolled} buckets in a row` : null
}

/** How long a KPI has been without an answer of one of its revisions, also where it is judged all the same. */
function stillBlind(asked: Arms, before: KpiState, taken: KpiState, now: number): KpiState['blind'] {
  const silent = asked.canary.kind === 'measured' && asked.baseline?.kind === 'missing' ? asked.baseline : null
  return silent === null ? taken.blind : { since: before.blind?.since ?? now, silence: silent.silence }
}

/** A KPI begins with the first look that brings the baseline's history; until then it only remembers what it saw. */
function begun(setting: Setting, before: KpiState | null, { baseline }: Arms): KpiState {
  if (before !== null && !wantsHistory(before)) return before
  const fresh = startKpi(setting, baseline)
  return before === null ? fresh : { ...before, sequence: fresh.sequence, history: fresh.history }
}

/** A bucket that began before the step had its weight is not of the step. */
function roundedUp(at: number, { analysis }: Manifest): number {
  return Math.ceil(at / analysis.bucketMs) * analysis.bucketMs
}

const UNASKED: Arms = {
  canary: { id: '', kind: 'missing', silence: 'down', why: 'the source gave no answer', query: '' },
  baseline: null,
}

function answers(queries: readonly Query[], readings: readonly Reading[]): ReadonlyMap<string, Arms> {
  const byId = new Map(readings.map((reading) => [reading.id, reading]))
  const arms = new Map<string, Arms>()
  for (const query of queries) {
    const reading = sound(query, byId.get(query.id) ?? { ...UNASKED.canary, id: query.id })
    const known = arms.get(query.kpi.name) ?? UNASKED
    arms.set(query.kpi.name, { ...known, [query.arm]: reading })
  }
  return arms
}

/** A reading whose figures can be: counts that are numbers, no more bad events than events, buckets that were asked for. */
function sound(query: Query, reading: Reading): Reading {
  if (reading.kind === 'missing') return reading
  const wrong = reading.buckets.find((bucket) => !isPossible(query, bucket))
  if (wrong === undefined) return reading
  const { at, bad, total, value } = wrong
  const why = `the source answered what cannot be: ${bad} bad of ${total} (value ${value}) in the bucket ${at}, asked for ${query.from} to ${query.to}`
  return { id: reading.id, kind: 'missing', silence: 'malformed', why, query: reading.query }
}

function isPossible({ from, to, bucketMs }: Query, { at, bad, total, value }: Bucket): boolean {
  const isPlaced = at >= from && at < to && at % bucketMs === 0
  return isPlaced && bad >= 0 && total >= bad && Number.isFinite(total) && (value === null || Number.isFinite(value))
}

function evidenceOf(
  it: Case,
  setting: Setting,
  state: KpiState,
  arms: Arms,
  weighed: Weighed,
  now: number,
): Omit<Evidence, 'silent'> {
  const { kpi } = setting
  const { sequence } = state
  const { finding, counts } = weighed
  const test = testFor(setting, state.history.phi)
  const known = counts.total > 0
  const value = kpi.kind === 'gauge' ? state.value : counts.bad / counts.total
  return {
    kpi: kpi.name,
    role: kpi.role,
    source: kpi.source.kind,
    from: counts.from,
    to: Math.min(counts.to, Math.max(counts.from, now)),
    revision: it.canary,
    query: arms.canary.query,
    bad: known ? counts.bad : null,
    total: known ? counts.total : null,
    value: known ? value : null,
    limit: kpi.kind === 'gauge' ? kpi.limit : allowedBad(kpi),
    unit: kpi.kind === 'gauge' ? 'figure' : 'ratio',
    interval: null,
    baseline: counts.baselineTotal > 0 ? { bad: counts.baselineBad, total: counts.baselineTotal } : null,
    evalues:
      sequence.minutes === 0 && !weighed.provisional
        ? null
        : {
            absolute: finding.absolute,
            relative: finding.relative,
            warmUp: finding.warm,
            needed: 1 / test.alpha,
            neededWarmUp: 1 / test.alphaWarm,
            support: finding.support,
            overDispersion: sequence.phi,
          },
    provisional: weighed.provisional,
    approximate: arms.canary.kind === 'measured' && arms.canary.quality === 'approximate',
    missing: weighed.missing,
    passAt: weighed.passAt,
    verdict: weighed.kind,
    because: weighed.because,
  }
}
