import type { Verb } from './facts.ts'
import type { ServiceKey } from './service.ts'

/** What a caller may be. Each role may do all that the ones before it may. */
export const ROLES = ['viewer', 'operator', 'approver', 'admin'] as const

export type Role = (typeof ROLES)[number]

/**
 * What can be asked for. `see`: read everything. `operate`: pause, resume, abort, retry, undo, push. `promote`: promote,
 * approve, and go on where the KPIs are not clear. `configure`: manifests. `freeze`: freezes and the stop of a line.
 * `override`: break glass, past freezes and approvals.
 */
export type Right = 'see' | 'operate' | 'promote' | 'configure' | 'freeze' | 'override'

/** The least role that holds a right. Stopping needs less than going on. */
export const LEAST_ROLE: Readonly<Record<Right, Role>> = {
  see: 'viewer',
  operate: 'operator',
  promote: 'approver',
  configure: 'admin',
  freeze: 'admin',
  override: 'admin',
}

/** What each command asks for: stopping needs less than going on. */
const RIGHT_OF: Readonly<Record<Verb, Right>> = {
  pause: 'operate',
  resume: 'operate',
  abort: 'operate',
  retry: 'operate',
  undo: 'operate',
  promote: 'promote',
  'promote-full': 'promote',
  approve: 'promote',
}

/** The right that a command's sender must hold for its service. */
export function rightOf(verb: Verb): Right {
  return RIGHT_OF[verb]
}

/** A role, and where it holds; null = everywhere. `services` are names, or beginnings of names that end with `*`. */
export interface Grant {
  readonly role: Role
  readonly environments: readonly string[] | null
  readonly services: readonly string[] | null
}

/** Who asks: known by a verified token, or by the platform in front where the settings trust it. */
export interface Caller {
  /** What never changes about them: the object id of a person or of a machine's service principal. */
  readonly id: string
  /** What people call them (`ada@example.com`, or the app's name); of a machine it goes into the audit as actor, of a person their pseudonym does. */
  readonly name: string
  readonly kind: 'person' | 'machine'
  readonly grants: readonly Grant[]
  /** How they were known, for the audit. */
  readonly method: 'token' | 'cookie' | 'platform'
  /** The app that their token was given to (`azp`); absent where it does not say. */
  readonly app?: string
}

/** Who a request comes from, or why nobody can say: `because` is for the sender, and holds nothing of what was sent. */
export type Identified =
  | { readonly kind: 'known'; readonly caller: Caller }
  | { readonly kind: 'unknown'; readonly because: string }

/** What is asked about: one service, a whole environment (`name` null), or the installation (both null). */
export interface Place {
  readonly environment: string | null
  readonly name: string | null
}

/**
 * Whether `caller` holds `right` at a place. A grant for some services holds for no whole environment, and one for some
 * environments not for the installation. Deny is the default: no grant, no right.
 */
export function mayDo(caller: Caller, right: Right, place: Place | ServiceKey): boolean {
  const least = ROLES.indexOf(LEAST_ROLE[right])
  return caller.grants.some((grant) => ROLES.indexOf(grant.role) >= least && reaches(grant, place))
}

/** Whether `caller` holds `right` anywhere at all: what a door asks before it knows which service is meant. */
export function mayDoSomewhere(caller: Caller, right: Right): boolean {
  const least = ROLES.indexOf(LEAST_ROLE[right])
  return caller.grants.some((grant) => ROLES.indexOf(grant.role) >= least)
}

function reaches({ environments, services }: Grant, { environment, name }: Place): boolean {
  const isThere = environments === null || (environment !== null && environments.includes(environment))
  return isThere && (services === null || (name !== null && services.some((pattern) => matches(pattern, name))))
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
