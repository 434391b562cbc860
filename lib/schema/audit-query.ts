import * as z from 'zod'
import { AUDIT_KINDS } from '../core/audit.ts'
import type { AuditQuery } from '../ports.ts'
import { didYouMean } from './did-you-mean.ts'
import { ROLLOUT_ID } from './grammar.ts'
import type { Issue } from './issue.ts'
import { queryInstant, queryName, readQuery } from './query.ts'

/** How the audit is wanted: as a JSON page, or as lines for a spreadsheet. */
export type AuditFormat = 'json' | 'csv'

export type AuditQueryRead =
  | { readonly ok: true; readonly query: AuditQuery; readonly format: AuditFormat }
  | { readonly ok: false; readonly issues: readonly Issue[] }

const DEFAULT_LIMIT = 50

const auditQuerySchema = z
  .strictObject({
    environment: queryName.meta({ examples: ['production'] }),
    service: queryName.optional(),
    rollout: z.string().regex(ROLLOUT_ID, { error: 'is no rollout id; it looks like `pricing-7`' }).optional(),
    kind: z
      .enum(AUDIT_KINDS, { error: ({ input }) => `is no kind of audit row.${didYouMean(String(input), AUDIT_KINDS)}` })
      .optional(),
    since: queryInstant.optional(),
    until: queryInstant.optional(),
    limit: z
      .string()
      .regex(/^(?:[1-9]\d?|100)$/, { error: 'must be a whole number from 1 to 100' })
      .transform(Number)
      .optional(),
    from: z
      .string()
      .regex(/^[\x21-\x7e]{1,2048}$/, { error: 'is no page mark; take `next` of the page before, unchanged' })
      .optional(),
    format: z.enum(['json', 'csv'], { error: 'must be `json` or `csv`' }).optional(),
  })
  .superRefine(({ since, until }, context) => {
    if (since !== undefined && until !== undefined && since >= until) {
      context.addIssue({ code: 'custom', path: ['until'], message: 'must be later than `since`; nothing lies between' })
    }
  })

/**
 * Reads the query string of the audit. `since` is inclusive, `until` exclusive; without `limit` a page has 50 rows.
 * Unknown and repeated parameters are refused. Never throws.
 */
export function readAuditQuery(parameters: URLSearchParams): AuditQueryRead {
  const read = readQuery(auditQuerySchema, parameters)
  if (!read.ok) return read
  const { limit = DEFAULT_LIMIT, from = null, format = 'json', environment, ...rest } = read.data
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return { ok: true, query: { environment, limit, from, ...present }, format }
}
