import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { environmentsMeant, notOneService } from '../lib/door/service.ts'
import { serviceView } from '../lib/door/view.ts'
import { watched } from '../lib/door/watch.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { locate } from '../lib/engine/query.ts'
import { standingOf, viewTag } from '../lib/engine/view.ts'
import { identify, lookoutOf, settings, wheel } from '../lib/wiring.ts'

/** One service as it stands: what, why, what next, and when. With If-None-Match and Prefer: wait, as soon as it changes. */
app.http('service-status', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/status',
  handler: operatorDoor(['get-status'], identify, async ({ params, query, headers, caller }) => {
    const name = params.name ?? ''
    const [turning, { environments }] = await Promise.all([wheel(), settings()])
    const meant = environmentsMeant(query, Object.keys(environments))
    return watched(headers, lookoutOf(caller.id), `status ${meant} ${name} ${JSON.stringify(caller)}`, async () => {
      const located = await locate(turning, meant, name, caller)
      if (located.kind !== 'found') return notOneService(name, located)
      const body = serviceView(await standingOf(turning, located.item), caller)
      return { etag: viewTag(turning, body), body }
    })
  }),
})
