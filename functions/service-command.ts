import { app } from '@azure/functions'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { rightOf } from '../lib/door/routes.ts'
import { environmentsMeant, invalid, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS, JSON_TYPES, problem } from '../lib/door.ts'
import { obeyCommand } from '../lib/engine/command.ts'
import { locate } from '../lib/engine/query.ts'
import { identify, settings, wheel } from '../lib/wiring.ts'

/** Operator commands. What is answered 200 is done: stored, and its deeds are at Azure; 202: stored, and tried again. The same id again changes nothing. */
app.http('service-command', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services/{name}/commands/{verb}',
  handler: operatorDoor(['send-command'], identify, command, { accepts: JSON_TYPES, bodyOptional: true }),
})

async function command({ params, query, headers, body, caller }: Operated) {
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
  const read = readCommand(withKey(headers, body))
  if (!read.ok) return invalid('The command is not valid. Nothing was done.', read.issues)
  const { id, reason, rollout, ...asked } = read.command
  if (asked.override) permit(caller, 'override', located.key)
  if (id === null) {
    return problem(400, 'bad-request', 'Give the command an id of its own, as "id" in the body or as Idempotency-Key.')
  }
  const by = { actor: caller.name, actorId: caller.id }
  const wish = { ...asked, id, verb, ...by, reason: reason ?? '' }
  const answer = await obeyCommand(turning, located.key, wish, rollout)
  if (answer.kind === 'unknown-service') return notOneService(name, { kind: 'unknown' })
  if (answer.kind === 'refused') return problem(409, 'conflict', answer.because)
  const { because, outstanding } = answer
  const repeated = answer.kind === 'repeated'
  return {
    status: outstanding === null ? 200 : 202,
    jsonBody: { id, verb, repeated, rollout: answer.rollout, because, outstanding },
  }
}

/** The body, with the header's key as its id where it has none. What is no object is left as it is, to be refused. */
function withKey(headers: Headers, body: unknown): unknown {
  const key = headers.get('idempotency-key')
  if (key === null || typeof (body ?? {}) !== 'object' || Array.isArray(body)) return body
  return { id: key.replace(/^"(.*)"$/, '$1'), ...(body as object | null) }
}
