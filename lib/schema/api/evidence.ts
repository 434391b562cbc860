import * as z from 'zod'
import type { Evidence, Verdict, VerdictKind } from '../../core/judge/verdict.ts'
import type { KpiRole, SourceName } from '../../core/service.ts'
import { epochMs, figure, wordsOf } from './parts.ts'

const verdictKind = wordsOf<VerdictKind>({
  pass: true,
  inconclusive: true,
  nodata: true,
  error: true,
  suspect: true,
  fail: true,
})

/** What a KPI counts for. */
export const kpiRole = wordsOf<KpiRole>({ required: true, guard: true, advisory: true })

const sourceName = wordsOf<SourceName>({
  'azure-logs': true,
  'azure-metrics': true,
  'app-insights': true,
  prometheus: true,
  http: true,
  probe: true,
})

const evalues = z.strictObject({
  absolute: figure,
  relative: figure,
  warmUp: figure,
  needed: figure,
  neededWarmUp: figure,
  support: figure,
  overDispersion: figure,
})

/** What one KPI says, complete enough to be checked by an auditor. */
export const evidenceSchema = z
  .strictObject({
    kpi: z.string(),
    role: kpiRole,
    source: sourceName,
    from: epochMs(),
    to: epochMs(),
    revision: z.string(),
    query: z.string(),
    bad: figure.nullable(),
    total: figure.nullable(),
    value: figure.nullable(),
    limit: figure,
    unit: z.enum(['ratio', 'figure']),
    interval: z.tuple([figure, figure]).nullable(),
    baseline: z.strictObject({ bad: figure, total: figure }).nullable(),
    evalues: evalues.nullable(),
    silent: z.string().nullable(),
    provisional: z.boolean(),
    approximate: z.boolean(),
    missing: z.string().nullable(),
    passAt: epochMs().nullable(),
    verdict: verdictKind,
    because: z.string(),
  })
  .meta({
    description: 'What one KPI says: counts, limit, evidence, and the verdict with its reason.',
  }) satisfies z.ZodType<Evidence>

/** What all KPIs say together. */
export const verdictSchema = z.strictObject({
  kind: verdictKind,
  because: z.string(),
  evidence: z.array(evidenceSchema),
}) satisfies z.ZodType<Verdict>
