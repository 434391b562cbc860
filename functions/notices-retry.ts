import { app } from '@azure/functions'
import { operatorDoor, permit } from '../lib/door/operator.ts'
import { environmentsMeant } from '../lib/door/service.ts'
import { ALL_METHODS, problem } from '../lib/door.ts'
import { reviveAll } from '../lib/engine/notices.ts'
import { clock, identify, outbox, settings } from '../lib/wiring.ts'

/** Puts what was given up for one sink back into its line: for whoever has mended the sink. */
app.http('notices-retry', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/notices/retry',
  handler: operatorDoor(['retry-notices'], identify, async ({ query, caller }) => {
    const { environments, notify } = await settings()
    const named = query.get('environment')
    const sink = query.get('sink') ?? ''
    if (named !== null) permit(caller, 'operate', { environment: named, name: null })
    if (named === null || !Object.hasOwn(notify.sinks, sink)) {
      const known = Object.keys(notify.sinks).join(', ') || 'none'
      const detail = 'Say which environment and which sink, e.g. ?environment=production&sink=ops.'
      return problem(400, 'bad-request', named === null ? detail : `${detail} The sinks are: ${known}.`)
    }
    if (environmentsMeant(query, Object.keys(environments)).length === 0)
      return problem(404, 'not-found', `There is no environment ${JSON.stringify(named)} here.`)
    return {
      jsonBody: { environment: named, sink, revived: await reviveAll(await outbox(), named, sink, clock.now()) },
    }
  }),
})
