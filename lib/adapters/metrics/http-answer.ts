import type { Bucket, Query } from '../../core/judge/reading.ts'
import { isRecord, parseJson } from './body.ts'
import type { Say } from './http-say.ts'
import { startOf } from './http-time.ts'
import type { Trouble } from './trouble.ts'

/** What a reading says, without who asked. */
export interface Figures {
  readonly buckets: readonly Bucket[]
  readonly note: string | null
}

/** Per query (by id) its figures, or why there are none. */
export interface HttpAnswer {
  readonly byId: ReadonlyMap<string, Figures | Trouble>
  /** What the answer holds that belongs to no query; null where there is nothing. */
  readonly stray: string | null
}

/** Where in the answer something stands, and which query it belongs to. */
interface Place {
  readonly at: string
  readonly query: Query
  readonly say: Say
}

const FORMS = '{id, bad, total}, {id, value}, {id, buckets} or {id, missing}'
const SHORT = 'the service answers one bucket at a time, taken for the newest complete one'

/**
 * Reads an answer `{"readings": […]}`. A whole that cannot be read is one Trouble; a reading that cannot be read is a
 * Trouble of its own and harms no other; a reading that nobody asked for is left out and told as `stray`. `now` (epoch
 * milliseconds) tells which bucket is the newest complete one. Foreign text is said by `say` only. Never throws.
 */
export function readAnswer(text: string, queries: readonly Query[], now: number, say: Say): HttpAnswer | Trouble {
  try {
    const answer = parseJson(text)
    if (answer === undefined) return malformed('the answer is not JSON (NaN and Infinity are none either)')
    if (!isRecord(answer) || !Array.isArray(answer.readings)) return malformed('the answer has no list "readings"')
    if (answer.version !== undefined && answer.version !== 1)
      return malformed(`the answer's version is ${say.value(answer.version)}: answer version 1`)
    return readReadings(answer.readings, queries, now, say)
  } catch {
    return malformed('the answer could not be read: give {"readings": […]} without anything else')
  }
}

function readReadings(list: readonly unknown[], queries: readonly Query[], now: number, say: Say): HttpAnswer {
  const asked = new Map(queries.map((query) => [query.id, query]))
  const byId = new Map<string, Figures | Trouble>()
  let stray: string | null = null
  for (const [place, reading] of list.entries()) {
    const at = `readings[${place}]`
    const id = isRecord(reading) ? reading.id : reading
    const query = typeof id === 'string' ? asked.get(id) : undefined
    if (query === undefined || !isRecord(reading)) stray ??= `${at}.id is ${say.value(id)}, which nobody asked for`
    else if (byId.has(query.id)) byId.set(query.id, malformed(`${at} is a second reading of ${say.value(query.id)}`))
    else byId.set(query.id, readSafely(reading, { at, query, say }, now))
  }
  return { byId, stray }
}

/** Whatever one reading holds, the others are read. */
function readSafely(reading: Readonly<Record<string, unknown>>, place: Place, now: number): Figures | Trouble {
  try {
    return readOne(reading, place, now)
  } catch {
    return malformed(`${place.at} could not be read: give ${FORMS}`)
  }
}

function readOne(reading: Readonly<Record<string, unknown>>, place: Place, now: number): Figures | Trouble {
  const { id: _, ...said } = reading
  const fields = Object.keys(said).toSorted().join(', ')
  switch (fields) {
    case 'missing':
      return saysMissing(said.missing, place)
    case 'buckets':
      return readBuckets(said.buckets, place)
    case 'bad, total':
    case 'value':
      return readShort(said, place, now)
    default:
      return malformed(`${place.at} has the fields ${place.say.value(fields)} besides id: give ${FORMS}`)
  }
}

function saysMissing(why: unknown, { at, say }: Place): Trouble {
  if (typeof why !== 'string' || why.trim() === '')
    return malformed(`${at}.missing is ${say.value(why)}: say why as text`)
  return { silence: 'partial', why: `has no figures for this, and says why: ${say.text(why, 300)}` }
}

function readBuckets(list: unknown, place: Place): Figures | Trouble {
  const { at, query, say } = place
  if (!Array.isArray(list)) return malformed(`${at}.buckets is ${say.value(list)}: give a list`)
  const found = new Map<number, Bucket>()
  for (const [index, bucket] of list.entries()) {
    const here = { ...place, at: `${at}.buckets[${index}]` }
    if (!isRecord(bucket)) return malformed(`${here.at} is ${say.value(bucket)}: give {at, bad, total} or {at, value}`)
    const start = readTime(bucket.at, here)
    if (typeof start !== 'number') return start
    const { at: _, ...said } = bucket
    const one = readFigures(said, here, start)
    if ('why' in one) return one
    if (found.has(start)) return malformed(`${here.at}.at is a second bucket of ${new Date(start).toISOString()}`)
    found.set(start, one)
  }
  const buckets = [...found.values()].filter((one) => one.at >= query.from && one.at < query.to)
  return { buckets: buckets.toSorted((a, b) => a.at - b.at), note: null }
}

/** The short forms speak of the newest bucket that was complete when the service was asked. */
function readShort(said: Readonly<Record<string, unknown>>, place: Place, now: number): Figures | Trouble {
  const { bucketMs, from, to } = place.query
  const start = Math.floor(Math.min(now, to) / bucketMs) * bucketMs - bucketMs
  const one = readFigures(said, place, start)
  if ('why' in one) return one
  return { buckets: start >= from ? [one] : [], note: SHORT }
}

function readFigures(said: Readonly<Record<string, unknown>>, place: Place, start: number): Bucket | Trouble {
  const { at, query, say } = place
  const fields = Object.keys(said).toSorted().join(', ')
  const isGauge = query.kpi.kind === 'gauge'
  if (fields !== (isGauge ? 'value' : 'bad, total')) {
    const wanted = isGauge ? 'a gauge, so give its value' : 'counted, so give bad and total'
    return malformed(`${at} has the fields ${say.value(fields)}, but KPI ${query.kpi.name} is ${wanted}`)
  }
  const { bad, total, value } = said
  if (isGauge) {
    if (typeof value !== 'number' || !Number.isFinite(value))
      return malformed(`${at}.value is ${say.value(value)}: give a number`)
    return { at: start, bad: 0, total: 0, value }
  }
  if (!isCount(bad)) return malformed(`${at}.bad is ${say.value(bad)}: give a whole number from 0`)
  if (!isCount(total)) return malformed(`${at}.total is ${say.value(total)}: give a whole number from 0`)
  if (bad > total) {
    const counts = `${say.value(bad)} of a total of ${say.value(total)}`
    return malformed(`${at}.bad is ${counts}: give no more bad events than events`)
  }
  return { at: start, bad, total, value: null }
}

/** The start of a bucket. */
function readTime(value: unknown, { at, query, say }: Place): number | Trouble {
  const ms = startOf(value)
  if (ms === null)
    return malformed(
      `${at}.at is ${say.value(value)}: give ISO 8601 with a zone (2026-01-31T12:00:00Z) or epoch milliseconds`,
    )
  if (ms % query.bucketMs === 0) return ms
  return malformed(`${at}.at is ${say.value(value)}, where no bucket of ${query.bucketMs} ms starts: round it down`)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function malformed(why: string): Trouble {
  return { silence: 'malformed', why }
}
