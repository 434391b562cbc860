import type { KpiRole, SourceName } from '../service.ts'

/**
 * What can be said about a KPI, or about all of them together; the worst decides, in this order.
 *
 * - `pass`: the step was watched long enough, on enough requests, and its figure is within the limit.
 * - `inconclusive`: too early, too few requests, or a figure over the limit that may be chance.
 * - `nodata`: the source answers, but has no figures, or the canary got no requests.
 * - `error`: the source does not answer.
 * - `suspect`: clearly worse than the baseline, or first evidence that the limit is broken.
 * - `fail`: the limit is broken, and chance cannot explain it.
 */
export type VerdictKind = 'pass' | 'inconclusive' | 'nodata' | 'error' | 'suspect' | 'fail'

/** From best to worst. */
export const LATTICE: readonly VerdictKind[] = ['pass', 'inconclusive', 'nodata', 'error', 'suspect', 'fail']

/** Bad events of all events. */
export interface Counted {
  readonly bad: number
  readonly total: number
}

/** What the sequential test says. An E-value of 1 means nothing, and at `needed` the chance of a false alarm is spent. */
export interface EValues {
  /** Against the limit. */
  readonly absolute: number
  /** Against the baseline. */
  readonly relative: number
  /** Against the limit of the warm-up. */
  readonly warmUp: number
  readonly needed: number
  readonly neededWarmUp: number
  /** For the limit: how sure it is that the limit holds; 20 counts as sure. */
  readonly support: number
  /** How bursty the baseline is; 1 = independent requests. Evidence is divided by it. */
  readonly overDispersion: number
}

/** One KPI's part of a verdict, complete enough to be understood alone, years later. Times are epoch milliseconds. */
export interface Evidence {
  readonly kpi: string
  readonly role: KpiRole
  readonly source: SourceName
  /** The buckets that the figures are of: the present step's that were judged, or the newest where a failure shows in them. */
  readonly from: number
  readonly to: number
  readonly revision: string
  /** The canary's query, as an auditor could run it again. */
  readonly query: string
  /** Counts of these buckets (of a step without its warm-up); null when nothing could be measured. */
  readonly bad: number | null
  readonly total: number | null
  /** `bad / total`, or a gauge's newest value; null when nothing could be measured. */
  readonly value: number | null
  /** Share of bad events that is allowed (0–1), or a gauge's limit. */
  readonly limit: number
  readonly unit: 'ratio' | 'figure'
  /** Time-uniform 95 % confidence interval of the share of bad events: it holds however often it is read. Null until `withIntervals`. */
  readonly interval: readonly [number, number] | null
  /** The same counts of the stable revision; null where it has no traffic. */
  readonly baseline: Counted | null
  /** Null before the first bucket. */
  readonly evalues: EValues | null
  /** Why the source, of either revision, gave no answer at this look, or has had no figures of the stable revision for long; null where it did. */
  readonly silent: string | null
  /** Whether buckets that are not final yet were needed for the verdict. */
  readonly provisional: boolean
  /** Whether `bad` is a lower bound. */
  readonly approximate: boolean
  /** What a pass still needs, to a person; null where nothing is missing. */
  readonly missing: string | null
  /** When it may be there at the earliest, as far as one can tell. */
  readonly passAt: number | null
  readonly verdict: VerdictKind
  /** Half a sentence, e.g. `p95: 6.1 % slower than 200 ms, over 5 %`. */
  readonly because: string
}

/** What several KPIs say together: the worst of those that count decides, and `because` names those that do. */
export interface Verdict {
  readonly kind: VerdictKind
  readonly because: string
  readonly evidence: readonly Evidence[]
}

/** The worst of several verdicts; none at all is inconclusive. */
export function worst(kinds: readonly VerdictKind[]): VerdictKind {
  return (
    kinds.reduce<VerdictKind | null>((found, kind) => (found === null || isWorse(kind, found) ? kind : found), null) ??
    'inconclusive'
  )
}

function isWorse(one: VerdictKind, other: VerdictKind): boolean {
  return LATTICE.indexOf(one) > LATTICE.indexOf(other)
}
