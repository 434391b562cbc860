import type { Bucket, Query } from '../../core/judge/reading.ts'
import type { Series } from './azure-metrics-answer.ts'
import { needsCodes, type Trouble } from './azure-metrics-plan.ts'

/** The buckets of one query, and how many minutes before the newest of them are missing. */
export interface Counted {
  readonly buckets: readonly Bucket[]
  readonly gaps: number
}

interface Tally {
  readonly bad: number
  readonly total: number
}

const MINUTE_MS = 60_000
const NONE: Tally = { bad: 0, total: 0 }

/**
 * Counts the requests of one revision out of the series of its app. What silence means here:
 *
 * - Azure answers 0 as well as nothing both for minutes without traffic and for minutes that it has not finished, so
 *   neither says "there were none". A minute is taken as known only when the app itself shows a request in it, to
 *   whichever of the `revisions` asked about.
 * - In a known minute, a revision or an outcome without a figure had no request: total 0, or none of them bad.
 * - Any other minute is left out: missing data. It never counts as good, and never as bad; an app without traffic is
 *   not covered. A bucket of several minutes is there only when all of its minutes are known.
 */
export function countRequests(query: Query, revisions: readonly string[], app: readonly Series[]): Counted | Trouble {
  const asked = new Set(revisions.map(plain))
  const own = plain(query.revision)
  const known = new Set<number>()
  const tallies = new Map<number, Tally>()
  for (const series of app) {
    const revision = series.dimensions.get('revisionname')
    const category = series.dimensions.get('statuscodecategory')
    const code = series.dimensions.get('statuscode')
    if (revision === undefined || category === undefined) return unread('a time series without revision or category')
    if (!asked.has(plain(revision))) continue
    const isBad = badness(query, category, code)
    if (typeof isBad !== 'boolean') return isBad
    for (const [at, total] of series.points) {
      if (total > 0) known.add(at)
      const before = tallies.get(at) ?? NONE
      const bad = before.bad + (isBad ? total : 0)
      if (plain(revision) === own) tallies.set(at, { bad, total: before.total + total })
    }
  }
  return bucketsOf(query, known, tallies)
}

/** Classes 1xx to 4xx are good but for `alsoBad`; 5xx and above, and 0xx, which is a request without a response, are bad. */
function badness({ kpi }: Query, category: string, code: string | undefined): boolean | Trouble {
  const first = /^([0-9])xx$/i.exec(category)?.[1]
  if (first === undefined) return unread(`requests of the unknown category ${JSON.stringify(category).slice(0, 40)}`)
  if (first === '0' || first >= '5') return true
  if (kpi.kind !== 'error-rate' || !needsCodes(kpi)) return false
  if (code === undefined || !/^\d{3}$/.test(code)) return unread('requests without a status code')
  return kpi.alsoBad.includes(Number(code))
}

function bucketsOf(query: Query, known: ReadonlySet<number>, tallies: ReadonlyMap<number, Tally>): Counted {
  const { bucketMs, from, to } = query
  const buckets: Bucket[] = []
  let missing = 0
  let gaps = 0
  for (let at = from; at < to; at += bucketMs) {
    const minutes = Array.from({ length: bucketMs / MINUTE_MS }, (_, place) => at + place * MINUTE_MS)
    if (!minutes.every((minute) => known.has(minute))) {
      missing += minutes.filter((minute) => !known.has(minute)).length
      continue
    }
    const parts = minutes.map((minute) => tallies.get(minute) ?? NONE)
    const sum = (pick: (part: Tally) => number) => parts.reduce((all, part) => all + pick(part), 0)
    buckets.push({ at, bad: sum(({ bad }) => bad), total: sum(({ total }) => total), value: null })
    gaps = missing
  }
  return { buckets, gaps }
}

function plain(revision: string): string {
  return revision.toLowerCase()
}

function unread(what: string): Trouble {
  return { silence: 'malformed', why: `the answer of Azure Monitor could not be read: ${what}; if it stays, report it` }
}
