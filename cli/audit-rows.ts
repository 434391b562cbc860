import type { AuditList, AuditView, ListOf } from '../lib/api.ts'
import type { AuditRow } from '../lib/core/audit.ts'
import { type Names, withNames } from '../lib/core/people.ts'
import type { Api, Query } from './http.ts'
import { environmentOf, findTarget } from './target.ts'

/** Options that choose rows of the audit. */
export interface AuditFilter {
  readonly service?: string
  readonly rollout?: string
  readonly kind?: string
  readonly since?: string
  readonly until?: string
}

/** The query that chooses rows: of one environment always, since each has its audit. */
export async function auditQuery(api: Api, named: string | undefined, filter: AuditFilter): Promise<Query> {
  const service = filter.service ?? /^(.+)-\d{1,9}$/.exec(filter.rollout ?? '')?.[1]
  const environment =
    service === undefined ? await environmentOf(api, named) : (await findTarget(api, service, named)).view.environment
  const { rollout, kind, since, until } = filter
  return { environment, service: service ?? null, rollout, kind, since, until, limit: 100 }
}

/** As `auditRows`, for people to read: with names in the place of pseudonyms. */
export async function* namedRows(api: Api, query: Query, most?: number): AsyncGenerator<AuditView> {
  let names: Names = new Map()
  const onPage = (page: ListOf<AuditView>) => {
    names = new Map(Object.entries((page as Partial<AuditList>).people ?? {}))
  }
  for await (const row of api.items<AuditView>('/v1/audit', query, most, onPage)) yield withNames(row, names)
}

/** Rows of the audit as they are stored, newest first, over all pages. */
export function auditRows(api: Api, query: Query, most?: number): AsyncGenerator<AuditView> {
  return api.items<AuditView>('/v1/audit', query, most)
}

/** A row as it is stored: what its hash was taken over. */
export function storedRow({ sentence: _, ...row }: AuditView): AuditRow {
  return { ...row, happenedAt: Date.parse(row.happenedAt) }
}
