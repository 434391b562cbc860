import { app } from '@azure/functions'
import { keepWatch } from '../lib/engine/audit-keep.ts'
import { errorLine } from '../lib/errors.ts'
import { settings, watchman, wheel } from '../lib/wiring.ts'

/** A few times a night: goes on with the check of all audit chains, and then removes what is older than the retention. */
app.timer('audit-night', {
  schedule: '%SLIPWAY_AUDIT_NIGHT_SCHEDULE%',
  handler: async (_timer, context) => {
    const { environments, functionTimeoutMs } = await settings()
    for (const one of await keepWatch(await wheel(), await watchman(), environments, functionTimeoutMs / 2)) {
      const { environment, watched, trimmed, error } = one
      if (error !== null) context.error(errorLine(`the audit of ${environment} was not checked to its end`, error))
      else if (watched === 'broken')
        context.error(`the audit of ${environment} is not as it was written: see its newest row audit-broken`)
      else context.info(`audit of ${environment}: ${watched}, retention: ${trimmed}`)
    }
  },
})
