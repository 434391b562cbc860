import type { Evidence, VerdictKind } from '../judge/verdict.ts'
import type { Outcome } from '../rollout.ts'
import type { KpiRole } from '../service.ts'

/**
 * How a replay ended: as a rollout ends, or without an end. `paused`: it waits for a person; `running`: the data were over,
 * or they cannot show what the plan wants next.
 */
export type ReplayOutcome = Outcome | 'paused' | 'running'

/** One KPI's part of a verdict. Counts are those of the present step without its warm-up; null = nothing was measured. */
export interface KpiVerdict {
  readonly kpi: string
  readonly role: KpiRole
  readonly kind: VerdictKind
  readonly because: string
  readonly bad: number | null
  readonly total: number | null
  /** `bad / total`, or a gauge's newest value. */
  readonly value: number | null
  /** Share of bad events that is allowed (0–1), or a gauge's limit. */
  readonly limit: number
  readonly unit: Evidence['unit']
  readonly interval: readonly [number, number] | null
  readonly baselineBad: number | null
  readonly baselineTotal: number | null
  /** A gauge's value on the stable revision in this bucket; null where it is not known, and for every other KPI. */
  readonly baselineValue: number | null
  /** E-values: against the limit, against the baseline, and against the limit of the warm-up. */
  readonly absolute: number | null
  readonly relative: number | null
  readonly warmUp: number | null
  /** From which E-value on it fails. */
  readonly needed: number | null
  readonly neededWarmUp: number | null
  /** E-value for the limit: 20 counts as sure that it holds. */
  readonly support: number | null
  readonly overDispersion: number | null
  /** What a pass still needs, to a person. */
  readonly missing: string | null
  /** Number of the bucket after which it may be there at the earliest. */
  readonly passAtMinute: number | null
}

/** What was said after one bucket. `minute` is the bucket's number; step (from 1) and weight are those it was measured in. */
export interface ReplayVerdict {
  readonly minute: number
  readonly kind: VerdictKind
  readonly step: number
  readonly weight: number
  readonly because: string
  readonly kpis: readonly KpiVerdict[]
}

/** A whole rollout as the judge and the mind would have walked it. */
export interface Timeline {
  readonly outcome: ReplayOutcome
  /** Number of the bucket whose absorption ended it, of the newest one where the data ended; null where none was judged. */
  readonly endedAtMinute: number | null
  readonly because: string
  /** Length of a bucket: what `minute` counts in. */
  readonly bucketMs: number
  /** Steps of the plan. */
  readonly steps: number
  readonly verdicts: readonly ReplayVerdict[]
}

/** A KPI's evidence as the timeline tells it; `minuteOf` turns a moment into the number of a bucket. */
export function kpiVerdict(
  evidence: Evidence,
  minuteOf: (at: number) => number,
  baselineValue: number | null,
): KpiVerdict {
  const { evalues, baseline, passAt } = evidence
  return {
    kpi: evidence.kpi,
    role: evidence.role,
    kind: evidence.verdict,
    because: evidence.because,
    bad: evidence.bad,
    total: evidence.total,
    value: evidence.value,
    limit: evidence.limit,
    unit: evidence.unit,
    interval: evidence.interval,
    baselineBad: baseline?.bad ?? null,
    baselineTotal: baseline?.total ?? null,
    baselineValue,
    absolute: evalues?.absolute ?? null,
    relative: evalues?.relative ?? null,
    warmUp: evalues?.warmUp ?? null,
    needed: evalues?.needed ?? null,
    neededWarmUp: evalues?.neededWarmUp ?? null,
    support: evalues?.support ?? null,
    overDispersion: evalues?.overDispersion ?? null,
    missing: evidence.missing,
    passAtMinute: passAt === null ? null : minuteOf(passAt),
  }
}
