import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createCodeExchange } from '../../../lib/adapters/identity/code.ts'
import { Fault } from '../../../lib/errors.ts'

let server: Server
let answer: { readonly status: number; readonly body: string; readonly location?: string }
let asked: Record<string, string>

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    asked = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()))
    response
      .writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location })
      .end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterAll(() => new Promise((resolve) => server.close(resolve)))

beforeEach(() => {
  answer = { status: 200, body: '{"access_token": "a.b.c", "expires_in": 3599, "refresh_token": "never kept"}' }
})

function exchange(secret: string | null = 'the secret') {
  return createCodeExchange({
    tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    clientId: 'the-dashboard',
    secret: secret === null ? null : async () => secret,
    redirectUri: 'https://slipway.example.com/api/auth/callback',
  })('the code', 'the verifier')
}

test('a code becomes an access token, and nothing else of the answer is kept', async () => {
  expect(await exchange()).toEqual({ token: 'a.b.c', expiresInSeconds: 3599 })
  expect(asked).toEqual({
    grant_type: 'authorization_code',
    code: 'the code',
    code_verifier: 'the verifier',
    redirect_uri: 'https://slipway.example.com/api/auth/callback',
    client_id: 'the-dashboard',
    client_secret: 'the secret',
  })
})

test('a public client sends no secret', async () => {
  await exchange(null)
  expect(asked).not.toHaveProperty('client_secret')
})

test('a code that the issuer does not take is no token, and no fault', async () => {
  answer = { status: 400, body: '{"error": "invalid_grant", "error_description": "AADSTS70008: the code has expired"}' }
  expect(await exchange()).toBeNull()
})

test.each([
  ['a wrong secret', { status: 401, body: '{"error": "invalid_client", "error_description": "the secret"}' }, 'denied'],
  ['too many sign-ins', { status: 429, body: '{}' }, 'unavailable'],
  ['an issuer that is down', { status: 503, body: '{}' }, 'unavailable'],
  ['no JSON', { status: 200, body: '<html>' }, 'unavailable'],
  ['an answer without end', { status: 200, body: `"${'x'.repeat(70_000)}"` }, 'unavailable'],
  ['a way elsewhere', { status: 307, body: '', location: 'http://127.0.0.1:9/token' }, 'unavailable'],
  ['no token', { status: 200, body: '{"id_token": "a.b.c"}' }, 'malformed'],
  ['a token for no time', { status: 200, body: '{"access_token": "a.b.c"}' }, 'malformed'],
] as const)('%s is a Fault, without secret or code in its message', async (_, given, kind) => {
  answer = given
  const fault = await exchange().then(
    () => null,
    (error: unknown) => error,
  )
  expect(fault).toBeInstanceOf(Fault)
  expect(fault).toMatchObject({ kind, message: expect.not.stringMatching(/the secret|the code|verifier/) })
})
