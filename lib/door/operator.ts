import type { HttpHandler } from '@azure/functions'
import {
  type Caller,
  type Identified,
  LEAST_ROLE,
  mayDo,
  mayDoSomewhere,
  type Place,
  type Right,
} from '../core/caller.ts'
import { type Admitted, type DoorRules, door, type Reply, type Visit } from '../door.ts'
import { Fault } from '../errors.ts'
import { PARAMETERS } from './parameters.ts'
import { askAgain, problem, Refusal } from './problem.ts'
import { ROUTES, type Route, type RouteId } from './routes.ts'

/** Tells who sent a request. Throws Fault where that cannot be decided now, Refusal where it may not be asked. */
export type Identify = (visit: Visit) => Promise<Identified>

/** A request whose caller is known and holds the right of its route somewhere. */
export interface Operated extends Admitted {
  readonly caller: Caller
}

/**
 * Frames the handler of operators' routes: methods and rights are those of the routes' table. A caller who is not known
 * is answered 401; one who holds the right nowhere 403. Where it must hold for one service or environment, the handler
 * says `permit` once it knows which.
 */
export function operatorDoor(
  ids: readonly RouteId[],
  identify: Identify,
  handler: (visit: Operated) => Promise<Reply> | Reply,
  rules: Omit<DoorRules, 'methods' | 'authorize'> = {},
): HttpHandler {
  const routes = ids.map((id): Route => ROUTES[id])
  const callers = new WeakMap<Headers, Caller>()
  const authorize = async (visit: Visit): Promise<boolean> => {
    const known = await asked(identify, visit)
    if (known.kind === 'unknown') throw unauthenticated(known.because, visit.headers)
    const route = routes.find(({ method }) => method === visit.method)
    if (route === undefined) throw new Error(`no route of this door takes ${visit.method}`)
    const { needs } = route
    if (needs !== null && !mayDoSomewhere(known.caller, needs)) throw forbidden(known.caller, needs, null)
    callers.set(visit.headers, known.caller)
    return true
  }
  const methods = [...new Set(routes.map(({ method }) => method))]
  const parameters = (method: string) => ids.flatMap((id) => (ROUTES[id].method === method ? PARAMETERS[id] : []))
  return door({ ...rules, methods, parameters, authorize }, (visit) => {
    const caller = callers.get(visit.headers)
    if (caller === undefined) throw new Error('a request passed the door without a caller')
    return handler({ ...visit, caller })
  })
}

/** Refuses with 403 a caller who does not hold `right` at that place. */
export function permit(caller: Caller, right: Right, place: Place): void {
  if (!mayDo(caller, right, place)) throw forbidden(caller, right, place)
}

async function asked(identify: Identify, visit: Visit): Promise<Identified> {
  try {
    return await identify(visit)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const refused = askAgain('Who you are cannot be checked right now. Try again later.', error.retryAfterMs)
    throw new Refusal(refused, { cause: error })
  }
}

/** RFC 6750 §3.1: the error is named only to those who sent a token. */
function unauthenticated(because: string, sent: Headers): Refusal {
  const error = sent.has('authorization') ? ', error="invalid_token"' : ''
  const headers = { 'www-authenticate': `Bearer realm="slipway"${error}` }
  return new Refusal(problem(401, 'unauthenticated', because, { headers }))
}

function forbidden({ name }: Caller, right: Right, place: Place | null): Refusal {
  const where =
    place === null ? '' : ` for ${[place.environment, place.name].filter(Boolean).join('/') || 'this installation'}`
  const detail = `${name} may not do this${where}: it takes the role ${LEAST_ROLE[right]}. Ask an Admin of Slipway for it.`
  return new Refusal(problem(403, 'forbidden', detail))
}
