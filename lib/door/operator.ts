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
import { type Names, pseudonymsIn, withNames } from '../core/people.ts'
import { type Admitted, type DoorRules, door, type Reply, type Visit } from '../door.ts'
import { Fault } from '../errors.ts'
import { PARAMETERS } from './parameters.ts'
import { askAgain, problem, Refusal } from './problem.ts'
import { ROUTES, type Route, type RouteId } from './routes.ts'

/** Tells who sent a request. Throws Fault where that cannot be decided now, Refusal where it may not be asked. */
export interface Identify {
  (visit: Visit): Promise<Identified>
  /** What people behind pseudonyms are called; absent = nobody stands behind one. */
  readonly names?: (pseudonyms: ReadonlySet<string>) => Promise<Names>
}

/** What an operators' door lets in, and how its answers name people. */
export interface OperatorRules extends Omit<DoorRules, 'methods' | 'authorize'> {
  /**
   * `named` (default): names stand in the place of pseudonyms. `beside`: rows stay as they are stored, for their hashes;
   * `sentence` has names, and `people` tells them. `kept`: as stored, for what is to be sent back.
   */
  readonly people?: 'named' | 'beside' | 'kept'
}

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
  { people = 'named', ...rules }: OperatorRules = {},
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
  return door({ ...rules, methods, parameters, authorize }, async (visit) => {
    const caller = callers.get(visit.headers)
    if (caller === undefined) throw new Error('a request passed the door without a caller')
    if (identify.names === undefined || people === 'kept') return handler({ ...visit, caller })
    return named(await orRefused(() => handler({ ...visit, caller })), identify.names, people)
  })
}

/** What a handler refuses by throwing names people as well. */
async function orRefused(work: () => Promise<Reply> | Reply): Promise<Reply> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal && error.cause === undefined) return error.problem
    throw error
  }
}

/** The answer with names for people to read. */
async function named(
  reply: Reply,
  namesOf: NonNullable<Identify['names']>,
  people: 'named' | 'beside',
): Promise<Reply> {
  const said: unknown = 'problem' in reply ? reply.detail : reply.jsonBody
  const names = await namesOf(pseudonymsIn(said))
  if ('problem' in reply) return { ...reply, detail: withNames(reply.detail, names) }
  if (people === 'named' || said === undefined)
    return names.size === 0 ? reply : { ...reply, jsonBody: withNames(said, names) }
  const { items = [], ...rest } = said as { readonly items?: readonly { readonly sentence?: string }[] }
  const sentences = items.map((item) => ({ ...item, ...withNames({ sentence: item.sentence }, names) }))
  return { ...reply, jsonBody: { items: sentences, ...rest, people: Object.fromEntries(names) } }
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
