const ISO =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** Epoch milliseconds of a time as ISO 8601 with a zone or as epoch milliseconds; null where it is none, as 31 February. */
export function startOf(value: unknown): number | null {
  const ms = typeof value === 'string' ? parseIso(value) : value
  return typeof ms === 'number' && Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? ms : null
}

/** `Date.parse` takes 31 February for 3 March, so the day is looked at first. */
function parseIso(text: string): number | null {
  const [, year, month, day] = ISO.exec(text) ?? []
  if (year === undefined || month === undefined || day === undefined) return null
  const date = `${year}-${month}-${day}`
  const midnight = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(date)) return null
  return Date.parse(text)
}
