import type { History } from '../lib/core/judge/state.ts'
import { HISTORY_BUCKETS } from '../lib/core/judge/take-in.ts'
import type { Figures, KpiSeries, Series } from '../lib/core/replay/feed.ts'
import type { Timeline } from '../lib/core/replay/timeline.ts'
import type { Kpi, Manifest } from '../lib/core/service.ts'
import { unitOf, unitsText } from './units.ts'

/** The figures that a timeline rests on. */
export interface Basis {
  readonly manifest: Manifest
  readonly series: Series
  /** What was known of the stable revision before, by KPI, where it was stored; else the series' negative buckets tell. */
  readonly history?: Readonly<Record<string, History>> | undefined
  /** Where the figures are from, e.g. `the file`. */
  readonly from: string
}

/** What a reader of a timeline should know of its figures, KPI by KPI: history, and what is missing. A sentence each. */
export function notesOn(basis: Basis, { endedAtMinute }: Timeline): readonly string[] {
  const { manifest, series, history = {}, from } = basis
  const buckets = (endedAtMinute ?? -1) + 1
  return manifest.analysis.kpis.flatMap((kpi) => {
    const seen = series.get(kpi.name) ?? NOTHING
    const absent = absentNote(kpi, seen, from)
    if (absent !== null) return [absent]
    const gaps = buckets - [...seen.canary.keys()].filter((at) => at < buckets).length
    return [
      ...(kpi.kind === 'gauge' ? [] : historyNotes(kpi, seen.baseline, history[kpi.name], manifest)),
      ...(seen.baseline.size > 0 ? [] : aloneNotes(kpi)),
      ...(gaps === 0 ? [] : [gapNote(kpi, gaps, buckets, manifest)]),
    ]
  })
}

const NOTHING: KpiSeries = { canary: new Map(), baseline: new Map() }

function absentNote({ name }: Kpi, { canary, baseline }: KpiSeries, from: string): string | null {
  if (canary.size > 0) return null
  return baseline.size === 0 ? `${name}: ${from} has no rows` : `${name}: ${from} has no row of the canary`
}

function gapNote({ name }: Kpi, gaps: number, buckets: number, { analysis }: Manifest): string {
  return `${name}: ${gaps} of ${unitsText(buckets, analysis)} of the canary are missing; nothing is concluded from them`
}

/** What is not said of a KPI without the stable revision's figures. Only requests show how the traffic is split. */
function aloneNotes(kpi: Kpi): readonly string[] {
  if (kpi.kind === 'gauge') return []
  const start = `${kpi.name}: no row of the stable revision, so nothing can be compared`
  const isBlindToSplit = kpi.kind === 'ratio' || kpi.source.kind === 'probe'
  return [isBlindToSplit ? start : `${start}, and the judge holds below 100 % because it cannot see the split`]
}

/** So many buckets with requests say how bursty the stable revision is: 30 pairs of neighbours. */
const FEWEST_BUCKETS = 31

function historyNotes(
  { name }: Kpi,
  baseline: ReadonlyMap<number, Figures>,
  stored: History | undefined,
  { analysis }: Manifest,
): readonly string[] {
  const before = [...baseline].filter(([at]) => at < 0)
  const counted = before.filter(([at]) => at >= -HISTORY_BUCKETS)
  const old = stored === undefined ? before.length - counted.length : 0
  const busy = stored?.busy ?? counted.filter(([, { total }]) => total > 0).length
  const unit = unitOf(analysis)
  const left = `${name}: ${unitsText(old, analysis)} of history lie${old === 1 ? 's' : ''} more than ${HISTORY_BUCKETS} before ${unit} 0 and ${old === 1 ? 'is' : 'are'} left out`
  return [...(old === 0 ? [] : [left]), ...(busy >= FEWEST_BUCKETS ? [] : [shortNote(name, busy, analysis)])]
}

function shortNote(name: string, busy: number, analysis: Manifest['analysis']): string {
  const seen =
    busy === 0
      ? `no history of the stable revision (negative ${unitOf(analysis)}s)`
      : `only ${unitsText(busy, analysis)} of history of the stable revision have requests, and fewer than ${FEWEST_BUCKETS} say nothing`
  return `${name}: ${seen}, so it is taken to be bursty (φ = 2)`
}

/** Which steps began later than the plan wanted, since nothing was measured at their weight before. A sentence each. */
export function waitNotes({ verdicts, bucketMs }: Timeline, { stages }: Manifest): readonly string[] {
  const unit = unitOf({ bucketMs })
  return stages.flatMap(({ weight }, stage) => {
    const waiting = verdicts.filter((verdict) => verdict.step === stage + 1 && verdict.weight < weight)
    const first = waiting[0]?.minute
    const last = waiting.at(-1)?.minute
    if (first === undefined || last === undefined) return []
    const due = `step ${stage + 1} was due with ${unit} ${first}`
    return last === verdicts.at(-1)?.minute
      ? [`${due}, and nothing was ever measured at ${weight} %: the canary stays at the weight before`]
      : [
          `${due}, and nothing was measured at ${weight} % before ${unit} ${last + 1}: until then the canary stays at the weight before`,
        ]
  })
}
