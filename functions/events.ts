import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { nextLink, pageAt, pageOf } from '../lib/door/paging.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { eventPage } from '../lib/engine/query.ts'
import { identify, wheel } from '../lib/wiring.ts'

/** What became of every accepted event that is about a service the caller may see, newest first: a rollout, or the reason why not. */
app.http('events', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/events',
  handler: operatorDoor(['list-events'], identify, async ({ query, caller }) => {
    const { limit, from } = pageOf(query)
    const { events } = await wheel()
    const page = await pageAt(from, () => eventPage(events, limit, from, caller))
    const items = page.items.map((event) => ({ ...event, receivedAt: new Date(event.receivedAt).toISOString() }))
    return { jsonBody: { items, nextLink: nextLink('/api/v1/events', query, page.next) } }
  }),
})
