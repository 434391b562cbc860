import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue'
import type { TypedData } from './functions-core.ts'
import type { QueueRules } from './host-json.ts'
import { type Log, textOf } from './log.ts'

/** One queue trigger. */
export interface QueueOptions {
  readonly functionName: string
  readonly queue: QueueClient
  readonly poison: QueueClient
  readonly rules: QueueRules
  /** How long a message is hidden while its function runs; renewed at half of it. Azure: ten minutes. */
  readonly leaseMs: number
  readonly log: Log
  readonly invoke: (text: string, triggerMetadata: Record<string, TypedData>) => Promise<void>
}

export interface RunningQueue {
  /** Takes no more messages; resolves when those in hand have ended. */
  stop(): Promise<void>
}

const MIN_POLL_MS = 100

/**
 * Feeds a function from a queue, as the Storage queues extension does: polls with back-off, runs messages side by side,
 * deletes what succeeded, shows again what failed, and moves to `<queue>-poison` what failed maxDequeueCount times.
 */
export function startQueue(options: QueueOptions): RunningQueue {
  const { rules, queue } = options
  const running = new Set<Promise<void>>()
  let stopped = false
  let wake = () => {}

  const take = (message: DequeuedMessageItem) => {
    const work = handle(options, message).finally(() => {
      running.delete(work)
      wake()
    })
    running.add(work)
  }
  const sleep = (ms: number | null) =>
    new Promise<void>((resolve) => {
      const timer = ms === null ? undefined : setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const loop = async () => {
    let idleMs = MIN_POLL_MS
    while (!stopped) {
      if (running.size > rules.newBatchThreshold) {
        await sleep(null)
        continue
      }
      const messages = await receive(options)
      if (stopped) await Promise.all(messages.map((message) => show(queue, message, 0)))
      else messages.forEach(take)
      if (messages.length === 0 && !stopped) await sleep(idleMs)
      idleMs =
        messages.length > 0 ? MIN_POLL_MS : Math.min(idleMs * 2, Math.max(MIN_POLL_MS, rules.maxPollingIntervalMs))
    }
    while (running.size > 0) await Promise.all(running)
  }
  const ended = loop()
  return {
    stop() {
      stopped = true
      wake()
      return ended
    },
  }
}

/** A queue that is not there yet, or a storage that does not answer, is a queue without messages. */
async function receive(options: QueueOptions): Promise<readonly DequeuedMessageItem[]> {
  try {
    const found = await options.queue.receiveMessages({
      numberOfMessages: options.rules.batchSize,
      visibilityTimeout: Math.ceil(options.leaseMs / 1000),
    })
    return found.receivedMessageItems
  } catch (error) {
    if (!isGone(error)) say(options, 'warning', `cannot be read: ${textOf(error)}`)
    return []
  }
}

/** Never throws: whatever goes wrong with the storage, the message comes back when its lease is over. */
async function handle(options: QueueOptions, message: DequeuedMessageItem): Promise<void> {
  try {
    const text = decode(options.rules.messageEncoding, message.messageText)
    if (text === null) {
      say(options, 'error', `message ${message.messageId} is not base64.`)
      return await bury(options, message)
    }
    if (message.dequeueCount > options.rules.maxDequeueCount) return await bury(options, message)
    await runOne(options, message, text)
  } catch (error) {
    if (!isGone(error)) say(options, 'error', `message ${message.messageId}: ${textOf(error)}`)
  }
}

async function runOne(options: QueueOptions, message: DequeuedMessageItem, text: string): Promise<void> {
  const lease = renew(options, message)
  let failed = false
  try {
    await options.invoke(text, metadataOf(message, text))
  } catch {
    failed = true
  }
  const popReceipt = await lease.end()
  const current = { ...message, popReceipt }
  if (!failed) await options.queue.deleteMessage(message.messageId, popReceipt)
  else if (message.dequeueCount >= options.rules.maxDequeueCount) await bury(options, current)
  else await show(options.queue, current, options.rules.visibilityTimeoutMs)
}

/** Keeps a message hidden while its function runs; `end` gives the newest pop receipt. */
function renew(options: QueueOptions, message: DequeuedMessageItem): { end(): Promise<string> } {
  let popReceipt = message.popReceipt
  let renewal: Promise<void> = Promise.resolve()
  const seconds = Math.ceil(options.leaseMs / 1000)
  const timer = setInterval(() => {
    renewal = renewal.then(async () => {
      const renewed = await options.queue.updateMessage(message.messageId, popReceipt, undefined, seconds)
      popReceipt = renewed.popReceipt ?? popReceipt
    })
    renewal = renewal.catch((error) =>
      say(options, 'warning', `message ${message.messageId} not renewed: ${textOf(error)}`),
    )
  }, options.leaseMs / 2)
  return {
    async end() {
      clearInterval(timer)
      await renewal
      return popReceipt
    },
  }
}

async function show(queue: QueueClient, message: DequeuedMessageItem, afterMs: number): Promise<void> {
  await queue.updateMessage(message.messageId, message.popReceipt, undefined, Math.ceil(afterMs / 1000))
}

/** Moves a message, text untouched, to the poison queue, which is made when it is not there. */
async function bury(options: QueueOptions, message: DequeuedMessageItem): Promise<void> {
  say(options, 'warning', `message ${message.messageId} goes to ${options.poison.name}.`)
  await options.poison.createIfNotExists()
  await options.poison.sendMessage(message.messageText)
  await options.queue.deleteMessage(message.messageId, message.popReceipt)
}

function decode(encoding: QueueRules['messageEncoding'], text: string): string | null {
  if (encoding === 'none') return text
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
  return isBase64 ? Buffer.from(text, 'base64').toString('utf8') : null
}

function metadataOf(message: DequeuedMessageItem, text: string): Record<string, TypedData> {
  const json = (value: unknown) => ({ json: JSON.stringify(value) })
  return {
    DequeueCount: json(message.dequeueCount),
    Id: json(message.messageId),
    PopReceipt: { string: message.popReceipt },
    InsertionTime: json(message.insertedOn),
    ExpirationTime: json(message.expiresOn),
    NextVisibleTime: json(message.nextVisibleOn),
    QueueTrigger: { string: text },
  }
}

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 404
}

function say(options: QueueOptions, level: 'warning' | 'error', what: string): void {
  options.log(level, `Function.${options.functionName}`, `queue ${options.queue.name}: ${what}`)
}
