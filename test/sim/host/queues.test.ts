import type { QueueClient } from '@azure/storage-queue'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Host, HostOptions } from '../../../sim/host/host.ts'
import type { LogLine } from '../../../sim/host/log.ts'
import {
  bundleFixture,
  CEILING_MS,
  eventually,
  HOST_JSON,
  KEYS,
  newFolder,
  put,
  queuesOf,
  startAzurite,
  startFixture,
  takeTexts,
  waiting,
} from './support.ts'

vi.setConfig({ testTimeout: CEILING_MS, hookTimeout: CEILING_MS })

let entry: string
let azurite: Awaited<ReturnType<typeof startAzurite>>
let host: Host
let lines: LogLine[] = []
let work: QueueClient
let results: QueueClient
let poison: QueueClient

beforeAll(async () => {
  entry = await bundleFixture(newFolder(), 'esm')
  azurite = await startAzurite()
  const service = queuesOf(azurite.connectionString)()
  work = service.getQueueClient('work')
  results = service.getQueueClient('results')
  poison = service.getQueueClient('work-poison')
})

afterAll(() => azurite?.stop())

beforeEach(async () => {
  await work.createIfNotExists()
})

afterEach(async () => {
  await host.close()
  for (const queue of [work, results, poison]) await queue.deleteIfExists()
})

async function begin(options: Partial<HostOptions> = {}): Promise<void> {
  const settings = { 'AzureWebJobs.work.Disabled': 'false', ...options.settings }
  const started = await startFixture(entry, { queues: queuesOf(azurite.connectionString), ...options, settings })
  host = started.host
  lines = started.lines
}

function attempts(id: string): string[] {
  return lines.map((line) => line.message).filter((message) => message.startsWith(`work ${id} `))
}

/** Time in which the host could do what it must not do. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function isEmpty(queue: QueueClient): Promise<boolean> {
  return ((await queue.getProperties()).approximateMessagesCount ?? 0) === 0
}

describe('a queue trigger', () => {
  test('runs a message with its metadata, deletes it, and its outputs make their queue', async () => {
    await begin()
    await put(work, { id: 'a' })
    const [text] = await takeTexts(results, 1)
    const names = [
      'dequeueCount',
      'expirationTime',
      'id',
      'insertionTime',
      'nextVisibleTime',
      'popReceipt',
      'queueTrigger',
    ]
    expect(JSON.parse(text ?? '')).toEqual({ id: 'a', attempt: 1, metadata: names })
    await eventually(async () => (await isEmpty(work)) || undefined)
  })

  test('tries again what failed, until it succeeds', async () => {
    await begin()
    await put(work, { id: 'b', fail: 2 })
    const [text] = await takeTexts(results, 1)
    expect(JSON.parse(text ?? '')).toMatchObject({ id: 'b', attempt: 3 })
    expect(attempts('b')).toHaveLength(3)
    expect(lines.filter((line) => line.level === 'error').map((line) => line.category)).toContain('Function.work')
  })

  test('moves to the poison queue, untouched, what failed maxDequeueCount times', async () => {
    await begin()
    await put(work, { id: 'c', fail: 99 })
    expect(await takeTexts(poison, 1)).toEqual(['{"id":"c","fail":99}'])
    expect(attempts('c')).toHaveLength(3)
    await eventually(async () => (await isEmpty(work)) || undefined)
  })

  test('moves to the poison queue what is not in the agreed encoding', async () => {
    await begin()
    await work.sendMessage('{"id":"plain"}')
    await eventually(async () => ((await poison.exists()) && !(await isEmpty(poison))) || undefined)
    const { peekedMessageItems } = await poison.peekMessages()
    expect(peekedMessageItems[0]?.messageText).toBe('{"id":"plain"}')
    expect(attempts('plain')).toEqual([])
  })

  test('reads and writes plain text where host.json says so', async () => {
    const queues = { ...HOST_JSON.extensions.queues, messageEncoding: 'none' }
    await begin({ hostJson: { version: '2.0', extensions: { queues } } })
    await work.sendMessage('{"id":"plain"}')
    await eventually(async () => ((await results.exists()) && !(await isEmpty(results))) || undefined)
    const { peekedMessageItems } = await results.peekMessages()
    expect(JSON.parse(peekedMessageItems[0]?.messageText ?? '')).toMatchObject({ id: 'plain', attempt: 1 })
  })

  test('runs batchSize + newBatchThreshold messages side by side and no more', async () => {
    const queues = { batchSize: 2, newBatchThreshold: 1, maxPollingInterval: '00:00:00.100' }
    await begin({ hostJson: { version: '2.0', extensions: { queues } } })
    const ids = ['p1', 'p2', 'p3', 'p4', 'p5']
    for (const id of ids) await put(work, { id, waitFor: id })
    const begun = () => ids.filter((id) => attempts(id).length > 0)
    await eventually(() => begun().length >= 2 || undefined)
    const first = await waiting(begun()[0] ?? '')
    first()
    await eventually(() => begun().length >= 4 || undefined)
    await pause(500)
    expect(begun()).toHaveLength(4)
    for (const id of ids) (await waiting(id))()
    expect(await takeTexts(results, 5)).toHaveLength(5)
  })

  test('keeps a message to itself for longer than one lease', async () => {
    await begin({ leaseMs: 1000 })
    await put(work, { id: 'long', waitFor: 'long' })
    const release = await waiting('long')
    await put(work, { id: 'marker' })
    await takeTexts(results, 1)
    await pause(2500)
    release()
    const [text] = await takeTexts(results, 1)
    expect(JSON.parse(text ?? '')).toMatchObject({ id: 'long', attempt: 1 })
    expect(attempts('long')).toHaveLength(1)
    await eventually(async () => (await isEmpty(work)) || undefined)
  })

  test('waits for a queue that is not there yet', async () => {
    await work.deleteIfExists()
    await begin()
    await pause(300)
    await work.createIfNotExists()
    await put(work, { id: 'late' })
    expect(await takeTexts(results, 1)).toHaveLength(1)
    expect(lines.filter((line) => line.level === 'warning')).toEqual([])
  })

  test('is let end when the host closes, and its message is gone', async () => {
    await begin()
    await put(work, { id: 'last', waitFor: 'last' })
    const release = await waiting('last')
    const closing = host.close()
    release()
    await closing
    expect(await takeTexts(results, 1)).toHaveLength(1)
    expect(await isEmpty(work)).toBe(true)
  })

  test('that is switched off takes nothing', async () => {
    await begin({ settings: { 'AzureWebJobs.work.Disabled': 'true' } })
    await put(work, { id: 'idle' })
    const answer = await fetch(`${host.url}/admin/functions/work`, {
      method: 'POST',
      headers: { 'x-functions-key': KEYS.master },
      body: JSON.stringify({ input: '{"id":"by hand"}' }),
    })
    expect(answer.status).toBe(202)
    const [text] = await takeTexts(results, 1)
    expect(JSON.parse(text ?? '')).toMatchObject({ id: 'by hand' })
    expect(await isEmpty(work)).toBe(false)
  })
})

test('an HTTP function puts each item of an array on its output queue before it answers', async () => {
  await begin()
  expect((await fetch(`${host.url}/api/enqueue`)).status).toBe(202)
  expect((await takeTexts(results, 3)).sort()).toEqual(['three', '{"n":1}', '{"n":2}'])
})

test('a timer runs by hand, by its schedule and by the admin route, and what it returns is a message', async () => {
  const ticks = queuesOf(azurite.connectionString)().getQueueClient('ticks')
  await begin({ settings: { FIXTURE_SCHEDULE: '* * * * * *' } })
  expect((await takeTexts(ticks, 2)).map((text) => JSON.parse(text).isPastDue)).toEqual([false, false])
  await host.close()
  await begin()
  await host.runTimer('tick')
  expect(await takeTexts(ticks, 1)).toHaveLength(1)
  await expect(host.runTimer('failing-tick')).rejects.toThrow('no tick')
  await expect(host.runTimer('work')).rejects.toThrow('no timer function "work"')
  const init = { method: 'POST', body: '{}' }
  expect((await fetch(`${host.url}/admin/functions/tick`, init)).status).toBe(401)
  const headers = { 'x-functions-key': KEYS.master }
  expect((await fetch(`${host.url}/admin/functions/absent`, { ...init, headers })).status).toBe(404)
  expect((await fetch(`${host.url}/admin/functions/tick`, { ...init, headers })).status).toBe(202)
  expect(await takeTexts(ticks, 1)).toHaveLength(1)
})
