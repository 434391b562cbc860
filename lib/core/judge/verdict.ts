import type { Kpi } from '../service.ts'

/** Which look at the KPIs a query serves: the fast check of every tick, or the whole step at its end. */
export type Window = 'fast' | 'full'

/** What must be measured: one KPI of one revision in `[from, to)`, both epoch milliseconds. */
export interface Query {
  /** Unique within one `ask`; the reading answers under the same id. */
  readonly id: string
  readonly environment: string
  readonly revision: string
  readonly kpi: Kpi
  readonly window: Window
  readonly from: number
  readonly to: number
}

/**
 * What a source answered to a query. `measured` with `total` 0 means "asked, and there were no requests";
 * `missing` means that the source has no answer, and `why` says it to a person.
 * `value` is the KPI's own figure: milliseconds for latency, a ratio 0–1 for errors; it may be NaN when total is 0.
 */
export type Reading =
  | {
      readonly id: string
      readonly kind: 'measured'
      readonly bad: number
      readonly total: number
      readonly value: number
      /** Query text, with the parameters of this reading only, as an auditor could run it again. */
      readonly query: string
      /** True where the figure is an upper or lower bound, e.g. no histogram bound sits on the limit. */
      readonly approximate: boolean
    }
  | { readonly id: string; readonly kind: 'missing'; readonly why: string; readonly query: string }

/** Worst first: fail beats inconclusive beats pass. */
export type VerdictKind = 'pass' | 'inconclusive' | 'fail'

/** One KPI's part of a verdict, complete enough to be understood alone, years later. */
export interface Evidence {
  readonly kpi: string
  readonly source: string
  readonly window: Window
  readonly from: number
  readonly to: number
  readonly revision: string
  readonly query: string
  readonly bad: number | null
  readonly total: number | null
  /** Milliseconds or a ratio, as `unit` says; null when nothing could be measured. */
  readonly value: number | null
  readonly limit: number
  readonly unit: 'ms' | 'ratio'
  readonly verdict: VerdictKind
  /** Half a sentence, e.g. `p95 312 ms over the limit of 200 ms (412 of 900 requests slower)`. */
  readonly because: string
}

/** What several KPIs say together: the worst of them decides, and `because` names those that do. */
export interface Verdict {
  readonly kind: VerdictKind
  readonly because: string
  readonly evidence: readonly Evidence[]
}
