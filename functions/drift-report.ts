import { app } from '@azure/functions'
import { environmentsMeant, invalid } from '../lib/door/service.ts'
import { ALL_METHODS, door, problem } from '../lib/door.ts'
import { newestDrift } from '../lib/engine/drift-newest.ts'
import { auditLog, settings, wheel } from '../lib/wiring.ts'

/** The newest drift report of every service: JSON, or Markdown for whoever accepts it. */
app.http('drift-report', {
  authLevel: 'function',
  methods: ALL_METHODS,
  route: 'v1/drift',
  handler: door({ methods: ['GET'] }, async ({ query, headers }) => {
    const { readDriftQuery } = await import('../lib/schema/drift-query.ts')
    const read = readDriftQuery(query, headers.get('accept'))
    if (!read.ok) return invalid('The query is not valid.', read.issues)
    const known = Object.keys((await settings()).environments)
    const environments = environmentsMeant(query, known)
    if (read.environment !== null && environments.length === 0) {
      const detail = `There is no environment ${JSON.stringify(read.environment)} here. There are: ${known.join(', ')}.`
      return problem(404, 'not-found', detail)
    }
    const { reports, without, text } = await newestDrift(await wheel(), await auditLog(), environments)
    const vary = { vary: 'accept' }
    if (read.format === 'json') return { headers: vary, jsonBody: { items: reports, without } }
    return { headers: { ...vary, 'content-type': 'text/markdown; charset=utf-8' }, body: text() }
  }),
})
