import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTokenCheck } from '../../../lib/adapters/identity/entra.ts'
import { createKeys } from '../../../lib/adapters/identity/keys.ts'
import { createOpenId, LOCAL_ROLES, type LocalRole, type OpenIdServer } from '../../../sim/azure/openid.ts'

const TENANT = '11111111-1111-1111-1111-111111111111'
const clock = { now: () => Date.now() }

let openId: OpenIdServer

beforeAll(async () => {
  openId = await createOpenId({ tenantId: TENANT, publicUrl: 'http://127.0.0.1:9/api' })
})

afterAll(() => openId?.close())

async function ask(form: Readonly<Record<string, string>>) {
  const response = await fetch(openId.tokenUrl, { method: 'POST', body: new URLSearchParams(form) })
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, string>> }
}

const ofApp = (role: LocalRole, secret = openId.clientSecret) =>
  ask({ grant_type: 'client_credentials', client_id: openId.clients[role], client_secret: secret, scope: openId.scope })

test.each(LOCAL_ROLES)('the app of the %s gets a token as Entra writes it, and is known by it', async (role) => {
  const { status, body } = await ofApp(role)
  expect(status).toBe(200)
  const token = body.access_token ?? ''
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', typ: 'JWT', kid: expect.stringMatching(/./) })
  expect(decodeJwt(token)).toMatchObject({
    iss: openId.issuer,
    aud: openId.audience,
    tid: TENANT,
    ver: '2.0',
    idtyp: 'app',
  })
  const value = `Slipway.${role.charAt(0).toUpperCase()}${role.slice(1)}`
  const grant = { role, environments: null, services: null }
  const check = createTokenCheck({
    issuer: openId.issuer,
    tenant: TENANT,
    audience: openId.audience,
    clients: Object.values(openId.clients),
    keys: createKeys({ url: openId.keysUrl, clock }),
    roles: new Map([[value, grant]]),
    clock,
  })
  expect(await check(token)).toMatchObject({ kind: 'known', caller: { kind: 'machine', grants: [grant] } })
})

test('a wrong secret, an unknown app and a person without a code get nothing', async () => {
  expect(await ofApp('admin', 'wrong')).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  const unknown = { grant_type: 'client_credentials', client_id: 'nobody', client_secret: openId.clientSecret }
  expect((await ask(unknown)).status).toBe(401)
  const dashboard = { client_id: openId.clients.dashboard, client_secret: openId.clientSecret }
  expect(await ask({ ...dashboard, grant_type: 'client_credentials' })).toMatchObject({ status: 400 })
  const made = { grant_type: 'authorization_code', code: 'made-up', code_verifier: 'x'.repeat(43) }
  expect(await ask({ ...dashboard, ...made, redirect_uri: 'http://127.0.0.1:9/api/auth/callback' })).toMatchObject({
    body: { error: 'invalid_grant' },
  })
})

test('a sign-in goes back to the registered address only, and needs PKCE', async () => {
  const base = { client_id: openId.clients.dashboard, response_type: 'code', scope: openId.scope, state: 's' }
  const to = (more: Readonly<Record<string, string>>) =>
    fetch(`${openId.authorizeUrl}?${new URLSearchParams({ ...base, ...more })}`, { redirect: 'manual' })
  const elsewhere = await to({ redirect_uri: 'http://127.0.0.1:10/api/auth/callback' })
  expect([elsewhere.status, elsewhere.headers.get('location')]).toEqual([400, null])
  const bare = await to({ redirect_uri: 'http://127.0.0.1:9/api/auth/callback' })
  expect(bare.headers.get('location')).toMatch(/error=invalid_request/)
})
