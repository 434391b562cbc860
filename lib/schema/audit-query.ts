import * as z from 'zod'
import { AUDIT_KINDS } from '../core/audit.ts'
import type { AuditQuery } from '../ports.ts'
import { didYouMean } from './did-you-mean.ts'
import { NAME, ROLLOUT_ID, readInstant } from './grammar.ts'
import { type Issue, pathText } from './issue.ts'
import { issuesOf } from './zod-issues.ts'

/** How the audit is wanted: as a JSON page, or as lines for a spreadsheet. */
export type AuditFormat = 'json' | 'csv'

export type AuditQueryRead =
  | { readonly ok: true; readonly query: AuditQuery; readonly format: AuditFormat }
  | { readonly ok: false; readonly issues: readonly Issue[] }

const DEFAULT_LIMIT = 50

const name = z.string().regex(NAME, {
  error: 'is no valid name; it has 2–32 of a–z, 0–9 and dashes, begins with a letter and ends with no dash',
})

const instant = z
  .string()
  .max(40, { error: 'is too long for a moment' })
  .transform((text, context) => {
    const at = readInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
    if (at !== null) return at
    context.addIssue({
      code: 'custom',
      message: 'is no moment; write it like 2026-11-21T08:00:00Z or 2026-11-21 (UTC)',
    })
    return z.NEVER
  })

const auditQuerySchema = z
  .strictObject({
    environment: name.meta({ examples: ['production'] }),
    service: name.optional(),
    rollout: z.string().regex(ROLLOUT_ID, { error: 'is no rollout id; it looks like `pricing-7`' }).optional(),
    kind: z
      .enum(AUDIT_KINDS, { error: ({ input }) => `is no kind of audit row.${didYouMean(String(input), AUDIT_KINDS)}` })
      .optional(),
    since: instant.optional(),
    until: instant.optional(),
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
  const input = Object.fromEntries([...parameters].filter(([key]) => key !== 'api-version'))
  const repeated = [...new Set(parameters.keys())].filter((key) => parameters.getAll(key).length > 1)
  const read = auditQuerySchema.safeParse(input)
  if (!read.success || repeated.length > 0) {
    const twice = repeated.map((key) => ({ path: pathText([key]), message: 'stands more than once; give it once' }))
    return { ok: false, issues: [...(read.success ? [] : issuesOf(read.error, auditQuerySchema, input)), ...twice] }
  }
  const { limit = DEFAULT_LIMIT, from = null, format = 'json', environment, ...rest } = read.data
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return { ok: true, query: { environment, limit, from, ...present }, format }
}
