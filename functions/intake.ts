import { app } from '@azure/functions'
import { receive } from '../lib/engine/receive.ts'
import type { Delivery } from '../lib/ports.ts'
import { QUEUES, STORAGE_CONNECTION, wheel } from '../lib/wiring.ts'

/** Acts on deliveries that a hook has accepted. A throw brings the message back; after five it is quarantined. */
app.storageQueue('intake', {
  queueName: QUEUES.intake,
  connection: STORAGE_CONNECTION,
  handler: async (message, context) => {
    for (const record of await receive(await wheel(), message as Delivery)) {
      context.info(`${record.source} ${record.image ?? record.id}: ${record.outcome}, ${record.reason}`)
    }
  },
})
