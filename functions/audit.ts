import { app } from '@azure/functions'
import { operatorDoor, permit } from '../lib/door/operator.ts'
import { nextLink, pageAt } from '../lib/door/paging.ts'
import { invalid } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { auditPage, seesSomeOf } from '../lib/engine/query.ts'
import { auditLog, identify } from '../lib/wiring.ts'

/**
 * The audit, newest first: JSON with every row as a sentence too, or CSV with the next page in the Link header. Who asks for
 * an environment or a service that is not theirs is answered 403, whether it exists or not; rows of others are left out.
 */
app.http('audit', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/audit',
  handler: operatorDoor(
    ['list-audit'],
    identify,
    async ({ query, caller }) => {
      const { readAuditQuery } = await import('../lib/schema/audit-query.ts')
      const read = readAuditQuery(query)
      if (!read.ok) return invalid('The query is not valid.', read.issues)
      const { environment, service = null } = read.query
      if (service !== null || !seesSomeOf(caller, environment)) permit(caller, 'see', { environment, name: service })
      const log = await auditLog()
      const page = await pageAt(read.query.from, () => auditPage(log, read.query, caller))
      const next = nextLink('/api/v1/audit', query, page.next)
      if (read.format === 'json') return { jsonBody: { items: page.items, nextLink: next } }
      const link = next === null ? {} : { link: `<${next}>; rel="next"` }
      return { headers: { 'content-type': 'text/csv; charset=utf-8', ...link }, body: page.csv() }
    },
    { people: 'beside' },
  ),
})
