import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTokenCheck, type TokenCheck } from '../../../lib/adapters/identity/entra.ts'
import { createKeys } from '../../../lib/adapters/identity/keys.ts'
import type { Grant } from '../../../lib/core/caller.ts'
import { createTestIssuer, type TestIssuer, type TokenWish } from '../../support/tokens.ts'

const NOW = Date.now()
const clock = { now: () => NOW }
const NOW_S = Math.floor(NOW / 1000)
const ADMIN: Grant = { role: 'admin', environments: null, services: null }
const PRICING: Grant = { role: 'operator', environments: ['staging'], services: ['pri*'] }

let issuer: TestIssuer
let check: TokenCheck

beforeAll(async () => {
  issuer = await createTestIssuer()
  check = createTokenCheck({
    issuer: issuer.url,
    tenant: issuer.tenant,
    audience: issuer.audience,
    clients: [issuer.client],
    keys: createKeys({ url: issuer.keysUrl, clock }),
    roles: new Map([
      ['Slipway.Admin', ADMIN],
      ['Pricing.Operator', PRICING],
    ]),
    clock,
  })
})

afterAll(() => issuer?.close())

const said = async (wish: TokenWish) => check(await issuer.token({ now: NOW_S, ...wish }))

test('a person is known by object id and name, with what the roles grant', async () => {
  const who = await said({
    name: 'ada@example.com',
    oid: 'oid-1',
    roles: ['Pricing.Operator', 'Slipway.Admin', 'Else'],
  })
  expect(who).toEqual({
    kind: 'known',
    caller: {
      id: 'oid-1',
      name: 'ada@example.com',
      kind: 'person',
      grants: [PRICING, ADMIN],
      method: 'token',
      app: issuer.client,
    },
  })
})

test.each(['person:0123456789abcdef', 'ada (person:0123456789abcdef)', 'Slipway'])(
  'nobody is called %s: that is how others stand in the audit',
  async (name) => {
    const who = await said({ name, oid: 'oid-1' })
    expect(who).toMatchObject({ kind: 'known', caller: { id: 'oid-1', name: expect.not.stringContaining(name) } })
  },
)

test('a machine is known by its app, with what the roles grant', async () => {
  const who = await said({ machine: true, oid: 'sp-1', roles: ['Slipway.Admin'] })
  expect(who).toMatchObject({ caller: { id: 'sp-1', name: issuer.client, kind: 'machine', grants: [ADMIN] } })
  const older = await said({ machine: true, oid: 'sp-1', claims: { idtyp: undefined } })
  expect(older).toMatchObject({ kind: 'known', caller: { kind: 'machine' } })
})

test.each<[string, TokenWish['claims']]>([
  ['no roles at all', { roles: undefined }],
  ['roles that nobody knows here', { roles: ['Other.Admin', 'admin', 'Slipway.admin', '__proto__', 'constructor'] }],
  ['roles that are one text', { roles: 'Slipway.Admin' }],
  ['roles that are no texts', { roles: [{ role: 'admin' }, 7, null, ['Slipway.Admin']] }],
])('%s grant nothing, and the caller is known all the same', async (_, claims) => {
  expect(await said({ claims: claims ?? {} })).toMatchObject({ kind: 'known', caller: { grants: [] } })
})

test('the same role twice grants once', async () => {
  const who = await said({ roles: ['Slipway.Admin', 'Slipway.Admin'] })
  expect(who).toMatchObject({ caller: { grants: [ADMIN] } })
})

describe('a token is refused', () => {
  test.each<[string, TokenWish, RegExp]>([
    ['of another issuer', { iss: 'https://login.microsoftonline.com/x/v2.0' }, /another issuer/],
    ['of the issuer with a slash more', { claims: { iss: 'SLASH' } }, /another issuer/],
    ['for another audience', { aud: 'another' }, /another audience/],
    ['for this audience among others', { claims: { aud: 'BOTH' } }, /another audience/],
    ['for this audience in a list', { claims: { aud: 'LIST' } }, /another audience/],
    ['for this audience as version 1.0 writes it', { claims: { aud: 'API' } }, /another audience/],
    ['without audience', { claims: { aud: undefined } }, /another audience/],
    ['of another directory', { tid: '00000000-0000-0000-0000-000000000000' }, /another directory/],
    ['without directory', { claims: { tid: undefined } }, /another directory/],
    ['given to another app', { azp: '00000000-0000-0000-0000-000000000000' }, /not one of SLIPWAY_AUTH_CLIENTS/],
    ['given to no app', { claims: { azp: undefined } }, /not one of SLIPWAY_AUTH_CLIENTS/],
    ['given to several apps', { claims: { azp: ['AZP'] } }, /not one of SLIPWAY_AUTH_CLIENTS/],
    ['of version 1.0', { ver: '1.0' }, /requestedAccessTokenVersion/],
    ['of no version', { claims: { ver: undefined } }, /requestedAccessTokenVersion/],
    ['that has expired', { expiresIn: -61 }, /expired/],
    ['that never expires', { claims: { exp: undefined } }, /lacks a claim/],
    ['whose end is no number', { claims: { exp: 'tomorrow' } }, /lacks a claim/],
    ['that begins later', { notBefore: 62 }, /not valid yet/],
    ['of another key under a known id', { key: 'foreign' }, /signature/],
    ['of a key that the issuer does not have', { key: 'unknown' }, /key that its issuer does not have/],
    ['signed with PS256', { alg: 'PS256' }, /not signed with RS256/],
    ['signed with the public key as a secret', { alg: 'HS256' }, /not signed with RS256/],
    ['signed with nothing', { alg: 'none' }, /not signed with RS256|no token/],
    ['that says it is something else', { typ: 'dpop+jwt' }, /no access token/],
    ['that is an ID token with a nonce', { claims: { nonce: 'n' } }, /ID token/],
    ['that is an ID token of the same app', { claims: { scp: undefined } }, /ID token/],
    ['that is an ID token beside a code', { claims: { c_hash: 'x' } }, /ID token/],
    ['that is an ID token beside an access token', { claims: { at_hash: 'x' } }, /ID token/],
    ['with an empty scope', { claims: { scp: '' } }, /ID token/],
    ['without a subject', { claims: { oid: undefined, sub: undefined } }, /whose it is/],
    ['whose ids hold more than ids', { claims: { oid: 'a b', sub: 'c\nd' } }, /whose it is/],
  ])('%s', async (_, wish, because) => {
    const filled = JSON.parse(
      JSON.stringify(wish.claims ?? {}, (_key, value) => value ?? null)
        .replace('"SLASH"', JSON.stringify(`${issuer.url}/`))
        .replace('"BOTH"', JSON.stringify([issuer.audience, 'another']))
        .replace('"LIST"', JSON.stringify([issuer.audience]))
        .replace('"API"', JSON.stringify(`api://${issuer.audience}`))
        .replace('"AZP"', JSON.stringify(issuer.client)),
    )
    const claims = Object.fromEntries(Object.entries(filled).map(([name, value]) => [name, value ?? undefined]))
    const who = await said({ ...wish, claims })
    expect(who).toEqual({ kind: 'unknown', because: expect.stringMatching(because) })
  })

  test('that was changed in one character', async () => {
    const token = await issuer.token({ now: NOW_S })
    const [head = '', body = '', sign = ''] = token.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))
    const more = Buffer.from(JSON.stringify({ ...claims, oid: 'somebody-else' })).toString('base64url')
    expect(await check(`${head}.${more}.${sign}`)).toMatchObject({ kind: 'unknown' })
  })

  test('that is longer than any of Entra', async () => {
    const long = await issuer.token({ now: NOW_S, claims: { more: 'x'.repeat(16_000) } })
    expect(await check(long)).toMatchObject({ kind: 'unknown', because: expect.stringMatching(/too long/) })
  })
})

test.each([
  ['a minute after its end', { expiresIn: -59 }],
  ['a minute before its beginning', { notBefore: 59 }],
  ['as RFC 9068 calls it', { typ: 'at+jwt' }],
  ['with the directory in capitals', { claims: { tid: 'UPPER' } }],
] as [string, TokenWish][])('clocks and spellings may differ a little: a token %s is taken', async (_, wish) => {
  const claims = wish.claims?.tid === 'UPPER' ? { tid: issuer.tenant.toUpperCase() } : {}
  expect(await said({ ...wish, claims })).toMatchObject({ kind: 'known' })
})

test.each([
  ['one plain line', 'Ada\r\nX-Forged: 1\t\u202e\u2028end', 'Ada X-Forged: 1 end'],
  ['no longer than 100 characters', '🛟'.repeat(150), '🛟'.repeat(100)],
  ['as it is, where it is plain', '=HYPERLINK("x")', '=HYPERLINK("x")'],
])('a name is %s', async (_, name, shown) => {
  expect(await said({ name })).toMatchObject({ caller: { name: shown } })
})

test('without a name of their own, people are called by the next best claim, and at last by their id', async () => {
  const named = async (claims: Readonly<Record<string, unknown>>) => {
    const who = await said({ oid: 'oid-1', claims: { preferred_username: undefined, ...claims } })
    return who.kind === 'known' ? who.caller.name : null
  }
  expect(await named({ upn: 'ada@corp', name: 'Ada' })).toBe('ada@corp')
  expect(await named({ preferred_username: ' \n ', name: 'Ada' })).toBe('Ada')
  expect(await named({ name: 7 })).toBe(issuer.client)
})

test('whatever is no token of the issuer is never known, and nothing is thrown', async () => {
  const parts = fc.array(fc.base64String({ maxLength: 60 }), { minLength: 0, maxLength: 6 }).map((all) => all.join('.'))
  const headers = fc
    .record({
      alg: fc.constantFrom('RS256', 'none', 'HS256'),
      typ: fc.anything(),
      kid: fc.anything(),
      crit: fc.anything(),
    })
    .map((head) => `${Buffer.from(JSON.stringify(head) ?? '').toString('base64url')}.e30.c2ln`)
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), parts, headers), async (junk) => {
      expect((await check(junk)).kind).toBe('unknown')
    }),
    { numRuns: 400 },
  )
})

test('no refusal holds a part of the token', async () => {
  const wishes: TokenWish[] = [
    { aud: 'secret-audience' },
    { azp: 'secret-app' },
    { iss: 'secret-issuer' },
    { tid: 'secret-tid' },
  ]
  for (const wish of wishes) expect(JSON.stringify(await said(wish))).not.toContain('secret')
})
