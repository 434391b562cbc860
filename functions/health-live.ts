import { app } from '@azure/functions'
import { PARAMETERS } from '../lib/door/parameters.ts'
import { ALL_METHODS, door } from '../lib/door.ts'

/** Is the process alive? It asks nothing of anybody, so it tells nothing to strangers. */
app.http('health-live', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'health/live',
  handler: door({ methods: ['GET'], parameters: () => PARAMETERS['health-live'] }, () => ({
    jsonBody: { status: 'ok' },
  })),
})
