import { app } from '@azure/functions'
import { type Operated, operatorDoor, permit } from '../lib/door/operator.ts'
import { invalid } from '../lib/door/service.ts'
import { ALL_METHODS, problem } from '../lib/door.ts'
import { bylineOf } from '../lib/engine/people.ts'
import { quarantineView } from '../lib/engine/quarantine-view.ts'
import { dismiss, findQuarantined } from '../lib/engine/redrive.ts'
import { identify, redriving, registrar, settings } from '../lib/wiring.ts'

/** One item of the quarantine: to be looked at whole, or to be waited for no more. */
app.http('quarantined', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/quarantine/{id}',
  handler: operatorDoor(['get-quarantined', 'dismiss-quarantined'], identify, answer),
})

async function answer({ method, params, query, caller, requestId }: Operated) {
  const id = params.id ?? ''
  const [trying, { environments }] = await Promise.all([redriving(), settings()])
  const found = await findQuarantined(trying.ward.quarantine, [...Object.keys(environments), null], id, caller)
  if (found === null) return noSuchItem(id)
  if (method === 'GET') return { jsonBody: quarantineView(found.item, true) }
  permit(caller, 'configure', { environment: found.item.environment, name: found.item.service })
  const { isReason } = await import('../lib/schema/command.ts')
  const reason = query.get('reason') ?? ''
  if (!isReason(reason)) {
    const message = 'must say why, as one plain line of at most 500 characters'
    return invalid('The reason is not valid. Nothing was done.', [{ path: 'reason', message }])
  }
  const { actor, asked } = await bylineOf(await registrar(), caller, requestId)
  const dismissed = await dismiss(trying, found, { actor, asked }, reason)
  if (dismissed !== null) return { status: 204 }
  const detail = 'The record of all freezes holds a whole environment and cannot be dismissed: put the row right.'
  return problem(409, 'conflict', detail)
}

function noSuchItem(id: string) {
  const detail = `There is nothing ${JSON.stringify(id)} in quarantine. GET /api/v1/quarantine lists what is.`
  return problem(404, 'not-found', detail)
}
