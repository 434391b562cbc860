import { app } from '@azure/functions'
import { sweep } from '../lib/engine/sweep.ts'
import { errorLine } from '../lib/errors.ts'
import { settings, wheel } from '../lib/wiring.ts'

/** Every minute: everything that is due in every environment, whatever was missed. One sick environment stops no other. */
app.timer('sweep', {
  schedule: '%SLIPWAY_SWEEP_SCHEDULE%',
  handler: async (_timer, context) => {
    const turning = await wheel()
    const environments = Object.keys((await settings()).environments)
    const swept = await Promise.allSettled(environments.map((environment) => sweep(turning, environment)))
    for (const [index, outcome] of swept.entries()) {
      if (outcome.status === 'rejected')
        context.error(errorLine(`${environments[index]} could not be swept`, outcome.reason))
      else
        for (const turned of outcome.value)
          if (turned.result === 'broken') context.error(errorLine(turned.name, turned.error))
    }
    const failed = swept.filter((outcome) => outcome.status === 'rejected')
    if (failed.length > 0)
      throw new AggregateError(
        failed.map((outcome) => outcome.reason),
        'not all environments were swept',
      )
  },
})
