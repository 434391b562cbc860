import { NOT_PLAYED } from './jobs.ts'
import type { Rows } from './pool.ts'
import { rank, upperLimit } from './statistics.ts'

/** What one judge made of many soaks. Delays are minutes of data from onset to abort, both included; NaN where none was caught. */
export interface Summary {
  readonly played: number
  readonly aborted: number
  /** Upper end of the 95 % interval of the aborted share (Clopper and Pearson), 0–1. */
  readonly upper: number
  /** Aborted before anything was wrong. */
  readonly early: number
  readonly missed: number
  readonly p50: number
  readonly p95: number
}

/** Sums up column `column` of the rows. */
export function summarize(rows: Rows, column: number, onset: number): Summary {
  const minutes = rows.map((row) => row[column] ?? NOT_PLAYED).filter((minute) => minute !== NOT_PLAYED)
  const aborted = minutes.filter((minute) => minute >= 0)
  const delays = aborted.filter((minute) => minute >= onset).map((minute) => minute - onset + 1)
  return {
    played: minutes.length,
    aborted: aborted.length,
    upper: minutes.length === 0 ? 1 : upperLimit(aborted.length, minutes.length),
    early: aborted.length - delays.length,
    missed: minutes.length - aborted.length,
    p50: rank(delays, 0.5),
    p95: rank(delays, 0.95),
  }
}

/** Share of soaks that were aborted, as `0.05 %`. */
export function abortedText({ aborted, played }: Summary): string {
  return played === 0 ? '–' : `${((100 * aborted) / played).toFixed(2)} %`
}

/** `8/10`, with `m` for the share that was missed and `e` for the share that was aborted before onset. */
export function delayText({ p50, p95, missed, early, played }: Summary): string {
  if (played === 0) return '–'
  const share = (mark: string, count: number): string =>
    count === 0 ? '' : ` ${mark}${((100 * count) / played).toFixed(1).replace('.0', '')}%`
  const delay = Number.isNaN(p50) ? '-/-' : `${p50}/${p95}`
  return `${delay}${share('m', missed)}${share('e', early)}`
}
