import { SecretClient } from '@azure/keyvault-secrets'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createVault, type VaultServer } from '../../../sim/azure/vault.ts'
import { handClock } from '../../../sim/clock.ts'
import { failureOf, type Trust, trust } from './trust.ts'

const clock = handClock(Date.UTC(2026, 0, 15, 12))
let local: Trust
let vault: VaultServer
let client: SecretClient

beforeAll(async () => {
  local = await trust()
  const { accept, tenantId } = local.identity
  vault = await createVault({ clock, tls: local.tls, accept, tenantId, pageSize: 2 })
  const options = { ...local.client, disableChallengeResourceVerification: true }
  client = new SecretClient(vault.url, local.credential, options)
})
afterAll(async () => {
  await vault.close()
  await local.identity.close()
})

test('the real client answers the challenge and reads the newest version', async () => {
  vault.put('greeting', 'hello')
  clock.advance(60_000)
  const newest = vault.put('greeting', 'good day')
  const secret = await client.getSecret('greeting')
  expect(secret.value).toBe('good day')
  expect(secret.properties).toMatchObject({ name: 'greeting', version: newest, enabled: true })
  expect(secret.properties.createdOn).toEqual(new Date(clock.now()))
})

test('a rotation keeps the old version readable until it is switched off', async () => {
  const old = vault.put('rotating', 'one')
  const young = vault.put('rotating', 'two')
  expect((await client.getSecret('rotating', { version: old })).value).toBe('one')
  vault.enable('rotating', old, false)
  expect(await failureOf(client.getSecret('rotating', { version: old }))).toMatchObject({ statusCode: 403 })
  expect((await client.getSecret('rotating')).value).toBe('two')
  vault.enable('rotating', young, false)
  expect(await failureOf(client.getSecret('rotating'))).toMatchObject({ statusCode: 403, code: 'Forbidden' })
})

test('all versions are listed over several pages, without their values', async () => {
  const made = [1, 2, 3, 4, 5].map((value) => vault.put('listed', `${value}`))
  const listed: string[] = []
  let pages = 0
  for await (const page of client.listPropertiesOfSecretVersions('listed').byPage()) {
    pages++
    listed.push(...page.map((version) => version.version ?? ''))
    expect(JSON.stringify(page)).not.toContain('"value"')
  }
  expect(listed.toSorted()).toEqual(made.toSorted())
  expect(pages).toBe(3)
})

test('a secret that is not there is a 404, before and after it existed', async () => {
  vault.put('fleeting', 'x')
  vault.remove('fleeting')
  expect(await failureOf(client.getSecret('fleeting'))).toMatchObject({ statusCode: 404, code: 'SecretNotFound' })
  expect(await failureOf(client.getSecret('never'))).toMatchObject({ statusCode: 404, code: 'SecretNotFound' })
})

test('each fault reaches the client as what it is', async () => {
  vault.put('shy', 'x')
  const statuses = { down: 503, denied: 403, throttled: 429 } as const
  for (const kind of ['down', 'denied', 'throttled'] as const) {
    vault.faults.inject(kind, 1)
    expect(await failureOf(client.getSecret('shy'))).toMatchObject({ statusCode: statuses[kind] })
  }
  vault.faults.inject('malformed', 1)
  expect((await failureOf(client.getSecret('shy'))).message).toMatch(/JSON/)
  expect((await client.getSecret('shy')).value).toBe('x')
})

test('a token for another service gets the challenge again', async () => {
  const token = local.identity.issue('https://storage.azure.com')
  const stranger = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }
  const options = { ...local.client, disableChallengeResourceVerification: true }
  const refused = await failureOf(new SecretClient(vault.url, stranger, options).getSecret('greeting'))
  expect(refused).toMatchObject({ statusCode: 401, code: 'Unauthorized' })
})
