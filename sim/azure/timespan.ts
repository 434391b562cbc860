/** A stretch of time, `from` inclusive and `to` exclusive, epoch milliseconds; infinite where open. */
export interface Interval {
  readonly from: number
  readonly to: number
}

/**
 * Reads the `timespan` of a query: `start/end`, `start/duration`, `duration/end` or a duration back from `now`; empty
 * means all of time, null that the text is none of these. Durations go up to weeks, as ISO 8601 writes them.
 */
export function intervalOf(timespan: string, now: number): Interval | null {
  if (timespan === '') return { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
  const [first = '', second, ...more] = timespan.split('/')
  if (more.length > 0) return null
  const [start, length] = [Date.parse(first), durationMs(first)]
  if (second === undefined) return length === null ? null : { from: now - length, to: Number.POSITIVE_INFINITY }
  const [end, secondLength] = [Date.parse(second), durationMs(second)]
  if (length !== null) return Number.isNaN(end) ? null : { from: end - length, to: end }
  if (Number.isNaN(start)) return null
  if (secondLength !== null) return { from: start, to: start + secondLength }
  return Number.isNaN(end) ? null : { from: start, to: end }
}

function durationMs(text: string): number | null {
  const parts = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text)
  if (parts === null || text.length < 3) return null
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0))
  return ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
}
