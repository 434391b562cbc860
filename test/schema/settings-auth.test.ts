import { describe, expect, test } from 'vitest'
import { readSettings } from '../../lib/schema/settings.ts'

const TENANT = '11111111-1111-1111-1111-111111111111'
const API = '22222222-2222-2222-2222-22222222222A'
const CLI = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
const DASHBOARD = '33333333-3333-3333-3333-333333333333'
const BASE = {
  SLIPWAY_ENVIRONMENTS: '{"production": {}}',
  SLIPWAY_STORAGE__tableServiceUri: 'https://rides.table.core.windows.net',
  SLIPWAY_STORAGE__queueServiceUri: 'https://rides.queue.core.windows.net',
  SLIPWAY_KEY_VAULT_URL: 'https://rides.vault.azure.net',
  SLIPWAY_REGISTRIES: '{"registry.example.com": {"auth": "acr"}}',
}
const NEEDED = { SLIPWAY_AUTH_TENANT: TENANT, SLIPWAY_AUTH_AUDIENCE: API, SLIPWAY_AUTH_CLIENTS: CLI }

function auth(env: Record<string, string>) {
  const read = readSettings({ ...BASE, ...env })
  if (!read.ok) throw new Error(JSON.stringify(read.issues))
  return read.settings.auth
}

function issues(env: Record<string, string>): readonly string[] {
  const read = readSettings({ ...BASE, ...NEEDED, ...env })
  return read.ok ? [] : read.issues.map(({ path, message }) => `${path} ${message}`)
}

test('the three that are needed give the rest their defaults, those of Entra', () => {
  expect(auth(NEEDED)).toMatchObject({
    tokens: {
      tenant: TENANT,
      audience: API.toLowerCase(),
      clients: [CLI],
      issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
      keysUrl: `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`,
    },
    missing: [],
    trustPlatform: false,
    signIn: null,
    publicUrl: null,
    rateLimits: { perMinute: 600, burst: 120 },
  })
  expect([...auth(NEEDED).roles]).toEqual([
    ['Slipway.Viewer', { role: 'viewer', environments: null, services: null }],
    ['Slipway.Operator', { role: 'operator', environments: null, services: null }],
    ['Slipway.Approver', { role: 'approver', environments: null, services: null }],
    ['Slipway.Admin', { role: 'admin', environments: null, services: null }],
  ])
})

test.each(Object.keys(NEEDED))(
  'without %s the app starts, and says what is missing instead of letting anybody in',
  (name) => {
    expect(auth({ ...NEEDED, [name]: '' })).toMatchObject({ tokens: null, missing: [name], signIn: null })
  },
)

test('the keys are at the issuer of another cloud where that is named', () => {
  const { tokens } = auth({ ...NEEDED, SLIPWAY_AUTH_ISSUER: `https://login.microsoftonline.us/${TENANT}/v2.0` })
  expect(tokens?.keysUrl).toBe(`https://login.microsoftonline.us/${TENANT}/discovery/v2.0/keys`)
})

test('the sign-in knows where Entra is, and its app may call', () => {
  const { tokens, signIn } = auth({
    ...NEEDED,
    SLIPWAY_SIGN_IN: `{"clientId": "${DASHBOARD}", "secret": "slipway-sign-in"}`,
  })
  expect(tokens?.clients).toEqual([CLI, DASHBOARD])
  expect(signIn).toEqual({
    clientId: DASHBOARD,
    secret: 'slipway-sign-in',
    authorizeUrl: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/authorize`,
    tokenUrl: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
    scope: `openid profile ${API.toLowerCase()}/.default`,
  })
})

test('roles are read with their bounds, and only those that are named are left', () => {
  const { roles } = auth({
    ...NEEDED,
    SLIPWAY_ROLES:
      '{"Pricing.Operator": {"role": "operator", "environments": ["staging"], "services": ["pricing", "pri*", "*"]}}',
  })
  expect([...roles]).toEqual([
    ['Pricing.Operator', { role: 'operator', environments: ['staging'], services: ['pricing', 'pri*', '*'] }],
  ])
})

test('without TLS only this machine is taken', () => {
  const local = {
    SLIPWAY_AUTH_ISSUER: 'http://127.0.0.1:4000',
    SLIPWAY_AUTH_KEYS_URL: 'http://127.0.0.1:4000/jwks',
    SLIPWAY_PUBLIC_URL: 'http://[::1]:7071/api/',
  }
  expect(auth({ ...NEEDED, ...local })).toMatchObject({
    tokens: { issuer: 'http://127.0.0.1:4000', keysUrl: 'http://127.0.0.1:4000/jwks' },
    publicUrl: 'http://[::1]:7071/api',
  })
})

describe('is refused with its name', () => {
  test.each<[string, string, RegExp]>([
    ['SLIPWAY_AUTH_TENANT', 'contoso.com', /GUID/],
    ['SLIPWAY_AUTH_AUDIENCE', 'api://slipway', /GUID/],
    ['SLIPWAY_AUTH_CLIENTS', `${CLI},any`, /GUIDs/],
    ['SLIPWAY_AUTH_ISSUER', 'http://login.example.com', /https/],
    ['SLIPWAY_AUTH_ISSUER', 'http://127.0.0.1.example.com', /https/],
    ['SLIPWAY_AUTH_KEYS_URL', 'http://10.0.0.1/keys', /https/],
    ['SLIPWAY_AUTH_PLATFORM', 'yes', /true/],
    ['SLIPWAY_PUBLIC_URL', 'https://slipway.example.com', /ending in/],
    ['SLIPWAY_PUBLIC_URL', 'http://slipway.example.com/api', /https/],
    ['SLIPWAY_ROLES', '{"A": {"role": "owner"}}', /viewer/],
    ['SLIPWAY_ROLES', '{"A": {"role": "admin", "environments": []}}', /would grant nothing/],
    ['SLIPWAY_ROLES', '{"A": {"role": "admin", "services": []}}', /would grant nothing/],
    ['SLIPWAY_ROLES', '{"A": {"role": "admin", "services": ["*pricing"]}}', /beginning/],
    ['SLIPWAY_ROLES', '{"A": {"role": "admin", "services": [""]}}', /beginning/],
    ['SLIPWAY_ROLES', '{"A B": {"role": "admin"}}', /no spaces/],
    ['SLIPWAY_ROLES', '{"A": {"role": "admin", "enviroments": ["production"]}}', /enviroments/],
    ['SLIPWAY_ROLES', 'admin', /no JSON/],
    ['SLIPWAY_SIGN_IN', '{"clientId": "dashboard"}', /GUID/],
    ['SLIPWAY_SIGN_IN', `{"clientId": "${DASHBOARD}", "tokenUrl": "http://login.example.com/token"}`, /https/],
    ['SLIPWAY_SIGN_IN', `{"clientId": "${DASHBOARD}", "scope": "a\\"b"}`, /scopes/],
    ['SLIPWAY_SIGN_IN', `{"clientId": "${DASHBOARD}", "secret": "not a name"}`, /Key Vault/],
    ['SLIPWAY_RATE_LIMITS', '{"perMinute": 0}', /perMinute/],
    ['SLIPWAY_RATE_LIMITS', '{"burst": 1.5}', /burst/],
  ])('%s = %s', (name, value, because) => {
    const said = issues({ [name]: value })
    expect(said.join()).toMatch(because)
    expect(said.every((one) => one.startsWith(name))).toBe(true)
  })
})
