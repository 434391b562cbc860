import { app } from '@azure/functions'
import { operatorDoor, permit } from '../lib/door/operator.ts'
import { nextLink, pageAt, pageOf } from '../lib/door/paging.ts'
import { invalid, noSuchEnvironment } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { publicKeys } from '../lib/engine/audit-digest.ts'
import { identify, settings, watchman } from '../lib/wiring.ts'

/** The signed digests of an environment's audit, newest first, and the public keys. They name every service of it. */
app.http('audit-digests', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/audit/digests',
  handler: operatorDoor(['list-digests'], identify, async ({ query, caller }) => {
    const { readDigestsQuery } = await import('../lib/schema/audit-verify-query.ts')
    const read = readDigestsQuery(query)
    if (!read.ok) return invalid('The query is not valid.', read.issues)
    const { environment } = read
    permit(caller, 'see', { environment, name: null })
    const known = Object.keys((await settings()).environments)
    if (!known.includes(environment)) return noSuchEnvironment(environment, known, caller)
    const { limit, from } = pageOf(query)
    const { digests, signer, keeper } = await watchman()
    const [page, keys, cut] = await Promise.all([
      pageAt(from, () => digests.page(environment, limit, from)),
      publicKeys(signer),
      keeper.newestCut(environment),
    ])
    return { jsonBody: { items: page.items, nextLink: nextLink('/api/v1/audit/digests', query, page.next), keys, cut } }
  }),
})
