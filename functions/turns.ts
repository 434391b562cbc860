import { app } from '@azure/functions'
import { sweep } from '../lib/engine/sweep.ts'
import { createTurnstile } from '../lib/engine/turnstile.ts'
import { errorLine } from '../lib/errors.ts'
import { QUEUES, STORAGE_CONNECTION, settings, wheel } from '../lib/wiring.ts'

/** Two calls for help at a time keep this instance's thread busy while answers are on their way; others take the rest. */
const inTurn = createTurnstile(2)

/** The bell rang: an environment has something due. The message only says where to look; what is due is in the store. */
app.storageQueue('turns', {
  queueName: QUEUES.turns,
  connection: STORAGE_CONNECTION,
  handler: async (message, context) => {
    const { environment, isHelp } = (message ?? {}) as { environment?: unknown; isHelp?: unknown }
    const { environments } = await settings()
    if (typeof environment !== 'string' || environments[environment] === undefined) {
      context.warn('a call for an environment that this installation does not have was let go')
      return
    }
    const turning = await wheel()
    const swept = isHelp === true ? inTurn(() => sweep(turning, environment, { isHelp })) : sweep(turning, environment)
    for (const turned of await swept) {
      if (turned.result === 'broken') context.error(errorLine(turned.name, turned.error))
    }
  },
})
