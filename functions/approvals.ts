import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { pageOf, sliceOf } from '../lib/door/paging.ts'
import { environmentsMeant } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { waitingGates } from '../lib/engine/approvals.ts'
import { knownAs } from '../lib/engine/people.ts'
import { identify, registrar, settings, wheel } from '../lib/wiring.ts'

/** Every manual gate that waits in what the caller may see, what it takes to open it, and whether they may approve it. */
app.http('approvals', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/approvals',
  handler: operatorDoor(['list-approvals'], identify, async ({ query, caller }) => {
    const asked = pageOf(query)
    const [turning, { environments }] = await Promise.all([wheel(), settings()])
    const gates = await waitingGates(
      turning,
      environmentsMeant(query, Object.keys(environments)),
      await knownAs(await registrar(), caller),
    )
    return { jsonBody: sliceOf('/api/v1/approvals', query, gates, asked) }
  }),
})
