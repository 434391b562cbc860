import { app } from '@azure/functions'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { pageOf, sliceOf } from '../lib/door/paging.ts'
import { requiredId, withRequestId } from '../lib/door/request-id.ts'
import { environmentsMeant, invalid, noSuchEnvironment } from '../lib/door/service.ts'
import { ALL_METHODS, JSON_TYPES, problem } from '../lib/door.ts'
import { addFreeze, freezeView, freezeViews } from '../lib/engine/freeze.ts'
import { bylineOf } from '../lib/engine/people.ts'
import { clock, identify, registrar, settings, wheel } from '../lib/wiring.ts'

/** Freezes: those that hold and those to come, and new ones. The same id again adds nothing. */
app.http('freezes', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/freezes',
  handler: operatorDoor(
    ['list-freezes', 'add-freeze'],
    identify,
    (visit) => (visit.method === 'POST' ? add(visit) : list(visit)),
    { accepts: JSON_TYPES },
  ),
})

async function list({ query, caller }: Operated) {
  const [turning, { environments }] = await Promise.all([wheel(), settings()])
  const all = await freezeViews(turning, environmentsMeant(query, Object.keys(environments)), caller)
  return { jsonBody: sliceOf('/api/v1/freezes', query, all, pageOf(query)) }
}

async function add({ headers, body, caller, requestId }: Operated) {
  const [turning, { environments }] = await Promise.all([wheel(), settings()])
  const { readFreezeRequest } = await import('../lib/schema/freeze-request.ts')
  const read = readFreezeRequest(withRequestId(headers, body), clock.now())
  if (!read.ok) return invalid('The freeze is not valid. Nothing was done.', read.issues)
  const { environment, services } = read.freeze
  for (const name of services ?? [null]) permit(caller, 'freeze', { environment, name })
  if (!Object.hasOwn(environments, environment))
    return noSuchEnvironment(environment, Object.keys(environments), caller)
  const id = requiredId(headers, read.freeze, 'freeze')
  const { actor, asked } = await bylineOf(await registrar(), caller, requestId)
  const answer = await addFreeze(turning, { ...read.freeze, id }, { actor, asked })
  switch (answer.kind) {
    case 'unknown-services': {
      const message = `names no service of ${environment}: ${answer.names.join(', ')}`
      return invalid('The freeze is not valid. Nothing was done.', [{ path: 'services', message }])
    }
    case 'full':
      return problem(409, 'conflict', answer.because)
    case 'reused':
      return problem(422, 'id-reused', answer.because)
    default:
      return { status: answer.kind === 'added' ? 201 : 200, jsonBody: freezeView(turning, answer.freeze, caller) }
  }
}
