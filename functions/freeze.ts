import { app } from '@azure/functions'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { invalid } from '../lib/door/service.ts'
import { ALL_METHODS, problem } from '../lib/door.ts'
import { findFreeze, liftFreeze } from '../lib/engine/freeze.ts'
import { bylineOf } from '../lib/engine/people.ts'
import { identify, registrar, settings, wheel } from '../lib/wiring.ts'

/** One freeze, to be lifted: from now on it holds nothing. `?reason=` goes into the audit. */
app.http('freeze', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/freezes/{environment}/{id}',
  handler: operatorDoor(['lift-freeze'], identify, lift),
})

async function lift({ params, query, caller, requestId }: Operated) {
  const { environment = '', id = '' } = params
  const [turning, { environments }] = await Promise.all([wheel(), settings()])
  const { isReason } = await import('../lib/schema/command.ts')
  const reason = query.get('reason') ?? ''
  if (reason !== '' && !isReason(reason)) {
    const message = 'must be one plain line of at most 500 characters'
    return invalid('The reason is not valid. Nothing was done.', [{ path: 'reason', message }])
  }
  const known = Object.hasOwn(environments, environment) ? await findFreeze(turning, environment, id) : null
  for (const name of known?.services ?? [null]) permit(caller, 'freeze', { environment, name })
  const { actor, asked } = await bylineOf(await registrar(), caller, requestId)
  const by = { actor, asked }
  const isLifted = known !== null && (await liftFreeze(turning, environment, id, { by, reason }))
  if (isLifted) return { status: 204 }
  const detail = `There is no freeze ${JSON.stringify(id)} in ${JSON.stringify(environment)}. GET /api/v1/freezes lists them.`
  return problem(404, 'not-found', detail)
}
