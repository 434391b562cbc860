import { app } from '@azure/functions'
import { operatorDoor, permit } from '../lib/door/operator.ts'
import { nextLink, pageAt } from '../lib/door/paging.ts'
import { invalid, noSuchEnvironment, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { verifyStanding } from '../lib/engine/audit-verify.ts'
import { identify, settings, watchman, wheel } from '../lib/wiring.ts'

/** How long one call walks: then it says where to go on. */
const BUDGET_MS = 10_000

/** Whether an audit chain is as it was written: nothing changed, taken out, put in, moved, or cut off. */
app.http('audit-verify', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/audit/verify',
  handler: operatorDoor(['verify-audit'], identify, async ({ query, caller }) => {
    const { readVerifyQuery } = await import('../lib/schema/audit-verify-query.ts')
    const read = readVerifyQuery(query)
    if (!read.ok) return invalid('The query is not valid.', read.issues)
    const { environment, service, from } = read.query
    permit(caller, 'see', { environment, name: service })
    const known = Object.keys((await settings()).environments)
    if (!known.includes(environment)) return noSuchEnvironment(environment, known, caller)
    const [turning, man] = await Promise.all([wheel(), watchman()])
    const chain = { environment, service }
    const verdict = await pageAt(from, () => verifyStanding(turning, man, chain, from, BUDGET_MS))
    if (verdict === null) return notOneService(service ?? '', { kind: 'unknown' })
    const { next, ...shown } = verdict
    return { jsonBody: { ...shown, nextLink: nextLink('/api/v1/audit/verify', query, next) } }
  }),
})
