import { app } from '@azure/functions'
import { PARAMETERS } from '../lib/door/parameters.ts'
import { ALL_METHODS, door } from '../lib/door.ts'
import { readiness } from '../lib/wiring.ts'

/** Can the app do its work? 200 or 503, and for each part whether it can be reached; why not stands in the doctor's report. */
app.http('health-ready', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'health/ready',
  handler: door({ methods: ['GET'], parameters: () => PARAMETERS['health-ready'] }, async () => {
    const ready = await readiness()
    if (ready.status === 'ok') return { jsonBody: ready }
    return { status: 503, headers: { 'retry-after': '5' }, jsonBody: ready }
  }),
})
