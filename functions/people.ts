import { app } from '@azure/functions'
import { operatorDoor, permit } from '../lib/door/operator.ts'
import { nextLink, pageAt, pageOf } from '../lib/door/paging.ts'
import { ALL_METHODS, problem } from '../lib/door.ts'
import { peoplePage } from '../lib/engine/people.ts'
import { identify, registrar } from '../lib/wiring.ts'

/** Everybody who stands behind a pseudonym, or (`?called=`) those who are called so: for Admins of the installation. */
app.http('people', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/people',
  handler: operatorDoor(
    ['list-people'],
    identify,
    async ({ query, caller }) => {
      permit(caller, 'configure', { environment: null, name: null })
      const { limit, from } = pageOf(query)
      const called = query.get('called')
      if (called !== null && (called === '' || called.length > 200))
        return problem(
          400,
          'bad-request',
          'called is who is looked for, in 1 to 200 characters; leave it out for everybody.',
        )
      const { people } = await registrar()
      const page = await pageAt(from, () => peoplePage(people, called, limit, from))
      return { jsonBody: { items: page.items, nextLink: nextLink('/api/v1/people', query, page.next) } }
    },
    { people: 'kept' },
  ),
})
