import { app } from '@azure/functions'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { invalid } from '../lib/door/service.ts'
import { ALL_METHODS, problem } from '../lib/door.ts'
import { erasePerson } from '../lib/engine/erase.ts'
import { bylineOf } from '../lib/engine/people.ts'
import { identify, registrar, settings, ward, wheel } from '../lib/wiring.ts'

/** One person, to be erased: nothing says any more whose the pseudonym was. `?reason=` goes into the audit. */
app.http('person', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/people/{id}',
  handler: operatorDoor(['erase-person'], identify, erase, { people: 'kept' }),
})

async function erase({ params, query, caller, requestId }: Operated) {
  permit(caller, 'configure', { environment: null, name: null })
  const { id = '' } = params
  const { isReason } = await import('../lib/schema/command.ts')
  const reason = query.get('reason') ?? ''
  if (reason !== '' && !isReason(reason)) {
    const message = 'must be one plain line of at most 500 characters'
    return invalid('The reason is not valid. Nothing was done.', [{ path: 'reason', message }])
  }
  const [turning, names, { environments }] = await Promise.all([wheel(), registrar(), settings()])
  const { actor, asked } = await bylineOf(names, caller, requestId)
  const { heldIn } = await ward()
  const said = { by: { actor, asked }, reason, heldIn }
  const erasure = await erasePerson(turning, names.people, Object.keys(environments), id, said)
  switch (erasure.kind) {
    case 'erased':
      return { status: 204 }
    case 'needed':
      return problem(409, 'conflict', `Nobody was erased: ${erasure.because}.`)
    case 'unknown':
      return problem(404, 'not-found', `Nobody stands behind ${JSON.stringify(id)}. GET /api/v1/people lists them.`)
  }
}
