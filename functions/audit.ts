import { app } from '@azure/functions'
import { nextLink, pageAt } from '../lib/door/paging.ts'
import { invalid } from '../lib/door/service.ts'
import { ALL_METHODS, door } from '../lib/door.ts'
import { auditPage } from '../lib/engine/query.ts'
import { auditLog } from '../lib/wiring.ts'

/** The audit, newest first: JSON with every row as a sentence too, or CSV with the next page in the Link header. */
app.http('audit', {
  authLevel: 'function',
  methods: ALL_METHODS,
  route: 'v1/audit',
  handler: door({ methods: ['GET'] }, async ({ query }) => {
    const { readAuditQuery } = await import('../lib/schema/audit-query.ts')
    const read = readAuditQuery(query)
    if (!read.ok) return invalid('The query is not valid.', read.issues)
    const log = await auditLog()
    const page = await pageAt(read.query.from, () => auditPage(log, read.query))
    const next = nextLink('/api/v1/audit', query, page.next)
    if (read.format === 'json') return { jsonBody: { items: page.items, nextLink: next } }
    const link = next === null ? {} : { link: `<${next}>; rel="next"` }
    return { headers: { 'content-type': 'text/csv; charset=utf-8', ...link }, body: page.csv() }
  }),
})
