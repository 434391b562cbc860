import { app } from '@azure/functions'
import { reportDrift } from '../lib/engine/drift.ts'
import { errorLine } from '../lib/errors.ts'
import { auditLog, settings, wheel } from '../lib/wiring.ts'

/** Every night: how yesterday's KPIs differ from a week before, a row in the audit for each service. Nothing is acted on. */
app.timer('drift', {
  schedule: '%SLIPWAY_DRIFT_SCHEDULE%',
  handler: async (_timer, context) => {
    const environments = Object.keys((await settings()).environments)
    const drifted = await reportDrift(await wheel(), await auditLog(), environments)
    const failed = drifted.filter(({ result }) => result === 'failed')
    for (const { what, error } of failed) context.error(errorLine(`drift report: ${what} failed`, error))
    const count = (wanted: string) => drifted.filter(({ result }) => result === wanted).length
    context.info(
      `drift: ${count('written')} reports written, ${count('known')} stood already, ${failed.length} troubles`,
    )
  },
})
