/**
 * When a timer is due, as NCRONTAB says it: `second minute hour day month weekday` (or five fields, without seconds), in
 * UTC. A field is `*`, a value, a range `a-b`, a step (a star or range or value, then `/n`), or a comma list of these; months and weekdays may be
 * named. Day and weekday must both match (unlike Unix cron, which takes either).
 */
export interface Schedule {
  readonly text: string
  /** The first due time strictly after `after` (epoch ms), or null when there is none within a hundred years. */
  next(after: number): number | null
}

interface Field {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const MONTHS = 'january february march april may june july august september october november december'.split(' ')
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ')
const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'weekday', min: 0, max: 6, names: WEEKDAYS },
]
const DAY_MS = 86_400_000
const MAX_DAYS = 36_525

/** Reads an NCRONTAB expression; throws an Error that names the field when it cannot be read. */
export function parseSchedule(text: string): Schedule {
  const parts = text.trim().split(/\s+/)
  if (parts.length === 5) parts.unshift('0')
  if (parts.length !== 6) throw new Error(`Schedule "${text}" has ${parts.length} fields; NCRONTAB has six (or five).`)
  const sets = FIELDS.map((field, index) => parseField(text, field, parts[index] ?? ''))
  return { text, next: (after) => nextAfter(sets, after) }
}

function parseField(text: string, field: Field, part: string): ReadonlySet<number> {
  const values = new Set<number>()
  for (const item of part.split(',')) {
    const [span = '', step, ...more] = item.split('/')
    if (more.length > 0) throw bad(text, field, item)
    const by = step === undefined ? 1 : Number(step)
    if (!Number.isInteger(by) || by < 1) throw bad(text, field, item)
    const [from, to] = parseSpan(text, field, span, step !== undefined)
    for (let value = from; value <= to; value += by) values.add(value)
  }
  return values
}

/** A single value with a step runs to the end of the field: `5/10` is 5, 15, 25 … */
function parseSpan(text: string, field: Field, span: string, stepped: boolean): readonly [number, number] {
  if (span === '*') return [field.min, field.max]
  const [first = '', last, ...more] = span.split('-')
  if (more.length > 0) throw bad(text, field, span)
  const from = parseValue(text, field, first)
  if (last === undefined) return [from, stepped ? field.max : from]
  const to = parseValue(text, field, last)
  if (to < from) throw bad(text, field, span)
  return [from, to]
}

function parseValue(text: string, field: Field, word: string): number {
  const named = field.names?.findIndex((name) => word.length >= 3 && name.startsWith(word.toLowerCase())) ?? -1
  const value = named >= 0 ? named + field.min : /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN
  if (!(value >= field.min && value <= field.max)) throw bad(text, field, word)
  return value
}

function bad(text: string, field: Field, part: string): Error {
  return new Error(`Schedule "${text}": "${part}" is no ${field.name}; it goes from ${field.min} to ${field.max}.`)
}

function nextAfter(sets: readonly ReadonlySet<number>[], after: number): number | null {
  const [, , , days, months, weekdays] = sets
  const start = Math.floor(after / 1000) * 1000 + 1000
  const midnight = Math.floor(start / DAY_MS) * DAY_MS
  for (let day = 0; day <= MAX_DAYS; day++) {
    const date = new Date(midnight + day * DAY_MS)
    if (!months?.has(date.getUTCMonth() + 1)) continue
    if (!days?.has(date.getUTCDate()) || !weekdays?.has(date.getUTCDay())) continue
    const second = firstSecondOfDay(sets, day === 0 ? (start - midnight) / 1000 : 0)
    if (second !== null) return date.getTime() + second * 1000
  }
  return null
}

/** The first matching second of a day that is not before `from` (seconds since midnight). */
function firstSecondOfDay(sets: readonly ReadonlySet<number>[], from: number): number | null {
  const [seconds, minutes, hours] = sets.map((set) => [...set].sort((a, b) => a - b))
  for (const hour of hours ?? []) {
    if (hour * 3600 + 3599 < from) continue
    for (const minute of minutes ?? []) {
      const base = hour * 3600 + minute * 60
      const second = base + 59 < from ? undefined : seconds?.find((each) => base + each >= from)
      if (second !== undefined) return base + second
    }
  }
  return null
}
