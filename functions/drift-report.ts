import { app } from '@azure/functions'
import { operatorDoor, permit } from '../lib/door/operator.ts'
import { environmentsMeant, invalid, noSuchEnvironment } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { newestDrift } from '../lib/engine/drift-newest.ts'
import { seesSomeOf } from '../lib/engine/query.ts'
import { auditLog, identify, settings, wheel } from '../lib/wiring.ts'

/** The newest drift report of every service that the caller may see: JSON, or Markdown for whoever accepts it. */
app.http('drift-report', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/drift',
  handler: operatorDoor(['get-drift'], identify, async ({ query, headers, caller }) => {
    const { readDriftQuery } = await import('../lib/schema/drift-query.ts')
    const read = readDriftQuery(query, headers.get('accept'))
    if (!read.ok) return invalid('The query is not valid.', read.issues)
    const asked = read.environment
    if (asked !== null && !seesSomeOf(caller, asked)) permit(caller, 'see', { environment: asked, name: null })
    const known = Object.keys((await settings()).environments)
    const environments = environmentsMeant(query, known)
    if (asked !== null && environments.length === 0) return noSuchEnvironment(asked, known, caller)
    const { reports, without, text } = await newestDrift(await wheel(), await auditLog(), environments, caller)
    const vary = { vary: 'accept' }
    if (read.format === 'json') return { headers: vary, jsonBody: { items: reports, without } }
    return { headers: { ...vary, 'content-type': 'text/markdown; charset=utf-8' }, body: text() }
  }),
})
