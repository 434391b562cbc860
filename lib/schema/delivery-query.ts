import * as z from 'zod'
import type { Issue } from './issue.ts'
import { queryInstant, queryName, readQuery } from './query.ts'

/** What the measures of delivery are wanted of. Null = all. Times are epoch milliseconds, `from` inclusive, `to` exclusive. */
export interface DeliveryQuery {
  readonly environment: string | null
  readonly service: string | null
  readonly from: number
  readonly to: number
}

export type DeliveryQueryRead =
  | { readonly ok: true; readonly query: DeliveryQuery }
  | { readonly ok: false; readonly issues: readonly Issue[] }

const DAY_MS = 86_400_000
const WINDOWS = { '7d': 7, '30d': 30, '90d': 90 } as const
/** The audit of more is read page by page from GET /api/v1/audit. */
const MOST_DAYS = 366

const deliveryQuerySchema = z
  .strictObject({
    environment: queryName.meta({ examples: ['production'] }).optional(),
    service: queryName.optional(),
    from: queryInstant.optional(),
    to: queryInstant.optional(),
    window: z.enum(['7d', '30d', '90d'], { error: 'must be `7d`, `30d` or `90d`' }).optional(),
  })
  .superRefine(({ from, to, window }, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (window !== undefined && from !== undefined) wrong('window', 'says the same as `from`; give one of them')
    if (from === undefined || to === undefined) return
    if (from >= to) wrong('to', 'must be later than `from`; nothing lies between')
    if (to - from > MOST_DAYS * DAY_MS) wrong('to', `lies more than ${MOST_DAYS} days after \`from\`; ask for less`)
  })

/**
 * Reads the query string of the measures of delivery. Without `from` the window begins 30 days (or `window`) before `to`;
 * without `to` it ends at `now`. Unknown and repeated parameters are refused. Never throws.
 */
export function readDeliveryQuery(parameters: URLSearchParams, now: number): DeliveryQueryRead {
  const read = readQuery(deliveryQuerySchema, parameters)
  if (!read.ok) return read
  const { environment = null, service = null, window = '30d', to = now, from: given } = read.data
  const from = given ?? to - WINDOWS[window] * DAY_MS
  if (from < to && to - from <= MOST_DAYS * DAY_MS) return { ok: true, query: { environment, service, from, to } }
  const open = {
    path: 'from',
    message: `must lie within the ${MOST_DAYS} days before \`to\`, which is now unless given`,
  }
  return { ok: false, issues: [open] }
}
