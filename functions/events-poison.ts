import { app } from '@azure/functions'
import { quarantine } from '../lib/engine/quarantine.ts'
import { QUEUES, STORAGE_CONNECTION, ward, wheel } from '../lib/wiring.ts'

/** Messages of `events` that failed five times: written down where people see them, so that nothing is lost silently. */
app.storageQueue('events-poison', {
  queueName: `${QUEUES.events}-poison`,
  connection: STORAGE_CONNECTION,
  handler: async (message, context) => {
    const shelf = { ward: await ward(), queue: QUEUES.events }
    const { id, reason } = await quarantine(await wheel(), 'events', message, shelf)
    context.error(`${id} was quarantined: ${reason}`)
  },
})
