import { TableClient } from '@azure/data-tables'
import { QueueClient } from '@azure/storage-queue'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tryQueue } from '../../lib/adapters/bell/queue-trial.ts'
import { tryTable } from '../../lib/adapters/store/table-trial.ts'
import { type Azurite, startAzurite } from '../support/azurite.ts'

const clock = { now: () => Date.now() }
const LIMIT_MS = 20_000

let azurite: Azurite

beforeAll(async () => {
  azurite = await startAzurite()
  await azurite.table('SlipwayState').createTable()
  await azurite.table('SlipwayState').createEntity({ partitionKey: 'production', rowKey: 's!pricing' })
  await azurite.queue('slipway-intake').create()
})

afterAll(() => azurite?.stop())

describe('a table that is tried', () => {
  it('is well, tells the time, and is as it was before', async () => {
    const answer = await tryTable(azurite.table('SlipwayState'), clock, LIMIT_MS)
    expect(answer).toMatchObject({ kind: 'table', name: 'SlipwayState', trouble: null, poisoned: 0 })
    expect(Math.abs((answer.time?.theirs ?? 0) - (answer.time?.ours ?? 0))).toBeLessThan(60_000)
    const rows = []
    for await (const row of azurite.table('SlipwayState').listEntities()) rows.push(row.rowKey)
    expect(rows).toEqual(['s!pricing'])
  })

  it('is missing where it was never made', async () => {
    expect(await tryTable(azurite.table('SlipwayNone'), clock, LIMIT_MS)).toMatchObject({
      trouble: { kind: 'not-found' },
    })
  })

  it('is denied to whom it does not know, for reading and for writing', async () => {
    const client = (refuse: (method: string) => boolean) => {
      const table = azurite.table('SlipwayState')
      const policy: Parameters<typeof table.pipeline.addPolicy>[0] = {
        name: 'refuse',
        sendRequest: async (request, next) => {
          const response = await next(request)
          return refuse(request.method) ? { ...response, status: 403, bodyAsText: '{}' } : response
        },
      }
      table.pipeline.addPolicy(policy, { afterPhase: 'Sign' })
      return table
    }
    for (const method of ['GET', 'DELETE']) {
      const answer = await tryTable(
        client((sent) => sent === method),
        clock,
        LIMIT_MS,
      )
      expect(answer.trouble).toMatchObject({ kind: 'denied', message: expect.stringContaining('SlipwayState') })
    }
  })

  it('is unavailable where nobody answers', async () => {
    const nowhere = new TableClient('http://127.0.0.1:1/account', 'SlipwayState', {
      allowInsecureConnection: true,
      retryOptions: { maxRetries: 0 },
    })
    expect(await tryTable(nowhere, clock, LIMIT_MS)).toMatchObject({ trouble: { kind: 'unavailable' }, time: null })
  })
})

describe('a queue that is tried', () => {
  const poison = () => azurite.queue('slipway-intake-poison')

  it('is well without a poison queue, and with an empty one; what lies in it is counted and stays', async () => {
    const queue = azurite.queue('slipway-intake')
    expect(await tryQueue(queue, poison(), LIMIT_MS)).toEqual({
      kind: 'queue',
      name: 'slipway-intake',
      trouble: null,
      poisoned: 0,
      time: null,
    })
    await poison().create()
    await poison().sendMessage('one')
    await poison().sendMessage('two')
    expect(await tryQueue(queue, poison(), LIMIT_MS)).toMatchObject({ trouble: null, poisoned: 2 })
    expect((await poison().peekMessages({ numberOfMessages: 5 })).peekedMessageItems.length).toBe(2)
  })

  it('is missing where it was never made, and unavailable where nobody answers', async () => {
    expect(await tryQueue(azurite.queue('slipway-none'), poison(), LIMIT_MS)).toMatchObject({
      trouble: { kind: 'not-found' },
    })
    const nowhere = new QueueClient('http://127.0.0.1:1/account/q', undefined, { retryOptions: { maxTries: 1 } })
    expect(await tryQueue(nowhere, poison(), LIMIT_MS)).toMatchObject({ trouble: { kind: 'unavailable' } })
  })
})
