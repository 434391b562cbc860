import { app } from '@azure/functions'
import { operatorDoor, permit } from '../lib/door/operator.ts'
import { answersCounted } from '../lib/door/tally.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { auditMeters } from '../lib/engine/audit-meters.ts'
import { instanceMeters, metersOf, metersText } from '../lib/engine/meters.ts'
import { quarantineMeters } from '../lib/engine/quarantine-meters.ts'
import { SLIPWAY_VERSION } from '../lib/schema/openapi/version.ts'
import { identify, lookout, settings, ward, watchman, wheel } from '../lib/wiring.ts'

/** The control plane's own figures, as Prometheus scrapes them: what goes on, what waits, how late it is, what was asked. */
app.http('metrics', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'metrics',
  handler: operatorDoor(['metrics'], identify, async ({ caller }) => {
    permit(caller, 'see', { environment: null, name: null })
    const [turning, { environments }] = await Promise.all([wheel(), settings()])
    const names = Object.keys(environments)
    const families = await lookout.look('metrics', async () => {
      const [{ keeper }, { quarantine }] = await Promise.all([watchman(), ward()])
      const aside = [...(await auditMeters(keeper, names)), ...(await quarantineMeters(quarantine, names))]
      return [...(await metersOf(turning, names)), ...aside]
    })
    return {
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      body: metersText([...families, ...instanceMeters(answersCounted(), SLIPWAY_VERSION)]),
    }
  }),
})
