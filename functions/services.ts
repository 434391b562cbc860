import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { environmentsMeant } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { statuses } from '../lib/engine/query.ts'
import { identify, settings, wheel } from '../lib/wiring.ts'

/** Every service that the caller may see, as it stands: what, why, what next, and when. */
app.http('services', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services',
  handler: operatorDoor(['list-services'], identify, async ({ query, caller }) => {
    const environments = environmentsMeant(query, Object.keys((await settings()).environments))
    return { jsonBody: { items: await statuses(await wheel(), environments, caller), nextLink: null } }
  }),
})
