import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { identify } from '../lib/wiring.ts'

/** Who the caller is to Slipway, and what they may do where. */
app.http('me', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/me',
  handler: operatorDoor(['me'], identify, ({ caller: { id, name, kind, grants } }) => ({
    jsonBody: { id, name, kind, grants },
  })),
})
