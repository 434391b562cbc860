import { app } from '@azure/functions'
import { nextLink, pageAt, pageOf } from '../lib/door/paging.ts'
import { ALL_METHODS, door } from '../lib/door.ts'
import { wheel } from '../lib/wiring.ts'

/** What became of every accepted event, newest first: a rollout, or the reason why not. */
app.http('events', {
  authLevel: 'function',
  methods: ALL_METHODS,
  route: 'v1/events',
  handler: door({ methods: ['GET'] }, async ({ query }) => {
    const { limit, from } = pageOf(query)
    const { events } = await wheel()
    const page = await pageAt(from, () => events.page(limit, from))
    const items = page.items.map((event) => ({ ...event, receivedAt: new Date(event.receivedAt).toISOString() }))
    return { jsonBody: { items, nextLink: nextLink('/api/v1/events', query, page.next) } }
  }),
})
