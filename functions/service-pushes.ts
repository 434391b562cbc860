import { app } from '@azure/functions'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { requiredId, withRequestId } from '../lib/door/request-id.ts'
import { environmentsMeant, invalid, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS, JSON_TYPES, problem } from '../lib/door.ts'
import { bylineOf } from '../lib/engine/people.ts'
import { pushByHand } from '../lib/engine/push.ts'
import { locate } from '../lib/engine/query.ts'
import { identify, registrar, settings, wheel } from '../lib/wiring.ts'

/** Pushes by hand: an image that is in the registry, for this one service. The same id again changes nothing. */
app.http('service-pushes', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/pushes',
  handler: operatorDoor(['push-image'], identify, push, { accepts: JSON_TYPES }),
})

async function push({ params, query, headers, body, caller, requestId }: Operated) {
  const name = params.name ?? ''
  const [turning, { environments }] = await Promise.all([wheel(), settings()])
  const located = await locate(turning, environmentsMeant(query, Object.keys(environments)), name, caller)
  if (located.kind !== 'found') return notOneService(name, located)
  permit(caller, 'operate', located.key)
  const { readPushRequest } = await import('../lib/schema/push-request.ts')
  const read = readPushRequest(withRequestId(headers, body))
  if (!read.ok) return invalid('The push is not valid. Nothing was done.', read.issues)
  const { tag, digest, reason = '' } = read.push
  const id = requiredId(headers, read.push, 'push')
  const { actor, actorId, asked } = await bylineOf(await registrar(), caller, requestId)
  const wish = { id, tag, digest, author: actorId }
  const answer = await pushByHand(turning, located.item, wish, { actor, reason, asked })
  switch (answer.kind) {
    case 'gone':
      return notOneService(name, { kind: 'unknown' })
    case 'no-match':
      return invalid('The push is not valid. Nothing was done.', [{ path: 'tag', message: answer.because }])
    case 'reused':
      return problem(422, 'id-reused', answer.because)
    case 'taken': {
      const { outcome, reason: because, rollout } = answer
      return { jsonBody: { id, outcome, reason: because, rollout } }
    }
  }
}
