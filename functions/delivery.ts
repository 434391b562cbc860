import { app } from '@azure/functions'
import { operatorDoor, permit } from '../lib/door/operator.ts'
import { environmentsMeant, invalid, noSuchEnvironment, notOneService } from '../lib/door/service.ts'
import { ALL_METHODS } from '../lib/door.ts'
import { deliveryReport } from '../lib/engine/delivery.ts'
import { seesSomeOf } from '../lib/engine/query.ts'
import { auditLog, clock, identify, settings, wheel } from '../lib/wiring.ts'

/** How often, how fast and how safely was delivered: the four measures of each environment and service that the caller may see. */
app.http('delivery', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'v1/delivery',
  handler: operatorDoor(['get-delivery'], identify, async ({ query, caller }) => {
    const { readDeliveryQuery } = await import('../lib/schema/delivery-query.ts')
    const read = readDeliveryQuery(query, clock.now())
    if (!read.ok) return invalid('The query is not valid.', read.issues)
    const { environment, service, from, to } = read.query
    if (environment !== null && (service !== null || !seesSomeOf(caller, environment)))
      permit(caller, 'see', { environment, name: service })
    const known = Object.keys((await settings()).environments)
    const environments = environmentsMeant(query, known)
    if (environment !== null && environments.length === 0) return noSuchEnvironment(environment, known, caller)
    const answer = await deliveryReport(await wheel(), await auditLog(), { environments, service, from, to, caller })
    if (answer.kind === 'too-much')
      return invalid('The window is too wide.', [{ path: 'from', message: answer.because }])
    if (service !== null && answer.items.length === 0) return notOneService(service, { kind: 'unknown' })
    return { jsonBody: { from: answer.from, to: answer.to, items: answer.items } }
  }),
})
