import { afterAll, beforeAll, describe } from 'vitest'
import { createQueueInbox } from '../../lib/adapters/bell/inbox.ts'
import { ensureQueues } from '../../lib/adapters/bell/queues.ts'
import type { Delivery } from '../../lib/ports.ts'
import { createSimStore } from '../../sim/store.ts'
import { type Azurite, startAzurite } from '../support/azurite.ts'
import { inboxContract } from './inbox.contract.ts'

describe('the in-memory inbox', () => {
  inboxContract(async () => {
    const store = createSimStore()
    return { inbox: store, received: async () => store.take() }
  })
})

describe('the queue inbox on Azurite', () => {
  let azurite: Azurite
  let opened = 0
  beforeAll(async () => {
    azurite = await startAzurite()
  }, 60_000)
  afterAll(() => azurite.stop())

  inboxContract(async () => {
    opened += 1
    const queue = azurite.queue(`slipway-intake-${opened}`)
    await ensureQueues([queue, queue])
    const received = async () => {
      const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 })
      return receivedMessageItems.flatMap(({ messageText }): Delivery[] =>
        [JSON.parse(Buffer.from(messageText, 'base64').toString())].flat(),
      )
    }
    return { inbox: createQueueInbox({ queue, timeoutMs: 60_000 }), received }
  })
})
