import { app } from '@azure/functions'
import { operatorDoor, permit } from '../lib/door/operator.ts'
import { ALL_METHODS, problem } from '../lib/door.ts'
import { bylineOf } from '../lib/engine/people.ts'
import { quarantineView } from '../lib/engine/quarantine-view.ts'
import { findQuarantined, redrive } from '../lib/engine/redrive.ts'
import { identify, redriving, registrar, settings } from '../lib/wiring.ts'

/** Another try for one item: a row is read again where it lies, a message goes back into its queue as it came. */
app.http('quarantine-redrive', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/quarantine/{id}/redrive',
  handler: operatorDoor(['redrive-quarantined'], identify, async ({ params, caller, requestId }) => {
    const id = params.id ?? ''
    const [trying, { environments }] = await Promise.all([redriving(), settings()])
    const found = await findQuarantined(trying.ward.quarantine, [...Object.keys(environments), null], id, caller)
    if (found === null) {
      const detail = `There is nothing ${JSON.stringify(id)} in quarantine. GET /api/v1/quarantine lists what is.`
      return problem(404, 'not-found', detail)
    }
    permit(caller, 'operate', { environment: found.item.environment, name: found.item.service })
    const { actor, asked } = await bylineOf(await registrar(), caller, requestId)
    const { outcome, item } = await redrive(trying, found, { actor, asked })
    return { jsonBody: { outcome, item: quarantineView(item, false) } }
  }),
})
