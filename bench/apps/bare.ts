import { randomUUID } from 'node:crypto'
import { TableClient } from '@azure/data-tables'
import { app } from '@azure/functions'
import { ManagedIdentityCredential } from '@azure/identity'

const uri = process.env.SLIPWAY_STORAGE__tableServiceUri ?? ''
const table = new TableClient(uri, 'BenchBare', new ManagedIdentityCredential(), {
  retryOptions: { maxRetries: 1, retryDelayInMs: 100 },
})

app.hook.appStart(() => table.createTable())

/** What a hook would cost that did nothing but keep the body: one insert, no key, no reading, no event to act on. */
app.http('bare', {
  authLevel: 'anonymous',
  methods: ['POST'],
  route: 'bare',
  handler: async (request) => {
    await table.createEntity({ partitionKey: 'bare', rowKey: randomUUID(), body: await request.text() })
    return { status: 202 }
  },
})
