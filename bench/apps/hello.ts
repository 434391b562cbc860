import { app } from '@azure/functions'

/** The least that a function app can be: what its load costs, every app pays. */
app.http('hello', {
  authLevel: 'anonymous',
  methods: ['GET'],
  route: 'hello',
  handler: () => ({ body: 'hello' }),
})
