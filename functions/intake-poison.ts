import { app } from '@azure/functions'
import { sift } from '../lib/engine/quarantine.ts'
import { QUEUES, STORAGE_CONNECTION, ward, wheel } from '../lib/wiring.ts'

/** Messages of `intake` that failed five times: written down where people see them, so that nothing is lost silently. */
app.storageQueue('intake-poison', {
  queueName: `${QUEUES.intake}-poison`,
  connection: STORAGE_CONNECTION,
  handler: async (message, context) => {
    const shelf = { ward: await ward(), queue: QUEUES.intake }
    for (const { id, reason } of await sift(await wheel(), 'intake', [message].flat(), shelf)) {
      context.error(`${id} was quarantined: ${reason}`)
    }
  },
})
