import { app } from '@azure/functions'
import { PARAMETERS } from '../lib/door/parameters.ts'
import { reading } from '../lib/door/reading.ts'
import { ALL_METHODS, door } from '../lib/door.ts'
import { pages } from '../lib/wiring.ts'

/** The OpenAPI document of this API. */
app.http('openapi', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'openapi.json',
  handler: door({ methods: ['GET'], parameters: () => PARAMETERS.openapi }, async ({ headers }) => {
    const { etag, text } = (await pages()).openapi
    return reading(headers, etag, 'application/json', text)
  }),
})
