import { app } from '@azure/functions'
import { operatorDoor } from '../lib/door/operator.ts'
import { nextLink, pageAt, pageOf } from '../lib/door/paging.ts'
import { environmentsMeant } from '../lib/door/service.ts'
import { ALL_METHODS, problem } from '../lib/door.ts'
import { quarantineView } from '../lib/engine/quarantine-view.ts'
import { quarantinePage } from '../lib/engine/redrive.ts'
import { NAME } from '../lib/schema/grammar.ts'
import { identify, settings, ward } from '../lib/wiring.ts'

const STATES = ['waiting', 'redriven', 'dismissed'] as const

/** Rows and messages that cannot be read or acted on: what, where, why, since when, how often tried. */
app.http('quarantine', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/quarantine',
  handler: operatorDoor(['list-quarantine'], identify, async ({ query, caller }) => {
    const { limit, from } = pageOf(query)
    const environments = environmentsMeant(query, Object.keys((await settings()).environments))
    const text = query.get('state')
    const state = STATES.find((known) => known === text) ?? null
    if (text !== null && state === null)
      return problem(400, 'bad-request', `state is ${JSON.stringify(text)}; give ${STATES.join(', ')}, or nothing.`)
    const service = query.get('service')
    if (service !== null && !NAME.test(service))
      return problem(
        400,
        'bad-request',
        `service is ${JSON.stringify(service.slice(0, 40))}, which is no name of a service.`,
      )
    const scopes = query.has('environment') ? environments : [...environments, null]
    const asked = { scopes, service, state, limit, from }
    const { quarantine } = await ward()
    const page = await pageAt(from, () => quarantinePage(quarantine, asked, caller))
    const items = page.items.map((item) => quarantineView(item, false))
    return { jsonBody: { items, nextLink: nextLink('/api/v1/quarantine', query, page.next) } }
  }),
})
