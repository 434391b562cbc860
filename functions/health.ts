import { app } from '@azure/functions'
import { PARAMETERS } from '../lib/door/parameters.ts'
import { ALL_METHODS, door } from '../lib/door.ts'

/** Says that the app answers; it asks nothing of anybody, so it tells nothing to strangers. */
app.http('health', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'health',
  handler: door({ methods: ['GET'], parameters: () => PARAMETERS.health }, () => ({ jsonBody: { status: 'ok' } })),
})
