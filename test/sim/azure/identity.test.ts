import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIdentity } from '../../../sim/azure/identity.ts'
import { handClock } from '../../../sim/clock.ts'
import { failureOf, type Trust, trust } from './trust.ts'

let local: Trust
beforeAll(async () => {
  local = await trust()
})
afterAll(() => local.identity.close())

test('the real credential gets a token that is accepted for its audience and for no other', async () => {
  const { token, expiresOnTimestamp } = await local.credential.getToken('https://vault.azure.net/.default')
  expect(local.identity.accept(token, 'https://vault.azure.net')).toBe(true)
  expect(local.identity.accept(token, 'https://vault.azure.net/')).toBe(true)
  expect(local.identity.accept(token, 'https://storage.azure.com')).toBe(false)
  expect(expiresOnTimestamp).toBeGreaterThan(Date.now() + 23 * 3_600_000)
  expect(local.identity.issued.get('https://vault.azure.net')).toBe(1)
})

test('a token that somebody changed, or made elsewhere, is refused', async () => {
  const other = await createIdentity({ clock: handClock(Date.now()), tenantId: local.identity.tenantId })
  await other.close()
  const [head, body, signature] = local.identity.issue('https://a.example').split('.')
  const claims = JSON.parse(Buffer.from(body ?? '', 'base64url').toString())
  const changed = Buffer.from(JSON.stringify({ ...claims, aud: 'https://b.example' })).toString('base64url')
  expect(local.identity.accept(`${head}.${body}.${signature}`, 'https://a.example')).toBe(true)
  expect(local.identity.accept(`${head}.${changed}.${signature}`, 'https://b.example')).toBe(false)
  expect(local.identity.accept(other.issue('https://a.example'), 'https://a.example')).toBe(false)
  for (const nonsense of [null, '', 'x', 'a.b.c', '..']) expect(local.identity.accept(nonsense, 'a')).toBe(false)
})

test('a token is good until the second it expires', async () => {
  const clock = handClock(1_000_000_000_000)
  const identity = await createIdentity({ clock, lifetimeMs: 60_000 })
  const token = identity.issue('https://a.example')
  clock.advance(59_999)
  expect(identity.accept(token, 'https://a.example')).toBe(true)
  clock.advance(1)
  expect(identity.accept(token, 'https://a.example')).toBe(false)
  await identity.close()
})

test('the endpoint refuses a wrong header, a missing resource and an identity that is not there', async () => {
  const ask = (query: string, header = local.identity.header) =>
    fetch(`${local.identity.url}?${query}`, { headers: { 'x-identity-header': header } })
  const good = 'api-version=2019-08-01&resource=https%3A%2F%2Fa.example'
  expect((await ask(good)).status).toBe(200)
  expect((await ask(good, 'guessed')).status).toBe(403)
  expect((await ask('api-version=2019-08-01')).status).toBe(400)
  expect((await ask('resource=https%3A%2F%2Fa.example')).status).toBe(400)
  expect((await ask(`${good}&client_id=nobody`)).status).toBe(400)
})

test('a fault is met as often as ordered, and the credential reports it', async () => {
  local.identity.faults.inject('denied', 1)
  const failure = await failureOf(local.credential.getToken('https://denied.example/.default'))
  expect(failure.message).toContain('No User Assigned or Delegated Managed Identity found')
  expect(await local.credential.getToken('https://denied.example/.default')).toHaveProperty('token')
})
