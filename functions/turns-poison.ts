import { app } from '@azure/functions'
import { QUEUES, STORAGE_CONNECTION } from '../lib/wiring.ts'

/**
 * Calls of the bell that failed five times are let go: such a message says where to look and nothing else, and the timer looks
 * there every minute. Nothing of it is worth keeping, and a queue that nobody takes from would only grow.
 */
app.storageQueue('turns-poison', {
  queueName: `${QUEUES.turns}-poison`,
  connection: STORAGE_CONNECTION,
  handler: (message, context) => {
    const { environment } = (message ?? {}) as { environment?: unknown }
    const where = JSON.stringify(String(environment).slice(0, 40))
    context.warn(`a call for ${where} failed for good and was let go: the timer sweeps what is due`)
  },
})
