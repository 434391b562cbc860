import { app } from '@azure/functions'
import { environmentsMeant } from '../lib/door/service.ts'
import { ALL_METHODS, door } from '../lib/door.ts'
import { statuses } from '../lib/engine/query.ts'
import { settings, wheel } from '../lib/wiring.ts'

/** Every service as it stands: what, why, what next, and when. */
app.http('services', {
  authLevel: 'function',
  methods: ALL_METHODS,
  route: 'v1/services',
  handler: door({ methods: ['GET'] }, async ({ query }) => {
    const environments = environmentsMeant(query, Object.keys((await settings()).environments))
    return { jsonBody: { items: await statuses(await wheel(), environments), nextLink: null } }
  }),
})
