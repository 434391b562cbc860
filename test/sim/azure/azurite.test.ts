import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TableClient, TableServiceClient } from '@azure/data-tables'
import { QueueClient } from '@azure/storage-queue'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AzuriteServer, createAzurite } from '../../../sim/azure/azurite.ts'
import { failureOf, type Trust, trust } from './trust.ts'

let local: Trust
let folder: string
let storage: AzuriteServer

beforeAll(async () => {
  local = await trust()
  folder = await mkdtemp(join(tmpdir(), 'slipway-test-'))
  storage = await createAzurite({ tls: local.tls, location: folder })
}, 90_000)
afterAll(async () => {
  await storage.close()
  await local.identity.close()
  await rm(folder, { recursive: true, force: true })
})

const table = (name: string) => new TableClient(storage.tableUrl, name, local.credential, local.client)

test('a table is made, written and read with the token of the managed identity', async () => {
  const client = table('letters')
  await client.createTable()
  const { etag } = await client.createEntity({ partitionKey: 'p', rowKey: 'r', text: 'one' })
  await client.updateEntity({ partitionKey: 'p', rowKey: 'r', text: 'two' }, 'Replace', { etag: etag ?? '' })
  expect(await client.getEntity('p', 'r')).toMatchObject({ text: 'two' })
  const stale = client.updateEntity({ partitionKey: 'p', rowKey: 'r', text: 'three' }, 'Replace', { etag: etag ?? '' })
  expect(await failureOf(stale)).toMatchObject({ statusCode: 412 })
})

test('a queue hands over a message with the token of the managed identity', async () => {
  const client = new QueueClient(`${storage.queueUrl}/errands`, local.credential, local.queueClient)
  await client.create()
  await client.sendMessage('go')
  const { receivedMessageItems } = await client.receiveMessages()
  expect(receivedMessageItems.map(({ messageText }) => messageText)).toEqual(['go'])
})

test('a token for another service is refused', async () => {
  const token = local.identity.issue('https://vault.azure.net')
  const stranger = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }
  const client = new TableServiceClient(storage.tableUrl, stranger, local.client)
  expect(await failureOf(client.listTables().next())).toMatchObject({ statusCode: 403 })
})

test('what was written is there after the storage was closed and started again, and the process has gone', async () => {
  await table('kept').createTable()
  await table('kept').createEntity({ partitionKey: 'p', rowKey: 'r', text: 'still here' })
  const { pid } = storage
  await storage.close()
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
  storage = await createAzurite({ tls: local.tls, location: folder })
  expect(await table('kept').getEntity('p', 'r')).toMatchObject({ text: 'still here' })
}, 90_000)

test('a start that cannot succeed says what Azurite said', async () => {
  const broken = createAzurite({ tls: { ...local.tls, key: 'no key' } })
  expect((await failureOf(broken)).message).toMatch(/Azurite did not start: .*It said: .*\S/s)
}, 90_000)
