import { type Caller, mayDo, type Role, rightOf } from '../../lib/core/caller.ts'
import type { Verb } from '../../lib/core/facts.ts'
import type { ServiceKey } from '../../lib/core/service.ts'
import type { TraceBody } from './trace.ts'

/** Somebody of a trial: a role, and where it holds; `services` null = everywhere. */
interface Person {
  readonly role: Role
  readonly services: readonly string[] | null
}

/** Who stores the manifests when the scene is set. */
export const STAGEHAND = 'tester'

const PEOPLE = {
  olga: { role: 'approver', services: null },
  otto: { role: 'operator', services: null },
  vera: { role: 'viewer', services: null },
  petra: { role: 'approver', services: ['pricing'] },
  oskar: { role: 'operator', services: ['orders'] },
  [STAGEHAND]: { role: 'admin', services: null },
} as const satisfies Readonly<Record<string, Person>>

/** Who may ask for something in a trial; `mallory` is nobody. */
export const ASKERS = ['olga', 'otto', 'vera', 'petra', 'oskar', 'mallory'] as const

/** One of them. */
export type Asker = (typeof ASKERS)[number]

/** Tells who may do what, for the beginning of a trace. */
export function tellPeople(tell: (event: TraceBody) => void): void {
  for (const [actor, { role, services }] of Object.entries<Person>(PEOPLE))
    tell({ kind: 'principal', actor, role, services })
}

/** What the door says of somebody's command, by the rules of the product: null = they may, else why they may not. */
export function forbidden(actor: Asker, verb: Verb, key: ServiceKey): string | null {
  const known: Readonly<Record<string, Person>> = PEOPLE
  const person = known[actor]
  if (person === undefined) return `nobody knows ${actor}`
  const { role, services } = person
  const grants = [{ role, services, environments: null }]
  const caller: Caller = { id: `id-${actor}`, name: actor, kind: 'person', grants, method: 'token' }
  return mayDo(caller, rightOf(verb), key) ? null : `${actor} may not ${verb} ${key.name}`
}
