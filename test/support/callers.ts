import type { Caller, Grant, Role } from '../../lib/core/caller.ts'

/** A caller with one role: everywhere, or as the grant says. */
export function aCaller(role: Role = 'admin', grant: Partial<Grant> = {}): Caller {
  const grants = [{ role, environments: null, services: null, ...grant }]
  return { id: `id-of-${role}`, name: `${role}@example.com`, kind: 'person', grants, method: 'token' }
}

/** Somebody who is known and may do nothing. */
export const NOBODY: Caller = { ...aCaller('viewer'), grants: [] }
