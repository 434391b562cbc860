import type { Kpi, Target } from '../service.ts'

/** Which of the two revisions a measurement is about: the new one, or the stable one beside it. */
export type Arm = 'canary' | 'baseline'

/**
 * What must be measured: one KPI of one revision, bucket by bucket, for `from` ≤ start of the bucket < `to`. All times are
 * epoch milliseconds and multiples of `bucketMs`; the newest bucket may not be over yet.
 */
export interface Query {
  /** Unique within one look; the reading answers under the same id. */
  readonly id: string
  readonly environment: string
  readonly target: Target
  /** Azure's name of the app's region (`westeurope`); null where it was not seen yet. */
  readonly region: string | null
  readonly arm: Arm
  readonly revision: string
  /** Host under which this revision alone can be reached; null where there is none. */
  readonly host: string | null
  readonly kpi: Kpi
  readonly bucketMs: number
  readonly from: number
  readonly to: number
}

/**
 * One bucket of one KPI on one revision, `at` its start. `bad` of `total` events were bad; `total` 0 means "asked, and
 * there were none". A gauge has its `value` and counts of 0; every other KPI has `value` null.
 */
export interface Bucket {
  readonly at: number
  readonly bad: number
  readonly total: number
  readonly value: number | null
}

/** Why a source has no answer. `late`: not within the time it was given. `unset`: a setting is missing. `refused`: it cannot measure this. */
export type Silence = 'down' | 'throttled' | 'denied' | 'partial' | 'malformed' | 'late' | 'unset' | 'refused'

/**
 * What a source answered to a query. The buckets rise in time and lie within the query; one that is absent is missing
 * data, which is not the same as no traffic. Buckets that are not over may hold only part of their events yet.
 */
export type Reading =
  | {
      readonly id: string
      readonly kind: 'measured'
      readonly buckets: readonly Bucket[]
      /** `approximate`: `bad` is a lower bound, e.g. no bound of the histogram sits on the limit. */
      readonly quality: 'exact' | 'approximate'
      /** Query text with the parameters of this reading only, as an auditor could run it again. */
      readonly query: string
      /** What a reader of the figures should know, e.g. that they are sampled. */
      readonly note: string | null
    }
  | {
      readonly id: string
      readonly kind: 'missing'
      readonly silence: Silence
      /** To a person: what happened, and what to do. */
      readonly why: string
      readonly query: string
    }
