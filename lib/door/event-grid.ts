import type { HttpResponseInit } from '@azure/functions'
import { type Problem, problem } from './problem.ts'

/** Who may ask to deliver CloudEvents here: Event Grid, by the name it gives itself (CloudEvents webhook spec, §4.1). */
const ORIGIN = 'eventgrid.azure.net'

/** Whether a POST says that it is the handshake of Event Grid's own schema. It has no secret, and it changes nothing. */
export function isHandshake(headers: Headers): boolean {
  return headers.get('aeg-event-type')?.toLowerCase() === 'subscriptionvalidation'
}

/** Answers the handshake of Event Grid's own schema: 200 with the code, for topics of the installation only. */
export function handshakeAllowed(
  asked: { readonly validationCode: string; readonly topic: string },
  topics: readonly string[],
): HttpResponseInit | Problem {
  if (topics.includes(asked.topic.toLowerCase())) return { jsonBody: { validationResponse: asked.validationCode } }
  const detail = 'This topic is not one of this installation. The setting SLIPWAY_EVENT_GRID_TOPICS names them.'
  return problem(403, 'forbidden', detail)
}

/** Answers the handshake of CloudEvents (HTTP OPTIONS): the asking origin is named, never `*`. */
export function allowDelivery(headers: Headers): HttpResponseInit | Problem {
  const origin = headers.get('webhook-request-origin')
  if (origin !== ORIGIN) return problem(403, 'forbidden', `Only ${ORIGIN} may ask for deliveries.`)
  const rate = headers.get('webhook-request-rate')
  const allowed = rate !== null && /^\d{1,6}$/.test(rate) ? rate : '120'
  return { status: 200, headers: { allow: 'POST', 'webhook-allowed-origin': ORIGIN, 'webhook-allowed-rate': allowed } }
}
