import { app } from '@azure/functions'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { commandCondition, commandStale } from '../lib/door/precondition.ts'
import { requiredId, withRequestId } from '../lib/door/request-id.ts'
import { rightOf } from '../lib/door/routes.ts'
import { environmentsMeant, invalid, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS, JSON_TYPES, problem } from '../lib/door.ts'
import { obeyCommand } from '../lib/engine/command.ts'
import { bylineOf } from '../lib/engine/people.ts'
import { locate } from '../lib/engine/query.ts'
import { identify, registrar, settings, wheel } from '../lib/wiring.ts'

/** Operator commands. What is answered 200 is done: stored, and its deeds are at Azure; 202: stored, and tried again. The same id again changes nothing. */
app.http('service-command', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/commands/{verb}',
  handler: operatorDoor(['send-command'], identify, command, { accepts: JSON_TYPES, bodyOptional: true }),
})

async function command({ params, query, headers, body, caller, requestId }: Operated) {
  const { COMMAND_VERBS, isCommandVerb, readCommand } = await import('../lib/schema/command.ts')
  const { name = '', verb = '' } = params
  if (!isCommandVerb(verb)) {
    return problem(404, 'not-found', `There is no command ${JSON.stringify(verb)}. Use ${COMMAND_VERBS.join(', ')}.`)
  }
  const turning = await wheel()
  const environments = environmentsMeant(query, Object.keys((await settings()).environments))
  const located = await locate(turning, environments, name, caller)
  if (located.kind !== 'found') return notOneService(name, located)
  permit(caller, rightOf(verb), located.key)
  const read = readCommand(withRequestId(headers, body), verb)
  if (!read.ok) return invalid('The command is not valid. Nothing was done.', read.issues)
  const { rollout, id: _, reason, ...asked } = read.command
  if (asked.override) permit(caller, 'override', located.key)
  const id = requiredId(headers, body, 'command')
  const ifMatch = commandCondition(headers, verb, { rollout, step: asked.step })
  const by = await bylineOf(await registrar(), caller, requestId)
  const wish = { ...asked, id, verb, ...by, reason: reason ?? '', ...(ifMatch === null ? {} : { ifMatch }) }
  const answer = await obeyCommand(turning, located.key, wish, rollout)
  switch (answer.kind) {
    case 'unknown-service':
      return notOneService(name, { kind: 'unknown' })
    case 'refused':
      return problem(409, 'conflict', answer.because)
    case 'reused':
      return problem(422, 'id-reused', answer.because)
    case 'stale':
      return commandStale(answer.because, answer.etag)
    default: {
      const { kind, because, outstanding } = answer
      const done = { id, verb, repeated: kind === 'repeated', rollout: answer.rollout, because, outstanding }
      return { status: outstanding === null ? 200 : 202, jsonBody: done }
    }
  }
}
