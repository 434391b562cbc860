import { app } from '@azure/functions'
import { allowDelivery, handshakeAllowed, isHandshake } from '../lib/door/event-grid.ts'
import { invalid } from '../lib/door/service.ts'
import { type Admitted, ALL_METHODS, door, EVENT_BODY, problem, sharedSecret, type Visit } from '../lib/door.ts'
import { clock, HOOK_KEYS, inbox, pushDesk, secrets, settings } from '../lib/wiring.ts'

/** Registries say "new image" here. 2xx means that it is stored; 503 means "send it again, we cannot decide". */
app.http('hooks', {
  authLevel: 'anonymous',
  methods: ALL_METHODS,
  route: 'hooks/{source}',
  handler: door({ methods: ['POST', 'OPTIONS'], ...EVENT_BODY, authorize: isKnown, onFault: 'ask-again' }, take),
})

/** The shared secret, looked up afresh once when it does not match. Event Grid's two handshakes carry none. */
async function isKnown({ method, headers }: Visit): Promise<boolean> {
  if (method === 'OPTIONS' || isHandshake(headers)) return true
  const vault = await secrets()
  if (sharedSecret(headers, await vault.read(HOOK_KEYS))) return true
  return sharedSecret(headers, await vault.read(HOOK_KEYS, { fresh: true }))
}

async function take({ method, params, headers, body, log }: Admitted) {
  const { isPushSource, readPush } = await pushDesk()
  const source = params.source ?? ''
  if (!isPushSource(source)) {
    return problem(404, 'not-found', `There is no hook ${JSON.stringify(source)}. Use acr, event-grid or distribution.`)
  }
  if (method === 'OPTIONS') return allowDelivery(headers)
  const read = readPush(source, body, { receivedAt: clock.now(), headers: Object.fromEntries(headers) })
  if (read.kind === 'issues') return invalidEvent(read.issues)
  if (read.kind === 'handshake') return handshakeAllowed(read, (await settings()).eventGridTopics)
  if (isHandshake(headers)) {
    const asked = { headers: { 'www-authenticate': 'Bearer realm="slipway"' } }
    return problem(401, 'unauthenticated', 'This is an event, not a handshake: send the key.', asked)
  }
  await (await inbox()).accept(read.deliveries)
  log.info(`${read.deliveries.length} deliveries of ${source} accepted`)
  return { status: 202, jsonBody: { accepted: read.deliveries.length } }
}

function invalidEvent(issues: Parameters<typeof invalid>[1]) {
  return { ...invalid('The event is not valid. Nothing was stored.', issues), status: 400 }
}
