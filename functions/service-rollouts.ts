import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { nextLink, pageAt, pageOf } from '../lib/door/paging.ts'
import { environmentsMeant, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { locate } from '../lib/engine/query.ts'
import { identify, settings, wheel } from '../lib/wiring.ts'

/** Past and present rollouts of a service, newest first, whole. */
app.http('service-rollouts', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/rollouts',
  handler: operatorDoor(['list-rollouts'], identify, async ({ params, query, caller }) => {
    const name = params.name ?? ''
    const turning = await wheel()
    const located = await locate(
      turning,
      environmentsMeant(query, Object.keys((await settings()).environments)),
      name,
      caller,
    )
    if (located.kind !== 'found') return notOneService(name, located)
    const { limit, from } = pageOf(query)
    const page = await pageAt(from, () => turning.catalogue.rollouts(located.key, limit, from))
    return {
      jsonBody: { items: page.items, nextLink: nextLink(`/api/v1/services/${name}/rollouts`, query, page.next) },
    }
  }),
})
