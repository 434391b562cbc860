import { ask, judgedSince, steadySince } from '../ask.ts'
import { decide } from '../decide/decide.ts'
import type { Command, Facts } from '../facts.ts'
import { type Judged, judge } from '../judge/judge.ts'
import type { Bucket, Query, Reading } from '../judge/reading.ts'
import type { History, JudgeState } from '../judge/state.ts'
import type { Verdict } from '../judge/verdict.ts'
import type { Rollout } from '../rollout.ts'
import type { Manifest } from '../service.ts'
import { wantedWeight } from '../traffic.ts'
import type { Feed } from './feed.ts'
import { remembered, withoutLag } from './opening.ts'
import { allWell, freshRollout } from './stand-in.ts'
import { kpiVerdict, type ReplayOutcome, type ReplayVerdict, type Timeline } from './timeline.ts'

/** What is replayed, and how. */
export interface Replay {
  readonly manifest: Manifest
  readonly feed: Feed
  /** `open`: a gate is passed as soon as it is reached; `wait`: the replay stops there. */
  readonly gates: 'open' | 'wait'
  /** What was known of a KPI's baseline before the rollout; where nothing is given, the feed's negative buckets tell. */
  readonly history?: Readonly<Record<string, History>>
}

interface Walk {
  readonly rollout: Rollout
  readonly judge: JudgeState | null
  /** The canary's weight as it is seen: the wished one as soon as the feed can show it. */
  readonly weight: number
  /** Why the walk cannot go on, or why the wished weight is not real yet. */
  readonly obstacle: string | null
}

/** Some moment long ago; only distances count. */
const LONG_AGO = 946_684_800_000

/**
 * What the judge and the mind would have made of these buckets: a fresh rollout is put into its first step, and looked at
 * after every bucket, by the rules of the product. A weight is real with the next bucket that the feed can show at it,
 * buckets are final as they end, Azure is well. Ends at an outcome, at a pause for a person, where the data end, or at a
 * bucket that the feed cannot show. The same input gives the same timeline.
 */
export function replay(plan: Replay): Timeline {
  const manifest = withoutLag(plan.manifest)
  const { bucketMs } = manifest.analysis
  const start = Math.ceil(LONG_AGO / bucketMs) * bucketMs
  const verdicts: ReplayVerdict[] = []
  const weights: number[] = []
  let walk = begin(manifest, start, plan.history ?? null)
  for (let bucket = 0; bucket <= plan.feed.last && endOf(walk.rollout) === null; bucket += 1) {
    walk = confirm(walk, plan.feed, bucket, start + bucket * bucketMs)
    if (walk.weight === 0 || plan.feed.obstacle(bucket, walk.weight) !== null) break
    weights.push(walk.weight)
    const now = start + (bucket + 1) * bucketMs
    const seen = look(walk, plan.feed, { start, now, weights })
    if (seen.verdict !== null) verdicts.push(told(seen.verdict, walk, plan.feed, { bucket, start, bucketMs }))
    walk = settle(seen, now, plan.gates)
  }
  return ended(walk, verdicts)
}

/** Into the first step, whose weight is wished for; one that needs no data is real at once. */
function begin(manifest: Manifest, now: number, history: Readonly<Record<string, History>> | null): Walk {
  const fresh = freshRollout(manifest, now)
  const rollout = decide(fresh, { ...allWell(fresh, now, 0), verdict: null, blindSince: null }, null).next
  const judge = history === null ? null : remembered(rollout, now, history)
  return arrive({ rollout, judge, weight: 0, obstacle: null }, now)
}

/** Makes the wished weight real where the feed can show this bucket at it, and says why not where it cannot. */
function confirm(walk: Walk, feed: Feed, bucket: number, now: number): Walk {
  const wanted = wantedWeight(walk.rollout) ?? 0
  const obstacle = feed.obstacle(bucket, isOnItsWay(walk.rollout) ? wanted : walk.weight)
  return obstacle === null && isOnItsWay(walk.rollout) ? real(walk, now) : { ...walk, obstacle }
}

function isOnItsWay({ phase }: Rollout): boolean {
  return phase.kind === 'progressing' && phase.steadyAt === null
}

/** The last step without a bake and a gate: nothing is judged in it, so it needs no data and is over as it begins. */
function arrive(walk: Walk, now: number): Walk {
  const { phase, manifest } = walk.rollout
  const stage = phase.kind === 'progressing' ? manifest.stages[phase.stage] : undefined
  const isBare = stage !== undefined && stage === manifest.stages.at(-1) && stage.bakeMs === 0 && !stage.gate
  return isBare && isOnItsWay(walk.rollout) ? real(walk, now) : walk
}

function real({ rollout, judge: state }: Walk, now: number): Walk {
  const weight = wantedWeight(rollout) ?? 0
  const next = decide(rollout, { ...allWell(rollout, now, weight), verdict: null, blindSince: null }, null).next
  return { rollout: next, judge: state, weight, obstacle: null }
}

interface Scene {
  readonly start: number
  readonly now: number
  /** Weight of every bucket so far. */
  readonly weights: readonly number[]
}

/** One look, judged as the wheel judges it. */
function look(walk: Walk, feed: Feed, scene: Scene): Walk & { readonly verdict: Verdict | null } {
  const { rollout } = walk
  const queries = ask(rollout, walk.judge, scene.now).filter(
    ({ arm, kpi }) => arm === 'canary' || feed.hasBaseline(kpi.name),
  )
  const since = judgedSince(rollout, walk.judge)
  if (queries.length === 0 || since === null) return { ...walk, verdict: null }
  const { bucketMs } = rollout.manifest.analysis
  const readings = queries.map((query) => readingOf(query, feed, scene, bucketMs))
  const judged = judgedOf(walk, since, queries, readings, scene.now)
  return { ...walk, judge: judged.state, verdict: judged.verdict }
}

function judgedOf(
  { rollout, judge: before }: Walk,
  since: number,
  queries: readonly Query[],
  readings: readonly Reading[],
  now: number,
): Judged {
  const { manifest, phase, canary, id } = rollout
  const weight = wantedWeight(rollout) ?? 0
  const steadyAt = steadySince(phase)
  const bakeMs = ('stage' in phase ? manifest.stages[phase.stage]?.bakeMs : 0) ?? 0
  const step = steadyAt === null ? null : { since: steadyAt, bakeMs }
  return judge({ rollout: id, manifest, canary, since, step, weight }, before, queries, readings, now)
}

/** Only buckets that are over by now and were asked for, so that a walk costs no more per bucket as it gets longer. */
function readingOf(query: Query, feed: Feed, { start, now, weights }: Scene, bucketMs: number): Reading {
  const buckets: Bucket[] = []
  for (let at = query.from; at < query.to && at + bucketMs <= now; at += bucketMs) {
    const number = Math.round((at - start) / bucketMs)
    const figures = feed.figures(query.kpi.name, query.arm, number, weights[number] ?? 0)
    if (figures !== null) buckets.push({ at, ...figures })
  }
  return { id: query.id, kind: 'measured', buckets, quality: 'exact', query: 'stored buckets', note: null }
}

/** What becomes of the rollout, with gates opened within the same moment. */
function settle({ verdict, ...walk }: ReturnType<typeof look>, now: number, gates: Replay['gates']): Walk {
  const facts = (of: Rollout): Facts => ({ ...allWell(of, now, walk.weight), verdict, blindSince: null })
  const next = decide(walk.rollout, facts(walk.rollout), null).next
  const isGate = next.phase.kind === 'paused' && next.phase.why === 'gate'
  const rollout = isGate && gates === 'open' ? decide(next, facts(next), OPEN_GATE).next : next
  return arrive({ ...walk, rollout }, now)
}

const OPEN_GATE: Command = {
  id: 'open-gate',
  verb: 'promote',
  actor: 'replay',
  actorId: 'replay',
  reason: 'gates open at once',
  step: null,
  digest: null,
  to: null,
  override: true,
}

function told(
  verdict: Verdict,
  { rollout: { phase }, weight }: Walk,
  feed: Feed,
  at: { readonly bucket: number; readonly start: number; readonly bucketMs: number },
): ReplayVerdict {
  const minuteOf = (moment: number) => Math.ceil((moment - at.start) / at.bucketMs) - 1
  const beside = (kpi: string) => feed.figures(kpi, 'baseline', at.bucket, weight)?.value ?? null
  return {
    minute: at.bucket,
    kind: verdict.kind,
    step: 'stage' in phase ? phase.stage + 1 : 0,
    weight,
    because: verdict.because,
    kpis: verdict.evidence.map((evidence) => kpiVerdict(evidence, minuteOf, beside(evidence.kpi))),
  }
}

/** How the rollout ended or why it stands; null while it goes on. */
function endOf({ phase }: Rollout): { readonly outcome: ReplayOutcome; readonly because: string } | null {
  switch (phase.kind) {
    case 'rolling-back':
    case 'finished':
      return { outcome: phase.outcome, because: phase.because }
    case 'paused':
      return { outcome: 'paused', because: phase.because }
    default:
      return null
  }
}

function ended({ rollout, obstacle }: Walk, verdicts: readonly ReplayVerdict[]): Timeline {
  const { stages, analysis } = rollout.manifest
  const newest = verdicts.at(-1) ?? null
  const step = 'stage' in rollout.phase ? rollout.phase.stage + 1 : 1
  const still = `in step ${step} of ${stages.length}, still ${newest?.kind ?? 'unseen'}${newest === null ? '' : `: ${newest.because}`}`
  const open = {
    outcome: 'running',
    because: `${obstacle === null ? 'the data end' : `${obstacle}; it stands`} ${still}`,
  } as const
  return {
    ...(endOf(rollout) ?? open),
    endedAtMinute: newest?.minute ?? null,
    bucketMs: analysis.bucketMs,
    steps: stages.length,
    verdicts,
  }
}
