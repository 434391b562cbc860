import { QueueClient, StorageSharedKeyCredential } from '@azure/storage-queue'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createQueueInbox } from '../../../lib/adapters/bell/inbox.ts'
import { createQueueBell } from '../../../lib/adapters/bell/queue.ts'
import { ensureQueues } from '../../../lib/adapters/bell/queues.ts'
import type { Delivery } from '../../../lib/ports.ts'
import { type Azurite, startAzurite } from '../../support/azurite.ts'
import { anEvent, T0 } from '../../support/state.ts'
import { type StorageStub, type StubAnswer, startStorageStub } from '../../support/storage-stub.ts'

const clock = { now: () => T0 }
const running: StorageStub[] = []
let azurite: Azurite
let opened = 0
beforeAll(async () => {
  azurite = await startAzurite()
}, 60_000)
afterAll(() => azurite.stop())
afterEach(async () => {
  for (const stub of running.splice(0)) await stub.stop()
})

async function aQueue(): Promise<QueueClient> {
  opened += 1
  const queue = azurite.queue(`slipway-turns-${opened}`)
  await ensureQueues([queue])
  return queue
}

async function stubbed(answer: StubAnswer): Promise<{ readonly queue: QueueClient; readonly stub: StorageStub }> {
  const stub = await startStorageStub(answer)
  running.push(stub)
  const credential = new StorageSharedKeyCredential('account', Buffer.from('no secret').toString('base64'))
  return { stub, queue: new QueueClient(`${stub.url}/slipway-turns`, credential, { retryOptions: { maxTries: 1 } }) }
}

function ignoredWith(reason: string): Delivery {
  return { kind: 'ignored', record: anEvent(1, { reason }) }
}

describe('the bell', () => {
  it('rings at once for a time that is past, with the environment and the time as JSON in base64', async () => {
    const queue = await aQueue()
    await createQueueBell({ queue, clock }).ring([{ environment: 'production', at: T0 - 5000 }])
    const { receivedMessageItems } = await queue.receiveMessages()
    const bodies = receivedMessageItems.map(({ messageText }) =>
      JSON.parse(Buffer.from(messageText, 'base64').toString()),
    )
    expect(bodies).toEqual([{ environment: 'production', at: T0 - 5000 }])
  })

  it('keeps a message out of sight until its time, and never lets it expire', async () => {
    const queue = await aQueue()
    await createQueueBell({ queue, clock }).ring([{ environment: 'production', at: T0 + 3_600_000 }])
    expect((await queue.receiveMessages()).receivedMessageItems).toEqual([])
    expect((await queue.getProperties()).approximateMessagesCount).toBe(1)
  })

  it('is heard once the delay is over', async () => {
    const queue = await aQueue()
    await createQueueBell({ queue, clock }).ring([{ environment: 'production', at: T0 + 900 }])
    await expect
      .poll(async () => (await queue.receiveMessages()).receivedMessageItems.length, { timeout: 30_000, interval: 100 })
      .toBe(1)
  }, 60_000)

  it.each([
    [-1, 0],
    [0, 0],
    [1, 1],
    [1000, 1],
    [60_001, 61],
    [604_800_000, 604_800],
    [604_800_001, 604_800],
    [9e12, 604_800],
  ])('asks for %d ms as a delay of %d s, to the second above and at most seven days', async (ms, seconds) => {
    const { queue, stub } = await stubbed({ status: 500 })
    await createQueueBell({ queue, clock })
      .ring([{ environment: 'production', at: T0 + ms }])
      .catch(() => undefined)
    expect(stub.requests).toHaveLength(1)
    const query = new URL(stub.requests[0]?.split(' ')[1] ?? '', stub.url).searchParams
    expect([query.get('visibilitytimeout'), query.get('messagettl')]).toEqual([String(seconds), '-1'])
  })

  it('may ask for the longest delay that Queue Storage knows', async () => {
    const queue = await aQueue()
    await createQueueBell({ queue, clock }).ring([{ environment: 'production', at: T0 + 9e12 }])
    expect((await queue.getProperties()).approximateMessagesCount).toBe(1)
  })

  it('rings for several environments, and for none', async () => {
    const queue = await aQueue()
    const bell = createQueueBell({ queue, clock })
    await bell.ring([])
    await bell.ring(['production', 'staging', 'test'].map((environment) => ({ environment, at: T0 })))
    expect((await queue.getProperties()).approximateMessagesCount).toBe(3)
  })
})

describe('the inbox', () => {
  const overhead = JSON.stringify(ignoredWith('')).length

  it('takes a delivery of exactly 48 KiB', async () => {
    const queue = await aQueue()
    await createQueueInbox({ queue, timeoutMs: 60_000 }).accept([ignoredWith('x'.repeat(48 * 1024 - overhead))])
    expect((await queue.getProperties()).approximateMessagesCount).toBe(1)
  })

  it('lets deliveries that come together share messages, up to 32 and up to 48 KiB, and loses none', async () => {
    const queue = await aQueue()
    const inbox = createQueueInbox({ queue, timeoutMs: 60_000 })
    const large = 'x'.repeat(20_000)
    const reasons = [large, large, large, ...Array.from({ length: 40 }, (_, index) => `small ${index}`)]
    await Promise.all(reasons.map((reason) => inbox.accept([ignoredWith(reason)])))
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 })
    const lists = receivedMessageItems.map(({ messageText }) =>
      [JSON.parse(Buffer.from(messageText, 'base64').toString())].flat(),
    )
    expect(lists.length).toBeGreaterThan(1)
    expect(lists.length).toBeLessThan(10)
    expect(Math.max(...lists.map((list) => list.length))).toBeLessThanOrEqual(32)
    expect(
      lists
        .flat()
        .map(({ record }) => record.reason)
        .sort(),
    ).toEqual(reasons.toSorted())
  })

  it('refuses all who share a message that could not be stored, and takes what comes after', async () => {
    const { queue } = await stubbed({ status: 500 })
    const inbox = createQueueInbox({ queue })
    const settled = await Promise.allSettled(['a', 'b', 'c'].map((reason) => inbox.accept([ignoredWith(reason)])))
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await expect(inbox.accept([ignoredWith('d')])).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it.each([
    ['one byte', 'x'.repeat(48 * 1024 - overhead + 1)],
    ['few characters of many bytes', '🚀'.repeat(12_300)],
  ])('refuses a delivery that is too large by %s, before anything is sent', async (_, reason) => {
    const queue = await aQueue()
    const accepting = createQueueInbox({ queue }).accept([ignoredWith('small'), ignoredWith(reason)])
    await expect(accepting).rejects.toMatchObject({ kind: 'malformed', message: /too large .*Nothing was sent/ })
    expect((await queue.getProperties()).approximateMessagesCount).toBe(0)
  })
})

describe('a queue that refuses', () => {
  it.each<[string, StubAnswer, object]>([
    [
      'throttled when the server is busy',
      { status: 503, headers: { 'retry-after': '3', 'x-ms-error-code': 'ServerBusy' } },
      { kind: 'throttled', retryAfterMs: 3000 },
    ],
    ['unavailable at 500', { status: 500 }, { kind: 'unavailable' }],
    [
      'denied at 403, with the role it takes',
      { status: 403 },
      { kind: 'denied', message: /Storage Queue Data Contributor/ },
    ],
    [
      'not found where there is no such queue',
      { status: 404 },
      { kind: 'not-found', message: /Create the queue first/ },
    ],
    ['conflict while the queue is being deleted', { status: 409 }, { kind: 'conflict' }],
    ['malformed at 413', { status: 413 }, { kind: 'malformed' }],
  ])('is %s', async (_, answer, expected) => {
    const { queue } = await stubbed(answer)
    await expect(createQueueInbox({ queue }).accept([ignoredWith('')])).rejects.toMatchObject(expected)
    await expect(createQueueBell({ queue, clock }).ring([{ environment: 'e', at: T0 }])).rejects.toMatchObject(expected)
  })

  it('is unavailable when no answer comes in time', async () => {
    const { queue } = await stubbed('silent')
    await expect(createQueueInbox({ queue, timeoutMs: 50 }).accept([ignoredWith('')])).rejects.toMatchObject({
      kind: 'unavailable',
    })
  })

  it('is told by ensureQueues too', async () => {
    const { queue } = await stubbed({ status: 403 })
    await expect(ensureQueues([queue])).rejects.toMatchObject({ kind: 'denied' })
  })
})
