import { app } from '@azure/functions'
import { quarantine } from '../lib/engine/quarantine.ts'
import { receive } from '../lib/engine/receive.ts'
import { clock, pushDesk, QUEUES, STORAGE_CONNECTION, ward, wheel } from '../lib/wiring.ts'

/** Event Grid delivered straight into the queue, with its own managed identity: no endpoint, no handshake, no cold start. */
app.storageQueue('event-grid', {
  queueName: QUEUES.events,
  connection: STORAGE_CONNECTION,
  handler: async (message, context) => {
    const [turning, { readPush }] = await Promise.all([wheel(), pushDesk()])
    const read = readPush('event-grid', message, { receivedAt: clock.now(), headers: {} })
    if (read.kind === 'deliveries') {
      for (const delivery of read.deliveries) await receive(turning, delivery)
      return
    }
    const shelf = { ward: await ward(), queue: QUEUES.events }
    const why = 'it is no event of a registry'
    const { id } = await quarantine(turning, 'event-grid', message, shelf, why)
    context.error(`${id}: the message is no event of a registry`, read.kind === 'issues' ? read.issues : read.kind)
  },
})
