import type * as z from 'zod'
import type { FreezeTime } from '../core/freeze.ts'
import { freezeRequestSchema } from './api/freeze.ts'
import { readDuration } from './duration.ts'
import { readInstant } from './grammar.ts'
import type { Issue } from './issue.ts'
import { windowTrouble } from './window.ts'
import { issuesOf } from './zod-issues.ts'

/** A freeze as it was asked for, checked. */
export interface FreezeAsked {
  readonly id: string | null
  readonly environment: string
  readonly services: readonly string[] | null
  readonly time: FreezeTime
  readonly reason: string
}

export type FreezeRead =
  | { readonly ok: true; readonly freeze: FreezeAsked }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** What may stand in the path of a request without being escaped. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/
const LEAST_MS = 60_000
const LONGEST_MS = 365 * 86_400_000

/** Reads the body of a request for a freeze; `now` tells which times are past. Never throws. */
export function readFreezeRequest(body: unknown, now: number): FreezeRead {
  const read = freezeRequestSchema.safeParse(body)
  if (!read.success) return { ok: false, issues: issuesOf(read.error, freezeRequestSchema, body) }
  const { id = null, environment, services = null, reason } = read.data
  const time = timeOf(read.data, now)
  const named =
    id === null || ID.test(id) ? [] : [issue('id', 'must be 1–64 letters, digits and `. _ ~ -`: it names the freeze')]
  if (Array.isArray(time)) return { ok: false, issues: [...named, ...time] }
  if (named.length > 0) return { ok: false, issues: named }
  const once = services === null ? null : [...new Set(services)]
  return { ok: true, freeze: { id, environment, services: once, time: time as FreezeTime, reason } }
}

type Request = z.output<typeof freezeRequestSchema>

function timeOf(request: Request, now: number): FreezeTime | readonly Issue[] {
  const { from, until, cron, timeZone, duration } = request
  const recurs = cron !== undefined || timeZone !== undefined || duration !== undefined
  if (recurs && (from !== undefined || until !== undefined)) {
    return [issue('cron', 'goes with timeZone and duration, `from` goes with `until`: give the one or the other')]
  }
  if (recurs) return recurring(request, now)
  if (from === undefined && until === undefined) return { kind: 'stop' }
  return once(from, until, now)
}

function once(from: string | undefined, until: string | undefined, now: number): FreezeTime | readonly Issue[] {
  const start = from === undefined ? now : readInstant(from)
  const end = until === undefined ? null : readInstant(until)
  if (start === null) return [issue('from', `is no moment; ${MOMENT}`)]
  if (until === undefined)
    return [issue('until', 'is missing; leave `from` out too to stop the line until it is lifted')]
  if (end === null) return [issue('until', `is no moment; ${MOMENT}`)]
  if (end <= now) return [issue('until', 'is past; a freeze that is over holds nothing')]
  if (end <= start) return [issue('until', 'must be later than `from`')]
  if (end - start > LONGEST_MS) return [issue('until', 'is more than 365 days after `from`')]
  return { kind: 'once', from: start, until: end }
}

const MOMENT = 'write it with its zone, e.g. `2026-12-23T18:00:00+01:00`'

function recurring({ cron, timeZone, duration }: Request, now: number): FreezeTime | readonly Issue[] {
  const missing = Object.entries({ cron, timeZone, duration }).flatMap(([path, value]) =>
    value === undefined ? [issue(path, 'is missing; a freeze that recurs has cron, timeZone and duration')] : [],
  )
  if (cron === undefined || timeZone === undefined || duration === undefined) return missing
  const durationMs = readDuration(duration)
  if (durationMs === null) return [issue('duration', 'is no duration; write it like `62h` or `90m`')]
  if (durationMs < LEAST_MS) return [issue('duration', 'is too short; the least is 1m')]
  if (durationMs > LONGEST_MS) return [issue('duration', 'is too long; the most is 365d')]
  const time = { kind: 'recurring', cron: cron.trim(), timeZone, durationMs } as const
  const trouble = windowTrouble(time, now)
  return trouble === null ? time : [trouble]
}

function issue(path: string, message: string): Issue {
  return { path, message }
}
