import { app } from '@azure/functions'
import { receiveAll } from '../lib/engine/receive.ts'
import type { Delivery } from '../lib/ports.ts'
import { QUEUES, STORAGE_CONNECTION, wheel } from '../lib/wiring.ts'

/** Acts on deliveries that a hook has accepted, one or a list. A throw brings the message back; after five it is sifted. */
app.storageQueue('intake', {
  queueName: QUEUES.intake,
  connection: STORAGE_CONNECTION,
  handler: async (message, context) => {
    const records = await receiveAll(await wheel(), [message].flat() as Delivery[])
    for (const record of records) {
      context.info(`${record.source} ${record.image ?? record.id}: ${record.outcome}, ${record.reason}`)
    }
  },
})
