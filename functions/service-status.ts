import { app } from '@azure/functions'
import { environmentsMeant, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS, door } from '../lib/door.ts'
import { locate, statusFor } from '../lib/engine/query.ts'
import { settings, wheel } from '../lib/wiring.ts'

/** One service as it stands: what, why, what next, and when. */
app.http('service-status', {
  authLevel: 'function',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/status',
  handler: door({ methods: ['GET'] }, async ({ params, query }) => {
    const name = params.name ?? ''
    const turning = await wheel()
    const located = await locate(turning, environmentsMeant(query, Object.keys((await settings()).environments)), name)
    return located.kind === 'found' ? { jsonBody: statusFor(turning, located.item) } : notOneService(name, located)
  }),
})
