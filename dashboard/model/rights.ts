import type { Me } from '../../lib/api.ts'

type Role = Me['grants'][number]['role']

const ROLES: readonly Role[] = ['viewer', 'operator', 'approver', 'admin']

/**
 * The highest role that somebody holds at a place; null where they hold none. Only decides what is offered: the API
 * refuses what it must, whatever is shown here. `service` null = the whole environment.
 */
export function roleAt({ grants }: Me, environment: string, service: string | null): Role | null {
  const held = grants.filter(
    (grant) =>
      (grant.environments === null || grant.environments.includes(environment)) &&
      (grant.services === null || (service !== null && grant.services.some((pattern) => matches(pattern, service)))),
  )
  return highest(held)
}

/** Whether somebody holds at least this role at a place; both null = everywhere. */
export function holdsAt(me: Me, least: Role, environment: string | null, service: string | null): boolean {
  const grants = environment === null ? me.grants.filter((grant) => grant.environments === null) : me.grants
  const held = roleAt({ ...me, grants }, environment ?? '', service)
  return held !== null && ROLES.indexOf(held) >= ROLES.indexOf(least)
}

/** The highest role that somebody holds anywhere. */
export function roleOf({ grants }: Me): Role | null {
  return highest(grants)
}

/** What a role is called, and what its holder may do. */
export const ROLE_WORDS: Readonly<Record<Role, { readonly name: string; readonly may: string }>> = {
  viewer: { name: 'Viewer', may: 'sees everything, changes nothing' },
  operator: { name: 'Operator', may: 'may pause, resume, abort, retry and undo' },
  approver: { name: 'Approver', may: 'may also promote and approve' },
  admin: { name: 'Admin', may: 'may also freeze, override and store manifests' },
}

function highest(grants: readonly { readonly role: Role }[]): Role | null {
  return ROLES.findLast((role) => grants.some((grant) => grant.role === role)) ?? null
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
