import { expect, test } from 'vitest'
import type { Visit } from '../lib/door.ts'
import { Refusal } from '../lib/door.ts'
import { readSettings } from '../lib/schema/settings.ts'
import { identityOf } from '../lib/wiring-identity.ts'

const TENANT = '11111111-1111-1111-1111-111111111111'
const BASE = {
  SLIPWAY_ENVIRONMENTS: '{"production": {}}',
  SLIPWAY_STORAGE__tableServiceUri: 'https://rides.table.core.windows.net',
  SLIPWAY_STORAGE__queueServiceUri: 'https://rides.queue.core.windows.net',
  SLIPWAY_KEY_VAULT_URL: 'https://rides.vault.azure.net',
  SLIPWAY_REGISTRIES: '{"registry.example.com": {"auth": "acr"}}',
}
const AUTH = { SLIPWAY_AUTH_TENANT: TENANT, SLIPWAY_AUTH_AUDIENCE: TENANT, SLIPWAY_AUTH_CLIENTS: TENANT }
const SIGN_IN = {
  SLIPWAY_SIGN_IN: `{"clientId": "${TENANT}"}`,
  SLIPWAY_PUBLIC_URL: 'https://slipway.example.com/api',
}
const PRINCIPAL = Buffer.from(
  JSON.stringify({
    auth_typ: 'aad',
    claims: [
      { typ: 'oid', val: 'mallory' },
      { typ: 'roles', val: 'Slipway.Admin' },
    ],
  }),
).toString('base64')

function identity(env: Readonly<Record<string, string>>) {
  const read = readSettings({ ...BASE, ...env })
  if (!read.ok) throw new Error(JSON.stringify(read.issues))
  const noSecrets = () => Promise.reject(new Error('no secret is needed'))
  return identityOf(read.settings.auth, { now: () => 0 }, noSecrets)
}

const visit = (headers: Readonly<Record<string, string>>) =>
  ({ method: 'GET', params: {}, headers: new Headers(headers) }) as unknown as Visit

test.each([
  [{}, 'SLIPWAY_AUTH_TENANT, SLIPWAY_AUTH_AUDIENCE, SLIPWAY_AUTH_CLIENTS'],
  [{ ...AUTH, SLIPWAY_AUTH_CLIENTS: '' }, 'SLIPWAY_AUTH_CLIENTS'],
  [{ ...AUTH, ...SIGN_IN, SLIPWAY_AUTH_PLATFORM: 'true', SLIPWAY_AUTH_TENANT: '' }, 'SLIPWAY_AUTH_TENANT'],
])('while settings are missing (%#) nobody is let in by anything, and 503 names them', async (env, missing) => {
  const { identify, signIn } = await identity(env)
  expect(signIn).toBeNull()
  for (const headers of [{}, { authorization: 'Bearer a.b.c' }, { 'x-ms-client-principal': PRINCIPAL }]) {
    const refused = await identify(visit(headers)).then(
      () => null,
      (error: unknown) => error,
    )
    expect(refused).toBeInstanceOf(Refusal)
    expect((refused as Refusal).problem).toMatchObject({
      status: 503,
      detail: `Nobody can be let in: set ${missing}. docs/sign-in.md says what to.`,
      headers: { 'retry-after': '10' },
    })
  }
})

test('the header of the platform is believed only where the setting says so', async () => {
  const headers = { 'x-ms-client-principal': PRINCIPAL }
  expect((await (await identity(AUTH)).identify(visit(headers))).kind).toBe('unknown')
  const { identify } = await identity({ ...AUTH, SLIPWAY_AUTH_PLATFORM: 'true' })
  expect(await identify(visit(headers))).toMatchObject({
    kind: 'known',
    caller: { id: 'mallory', method: 'platform', grants: [{ role: 'admin' }] },
  })
})

test('people can sign in by browser where both the app and the public address are named', async () => {
  expect((await identity(AUTH)).signIn).toBeNull()
  expect((await identity({ ...AUTH, SLIPWAY_SIGN_IN: SIGN_IN.SLIPWAY_SIGN_IN })).signIn).toBeNull()
  expect((await identity({ ...AUTH, ...SIGN_IN })).signIn).toMatchObject({
    site: { publicUrl: 'https://slipway.example.com/api' },
    authorizeUrl: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/authorize`,
    clientId: TENANT,
  })
})

test('who comes to the sign-in too often is told to wait', async () => {
  const { signIn } = await identity({ ...AUTH, ...SIGN_IN, SLIPWAY_RATE_LIMITS: '{"perMinute": 60, "burst": 2}' })
  const from = (address: string) => signIn?.meet(new Headers({ 'x-forwarded-for': address }))
  from('1.2.3.4')
  from('1.2.3.4')
  expect(() => from('1.2.3.4')).toThrow(/SLIPWAY_RATE_LIMITS/)
  expect(() => from('1.2.3.5')).not.toThrow()
})
