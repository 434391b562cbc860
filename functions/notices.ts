import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { nextLink, pageAt, pageOf } from '../lib/door/paging.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { noticePage } from '../lib/engine/notices.ts'
import { identify, outbox, settings } from '../lib/wiring.ts'

/** Notices that were given up, and after them those that wait for their sink: what somebody should know and does not yet. */
app.http('notices', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/notices',
  handler: operatorDoor(['list-notices'], identify, async ({ query, caller }) => {
    const { limit, from } = pageOf(query)
    const environments = Object.keys((await settings()).environments)
    const kept = await outbox()
    const page = await pageAt(from, () => noticePage(kept, environments, limit, from, caller))
    return { jsonBody: { items: page.items, nextLink: nextLink('/api/v1/notices', query, page.next) } }
  }),
})
