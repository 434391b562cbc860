import type { Silence } from './reading.ts'
import type { Sequence } from './sequence.ts'

/**
 * What the judge remembers of a rollout between two looks. Plain and JSON-safe; its size depends on the number of KPIs
 * and not on time (under 32 KiB with the 12 KPIs that a manifest may have). Kept beside the rollout and stored in the same transaction.
 */
export interface JudgeState {
  readonly schema: 1
  readonly rollout: string
  /** When the canary's first traffic was seen; the warm-up counts from here. */
  readonly since: number
  /** Start of the first bucket that is judged: the one that `since` lies in. */
  readonly from: number
  readonly kpis: Readonly<Record<string, KpiState>>
}

/**
 * One bucket as it was seen on both arms: `[start, bad, total, value, baseline bad, baseline total, baseline value]`. The
 * baseline's figures are null where it was not asked, or had none.
 */
export type SeenBucket = readonly [
  at: number,
  bad: number,
  total: number,
  value: number | null,
  baselineBad: number | null,
  baselineTotal: number | null,
  baselineValue: number | null,
]

/** What is remembered of one KPI. */
export interface KpiState {
  /** Start of the first bucket that was not absorbed yet. */
  readonly next: number
  readonly sequence: Sequence
  readonly history: History
  readonly step: Tally
  /** The source's lag as experienced; never below the KPI's own. */
  readonly lagMs: number
  /** The newest buckets as last read, oldest first: what shows that a source changes its mind. */
  readonly recent: readonly SeenBucket[]
  /** How many buckets the source changed after they had been judged. */
  readonly corrected: number
  /** Since when the source has given no answer. */
  readonly blind: { readonly since: number; readonly silence: Silence } | null
  /** Buckets in a row that the canary had figures of and the baseline, though asked, had not. */
  readonly uncontrolled: number
  /** Buckets in a row without any request to the canary. */
  readonly idle: number
  /** A gauge's newest value; null otherwise. */
  readonly value: number | null
}

/** What the baseline looked like before the rollout. */
export interface History {
  /** Over-dispersion φ, 1–12. */
  readonly phi: number
  readonly buckets: number
  /** How many of them had requests. */
  readonly busy: number
  /** Requests of those buckets. */
  readonly total: number
}

/** Sums over the buckets of the present step. */
export interface Tally {
  /** When the step's weight became real. */
  readonly since: number
  /** Buckets that are over, and those of them that had data. */
  readonly buckets: number
  readonly covered: number
  readonly bad: number
  readonly total: number
  /** Those of `total` in buckets that the baseline had figures of, too; absent in what an earlier version stored. */
  readonly paired?: number
  /** Bad events that were allowed: limit times requests, more while the baseline was in breach itself. */
  readonly allowed: number
  readonly baselineBad: number
  readonly baselineTotal: number
}

/** The buckets that one look absorbed, by KPI: what a verdict can be computed from again. Never empty. */
export interface BucketLine {
  readonly rollout: string
  /** Start of the oldest bucket in it. */
  readonly at: number
  readonly kpis: Readonly<Record<string, readonly LoggedBucket[]>>
}

/** A bucket that was judged, or a bucket for which there was no data (`null` in place of the figures). */
export type LoggedBucket = SeenBucket | readonly [at: number, missing: null]
