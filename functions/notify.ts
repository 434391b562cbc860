import { app } from '@azure/functions'
import { notify } from '../lib/engine/notify.ts'
import { errorLine } from '../lib/errors.ts'
import { postman, settings } from '../lib/wiring.ts'

/** Four times a minute: what the decisions of the last moments left to be told goes to the sinks. No rollout waits for it. */
app.timer('notify', {
  schedule: '*/15 * * * * *',
  handler: async (_timer, context) => {
    const { notify: configured, environments } = await settings()
    if (Object.keys(configured.sinks).length === 0) return
    const telling = await postman()
    const names = Object.keys(environments)
    for (const [index, round] of (await Promise.all(names.map((name) => notify(telling, name)))).entries()) {
      for (const { sink, notice, lastError } of round.dead)
        context.error(`notice ${notice.id} was given up for ${sink} (GET /api/v1/notices lists it): ${lastError}`)
      for (const error of round.troubles) context.error(errorLine(`notices of ${names[index]}`, error))
    }
  },
})
