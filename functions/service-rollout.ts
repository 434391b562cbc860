import { app } from '@azure/functions'
import { tagged } from '../lib/door/conditional.ts'
import { operatorDoor } from '../lib/door/operator.ts'
import { environmentsMeant, noSuchRollout, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { locate } from '../lib/engine/query.ts'
import { rolloutView } from '../lib/engine/rollout.ts'
import { viewTag } from '../lib/engine/view.ts'
import { identify, settings, wheel } from '../lib/wiring.ts'

/** One rollout of a service, past or present, whole. */
app.http('service-rollout', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/rollouts/{number}',
  handler: operatorDoor(['get-rollout'], identify, async ({ params, query, headers, caller }) => {
    const { name = '', number = '' } = params
    const [turning, { environments }] = await Promise.all([wheel(), settings()])
    const located = await locate(turning, environmentsMeant(query, Object.keys(environments)), name, caller)
    if (located.kind !== 'found') return notOneService(name, located)
    const view = await rolloutView(turning, located.item, number)
    if (view === null) return noSuchRollout(name, number)
    return tagged(headers, viewTag(turning, view), () => ({ jsonBody: view }))
  }),
})
