import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { nextLink, pageAt, pageOf } from '../lib/door/paging.ts'
import { environmentsMeant } from '../lib/door/service.ts'
import { serviceView } from '../lib/door/view.ts'
import { watched } from '../lib/door/watch.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { standings, viewTag } from '../lib/engine/view.ts'
import { identify, lookoutOf, settings, wheel } from '../lib/wiring.ts'

/** Every service that the caller may see, as it stands. With If-None-Match and Prefer: wait, as soon as one changes. */
app.http('services', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/services',
  handler: operatorDoor(['list-services'], identify, async ({ query, headers, caller }) => {
    const asked = pageOf(query)
    const [turning, { environments }] = await Promise.all([wheel(), settings()])
    const meant = environmentsMeant(query, Object.keys(environments))
    return watched(headers, lookoutOf(caller.id), `services ${query} ${JSON.stringify(caller)}`, async () => {
      const page = await pageAt(asked.from, () => standings(turning, meant, caller, asked))
      const items = page.items.map((standing) => serviceView(standing, caller))
      const body = { items, nextLink: nextLink('/api/v1/services', query, page.next) }
      return { etag: viewTag(turning, body), body }
    })
  }),
})
