import type { Bucket, Query } from '../../core/judge/reading.ts'
import { isRecord, parseJson } from './body.ts'
import type { Trouble } from './trouble.ts'

/** What a reading says, without who asked. */
export interface Figures {
  readonly buckets: readonly Bucket[]
  readonly note: string | null
}

/** Per query (by id) its figures, or why there are none. */
export type HttpAnswer = ReadonlyMap<string, Figures | Trouble>

const FORMS = '{id, bad, total}, {id, value}, {id, buckets} or {id, missing}'
const SHORT = 'the service answers one bucket at a time, taken for the newest complete one'

/**
 * Reads an answer `{"readings": […]}`. A whole that cannot be read is one Trouble; a reading that cannot be read is a
 * Trouble of its own and harms no other. `now` (epoch milliseconds) tells which bucket is the newest complete one.
 */
export function readAnswer(text: string, queries: readonly Query[], now: number): HttpAnswer | Trouble {
  const answer = parseJson(text)
  if (answer === undefined) return malformed('the answer is not JSON (NaN and Infinity are none either)')
  if (!isRecord(answer) || !Array.isArray(answer.readings)) return malformed('the answer has no list "readings"')
  if (answer.version !== undefined && answer.version !== 1)
    return malformed(`the answer's version is ${shown(answer.version)}: answer version 1`)
  const byId = new Map(queries.map((query) => [query.id, query]))
  const found = new Map<string, Figures | Trouble>()
  for (const [place, reading] of answer.readings.entries()) {
    const at = `readings[${place}]`
    const query = isRecord(reading) && typeof reading.id === 'string' ? byId.get(reading.id) : undefined
    if (query === undefined)
      return malformed(`${at}.id is ${shown(isRecord(reading) ? reading.id : reading)}, which nobody asked for`)
    const isSecond = found.has(query.id)
    found.set(
      query.id,
      isSecond ? malformed(`${at} is a second reading of ${shown(query.id)}`) : readOne(reading, at, query, now),
    )
  }
  return found
}

function readOne(reading: Readonly<Record<string, unknown>>, at: string, query: Query, now: number): Figures | Trouble {
  const { id: _, ...said } = reading
  const fields = Object.keys(said).toSorted().join(', ')
  switch (fields) {
    case 'missing':
      return saysMissing(said.missing, at)
    case 'buckets':
      return readBuckets(said.buckets, at, query)
    case 'bad, total':
    case 'value':
      return readShort(said, at, query, now)
    default:
      return malformed(`${at} has the fields ${shown(fields)} besides id: give ${FORMS}`)
  }
}

function saysMissing(why: unknown, at: string): Trouble {
  if (typeof why !== 'string' || why.trim() === '') return malformed(`${at}.missing is ${shown(why)}: say why as text`)
  const said = why
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, 300)
  return { silence: 'partial', why: `has no figures for this, and says why: ${said}` }
}

function readBuckets(list: unknown, at: string, query: Query): Figures | Trouble {
  if (!Array.isArray(list)) return malformed(`${at}.buckets is ${shown(list)}: give a list`)
  const found = new Map<number, Bucket>()
  for (const [place, bucket] of list.entries()) {
    const here = `${at}.buckets[${place}]`
    if (!isRecord(bucket)) return malformed(`${here} is ${shown(bucket)}: give {at, bad, total} or {at, value}`)
    const start = readTime(bucket.at, here, query.bucketMs)
    if (typeof start !== 'number') return start
    const { at: _, ...said } = bucket
    const one = readFigures(said, here, query, start)
    if ('why' in one) return one
    if (found.has(start)) return malformed(`${here}.at is a second bucket of ${new Date(start).toISOString()}`)
    found.set(start, one)
  }
  const buckets = [...found.values()].filter((one) => one.at >= query.from && one.at < query.to)
  return { buckets: buckets.toSorted((a, b) => a.at - b.at), note: null }
}

/** The short forms speak of the newest bucket that was complete when the service was asked. */
function readShort(said: Readonly<Record<string, unknown>>, at: string, query: Query, now: number): Figures | Trouble {
  const { bucketMs, from, to } = query
  const start = Math.floor(Math.min(now, to) / bucketMs) * bucketMs - bucketMs
  const one = readFigures(said, at, query, start)
  if ('why' in one) return one
  return { buckets: start >= from ? [one] : [], note: SHORT }
}

function readFigures(
  said: Readonly<Record<string, unknown>>,
  at: string,
  query: Query,
  start: number,
): Bucket | Trouble {
  const fields = Object.keys(said).toSorted().join(', ')
  const isGauge = query.kpi.kind === 'gauge'
  if (fields !== (isGauge ? 'value' : 'bad, total')) {
    const wanted = isGauge ? 'a gauge, so give its value' : 'counted, so give bad and total'
    return malformed(`${at} has the fields ${shown(fields)}, but KPI ${query.kpi.name} is ${wanted}`)
  }
  const { bad, total, value } = said
  if (isGauge) {
    if (typeof value !== 'number' || !Number.isFinite(value))
      return malformed(`${at}.value is ${shown(value)}: give a number`)
    return { at: start, bad: 0, total: 0, value }
  }
  if (!isCount(bad)) return malformed(`${at}.bad is ${shown(bad)}: give a whole number from 0`)
  if (!isCount(total)) return malformed(`${at}.total is ${shown(total)}: give a whole number from 0`)
  if (bad > total) return malformed(`${at}.bad is ${bad} of a total of ${total}: give no more bad events than events`)
  return { at: start, bad, total, value: null }
}

/** ISO 8601 with a zone, or epoch milliseconds: the start of a bucket. */
function readTime(value: unknown, at: string, bucketMs: number): number | Trouble {
  const isText = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value)
  const ms = isText ? Date.parse(value) : value
  if (typeof ms !== 'number' || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15)
    return malformed(
      `${at}.at is ${shown(value)}: give ISO 8601 with a zone (2026-01-31T12:00:00Z) or epoch milliseconds`,
    )
  if (ms % bucketMs === 0) return ms
  return malformed(`${at}.at is ${shown(value)}, where no bucket of ${bucketMs} ms starts: round it down`)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'absent').slice(0, 80)
}

function malformed(why: string): Trouble {
  return { silence: 'malformed', why }
}
