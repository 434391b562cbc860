import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { environmentsMeant, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { locate, statusFor } from '../lib/engine/query.ts'
import { identify, settings, wheel } from '../lib/wiring.ts'

/** One service as it stands: what, why, what next, and when. */
app.http('service-status', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/status',
  handler: operatorDoor(['get-status'], identify, async ({ params, query, caller }) => {
    const name = params.name ?? ''
    const turning = await wheel()
    const located = await locate(
      turning,
      environmentsMeant(query, Object.keys((await settings()).environments)),
      name,
      caller,
    )
    return located.kind === 'found' ? { jsonBody: statusFor(turning, located.item) } : notOneService(name, located)
  }),
})
