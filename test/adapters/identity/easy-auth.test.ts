import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPrincipalReader } from '../../../lib/adapters/identity/easy-auth.ts'
import type { Grant } from '../../../lib/core/caller.ts'

const ADMIN: Grant = { role: 'admin', environments: null, services: null }
const NOW = Date.UTC(2026, 10, 21)
const TENANT = '11111111-1111-1111-1111-111111111111'
const CLIENT = '22222222-2222-2222-2222-222222222222'
const read = createPrincipalReader({
  audience: 'the-api',
  tenant: TENANT,
  clients: [CLIENT],
  roles: new Map([['Slipway.Admin', ADMIN]]),
  clock: { now: () => NOW },
})

type Claims = Readonly<Record<string, string | readonly string[]>>

const GOOD: Claims = {
  oid: 'oid-1',
  preferred_username: 'ada@example.com',
  roles: ['Slipway.Admin', 'Other'],
  tid: TENANT,
}

function principal(claims: Claims, more: object = { auth_typ: 'aad' }): string {
  const pairs = Object.entries(claims).flatMap(([typ, values]) => [values].flat().map((val) => ({ typ, val })))
  return Buffer.from(JSON.stringify({ name_typ: 'name', role_typ: 'roles', claims: pairs, ...more })).toString('base64')
}

test('a person is known as by a token, and how they were known is said', () => {
  expect(read(principal(GOOD))).toEqual({
    kind: 'known',
    caller: { id: 'oid-1', name: 'ada@example.com', kind: 'person', grants: [ADMIN], method: 'platform' },
  })
})

test('claims are known by the long names of older tokens too', () => {
  const who = read(
    principal({
      'http://schemas.microsoft.com/identity/claims/objectidentifier': 'oid-2',
      'http://schemas.microsoft.com/identity/claims/tenantid': TENANT.toUpperCase(),
      'http://schemas.microsoft.com/ws/2008/06/identity/claims/role': 'Slipway.Admin',
      name: 'Ada',
    }),
  )
  expect(who).toMatchObject({ kind: 'known', caller: { id: 'oid-2', name: 'Ada', grants: [ADMIN] } })
})

test('an app is a machine', () => {
  const who = read(principal({ oid: 'sp-1', azp: CLIENT, idtyp: 'app', roles: 'Slipway.Admin' }))
  expect(who).toMatchObject({ caller: { kind: 'machine', name: CLIENT } })
})

describe('a principal is refused', () => {
  test.each<[string, Claims, RegExp]>([
    ['of another directory', { ...GOOD, tid: 'another' }, /another directory/],
    ['for another audience', { ...GOOD, aud: 'another' }, /another audience/],
    ['for two audiences', { ...GOOD, aud: ['the-api', 'another'] }, /another audience/],
    ['given to another app', { ...GOOD, azp: 'another' }, /not one of/],
    ['given to another app, as version 1.0 says it', { ...GOOD, appid: 'another' }, /not one of/],
    ['that has expired', { ...GOOD, exp: String(NOW / 1000 - 61) }, /expired/],
    ['whose end is no time', { ...GOOD, exp: 'never' }, /expired/],
    ['of nobody', { roles: 'Slipway.Admin' }, /whose it is/],
    ['whose id is more than an id', { ...GOOD, oid: 'a b' }, /whose it is/],
  ])('%s', (_, claims, because) => {
    expect(read(principal(claims))).toEqual({ kind: 'unknown', because: expect.stringMatching(because) })
  })

  test.each([
    ['no base64', '!'],
    ['nothing', ''],
    ['no JSON', Buffer.from('hello').toString('base64')],
    ['null', Buffer.from('null').toString('base64')],
    ['a list', Buffer.from('[]').toString('base64')],
    ['of another provider', principal(GOOD, { auth_typ: 'github' })],
    ['without claims', Buffer.from('{"auth_typ":"aad"}').toString('base64')],
    [
      'with claims that are no texts',
      Buffer.from('{"auth_typ":"aad","claims":[{"typ":"oid","val":7}]}').toString('base64'),
    ],
    ['with a claim that is nothing', Buffer.from('{"auth_typ":"aad","claims":[null]}').toString('base64')],
    ['too large', principal({ ...GOOD, more: 'x'.repeat(20_000) })],
    ['with too many claims', principal({ ...GOOD, r: Array.from({ length: 1001 }, () => '') })],
  ])('that is %s', (_, text) => {
    expect(read(text)).toEqual({ kind: 'unknown', because: 'X-MS-CLIENT-PRINCIPAL cannot be read.' })
  })
})

test('whatever the header holds, nothing is thrown and nobody is known', () => {
  const junk = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.json().map((text) => Buffer.from(text).toString('base64')),
  )
  fc.assert(fc.property(junk, (text) => read(text).kind === 'unknown'))
})
