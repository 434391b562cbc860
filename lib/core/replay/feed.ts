import type { Arm } from '../judge/reading.ts'

/** What was measured in one bucket on one arm: bad events of all, and a gauge's value (null for every other KPI). */
export interface Figures {
  readonly bad: number
  readonly total: number
  readonly value: number | null
}

/** What was measured of one KPI, by number of the bucket. 0 is the canary's first; negative ones lie before the rollout. */
export type KpiSeries = Readonly<Record<Arm, ReadonlyMap<number, Figures>>>

/** Measured buckets by name of the KPI. A bucket that is absent is missing data, not "no traffic". */
export type Series = ReadonlyMap<string, KpiSeries>

/** Where a replay reads its figures. Asked again, it answers the same. */
export interface Feed {
  /** Number of the newest bucket; −1 where there is none. */
  readonly last: number
  /** What a bucket shows of a KPI when the canary has `weight` percent in it; null = missing data. */
  readonly figures: (kpi: string, arm: Arm, bucket: number, weight: number) => Figures | null
  /** Whether anything is known of the baseline; without it a KPI is judged against its limit alone. */
  readonly hasBaseline: (kpi: string) => boolean
  /**
   * Why a bucket cannot be shown at this weight, as half a sentence; null where it can. A step begins with the first
   * bucket that can be shown at its weight.
   */
  readonly obstacle: (bucket: number, weight: number) => string | null
}

/** A feed that shows the measured buckets as they are, whatever the weight. */
export function feedOf(series: Series): Feed {
  return {
    last: lastOf(series),
    figures: (kpi, arm, bucket) => series.get(kpi)?.[arm].get(bucket) ?? null,
    hasBaseline: (kpi) => (series.get(kpi)?.baseline.size ?? 0) > 0,
    obstacle: () => null,
  }
}

/** Number of the newest bucket of all KPIs; −1 where nothing was measured since the start. */
export function lastOf(series: Series): number {
  let last = -1
  for (const { canary, baseline } of series.values()) {
    for (const arm of [canary, baseline]) for (const bucket of arm.keys()) if (bucket > last) last = bucket
  }
  return last
}
