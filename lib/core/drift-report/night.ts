/** A stretch of time: `from` inclusive, `to` exclusive, epoch milliseconds. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The three days that a night's report looks at. */
export type DayName = 'today' | 'weekBefore' | 'dayBefore'

/** What a night's report is about: whole days in UTC. */
export interface Night {
  /** The day that ended last, as `2026-11-21`. */
  readonly day: string
  readonly days: Readonly<Record<DayName, Span>>
}

/** Length of the buckets that the report asks for, whatever a manifest's own are. */
export const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** The night that `now` belongs to: its day is the one that ended at the last midnight in UTC. */
export function nightOf(now: number): Night {
  const midnight = Math.floor(now / DAY_MS) * DAY_MS
  const ago = (days: number): Span => ({ from: midnight - (days + 1) * DAY_MS, to: midnight - days * DAY_MS })
  const days = { today: ago(0), dayBefore: ago(1), weekBefore: ago(7) }
  return { day: dayText(days.today), days }
}

/** A day by its date in UTC, as `2026-11-21`. */
export function dayText({ from }: Span): string {
  return new Date(from).toISOString().slice(0, 10)
}
