import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Grant, LEAST_ROLE, mayDo, mayDoSomewhere, type Right, ROLES } from '../../lib/core/caller.ts'
import { aCaller, NOBODY } from '../support/callers.ts'

const RIGHTS = Object.keys(LEAST_ROLE) as Right[]
const PRICING = { environment: 'production', name: 'pricing' }

test.each<[string, Partial<Grant>, { environment: string | null; name: string | null }, boolean]>([
  ['for everything holds for a service', {}, PRICING, true],
  ['for everything holds for the installation', {}, { environment: null, name: null }, true],
  ['for the environment holds for its services', { environments: ['production'] }, PRICING, true],
  ['for the environment holds for all of it', { environments: ['production'] }, { ...PRICING, name: null }, true],
  ['for another environment does not', { environments: ['staging'] }, PRICING, false],
  [
    'for environments does not hold for the installation',
    { environments: ['production'] },
    { environment: null, name: null },
    false,
  ],
  ['for the service holds for it', { services: ['pricing'] }, PRICING, true],
  [
    'for the service does not hold for the whole environment',
    { services: ['pricing'] },
    { ...PRICING, name: null },
    false,
  ],
  ['for another service does not', { services: ['safety'] }, PRICING, false],
  ['for a name does not hold for longer ones', { services: ['pric'] }, PRICING, false],
  ['for a beginning holds for what begins so', { services: ['pri*'] }, PRICING, true],
  ['for a beginning does not hold for what ends so', { services: ['ing*'] }, PRICING, false],
  [
    'for any service of an environment does not hold for the whole of it',
    { services: ['*'] },
    { ...PRICING, name: null },
    false,
  ],
  [
    'for the service in another environment does not',
    { environments: ['staging'], services: ['pricing'] },
    PRICING,
    false,
  ],
  ['for nothing holds nowhere', { environments: [], services: [] }, PRICING, false],
])('a role %s', (_, grant, place, may) => {
  expect(mayDo(aCaller('admin', grant), 'see', place)).toBe(may)
})

test('abort needs less than promote, and only an admin breaks glass', () => {
  const may = (right: Right) => ROLES.filter((role) => mayDo(aCaller(role), right, PRICING))
  expect(may('see')).toEqual(['viewer', 'operator', 'approver', 'admin'])
  expect(may('operate')).toEqual(['operator', 'approver', 'admin'])
  expect(may('promote')).toEqual(['approver', 'admin'])
  expect([may('configure'), may('freeze'), may('override')]).toEqual([['admin'], ['admin'], ['admin']])
})

test('who has no role may never do anything anywhere', () => {
  for (const right of RIGHTS)
    expect([mayDo(NOBODY, right, PRICING), mayDoSomewhere(NOBODY, right)]).toEqual([false, false])
})

const grant = fc.record({
  role: fc.constantFrom(...ROLES),
  environments: fc.option(fc.array(fc.constantFrom('production', 'staging')), { nil: null }),
  services: fc.option(fc.array(fc.constantFrom('pricing', 'pri*', 'safety', '*')), { nil: null }),
})
const place = fc.record({
  environment: fc.constantFrom('production', 'staging', null),
  name: fc.constantFrom('pricing', 'safety', null),
})

test('what somebody may do at a place they may do somewhere, and another role never takes anything away', () => {
  fc.assert(
    fc.property(fc.array(grant), grant, fc.constantFrom(...RIGHTS), place, (grants, more, right, where) => {
      const caller = { ...NOBODY, grants }
      const may = mayDo(caller, right, where)
      if (may) expect(mayDoSomewhere(caller, right)).toBe(true)
      if (may) expect(mayDo({ ...caller, grants: [...grants, more] }, right, where)).toBe(true)
    }),
  )
})
