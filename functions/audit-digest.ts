import { app } from '@azure/functions'
import { writeDigests } from '../lib/engine/audit-digest.ts'
import { errorLine } from '../lib/errors.ts'
import { notary, settings, wheel } from '../lib/wiring.ts'

/** Every hour: a signed digest of where all chains of the audit stand, for each environment. Nothing else waits for it. */
app.timer('audit-digest', {
  schedule: '0 0 * * * *',
  handler: async (_timer, context) => {
    const environments = Object.keys((await settings()).environments)
    for (const { environment, result, error } of await writeDigests(await wheel(), await notary(), environments)) {
      if (result === 'failed') context.error(errorLine(`audit digest of ${environment} was not written`, error))
      else context.info(`audit digest of ${environment}: ${result}`)
    }
  },
})
