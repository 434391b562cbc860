import type { QueueClient } from '@azure/storage-queue'
import type { Inbox } from '../../ports.ts'
import { MOST_BYTES, sendText, textOf } from './queues.ts'

/** What the inbox needs. */
export interface QueueInboxOptions {
  /** Client of the queue `slipway-intake`. The SDK's own retries may stay on: a doubled delivery starts one rollout. */
  readonly queue: QueueClient
  /** Time limit of one `accept`, in milliseconds; default 4 000, because a registry waits no more than 5 s (ACR's webhook). */
  readonly timeoutMs?: number
}

/** A delivery as text, and whoever waits until it is stored. */
interface Waiting {
  readonly text: string
  readonly bytes: number
  readonly signal: AbortSignal
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** How many messages are on their way at once before what comes next waits, and so travels together. */
const MOST_UNDER_WAY = 2
/** How many deliveries one message holds: acting on them is one run of a function, and is done again when one fails. */
const MOST_TOGETHER = 32

/**
 * Takes deliveries into a queue: what was accepted is durable. Those that come together, or while others are on their way,
 * share a message, as a list; one alone is not in a list. Nobody is answered before the message with his delivery is stored.
 * Throws Fault; `malformed` for a delivery over 48 KiB, before anything was sent. After another Fault some of the deliveries
 * may be in the queue.
 */
export function createQueueInbox({ queue, timeoutMs = 4_000 }: QueueInboxOptions): Inbox {
  const waiting: Waiting[] = []
  let underWay = 0
  const sendOff = async () => {
    const [oldest] = waiting
    if (underWay === MOST_UNDER_WAY || oldest === undefined) return
    const together = waiting.splice(0, fitting(waiting))
    underWay += 1
    try {
      await sendText(queue, messageOf(together), 0, oldest.signal)
      for (const { resolve } of together) resolve()
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
    underWay -= 1
    void sendOff()
  }
  return {
    accept: async (deliveries) => {
      const texts = deliveries.map((delivery) => textOf(queue.name, delivery))
      const signal = AbortSignal.timeout(timeoutMs)
      const stored = texts.map(
        (text) =>
          new Promise<void>((resolve, reject) => {
            waiting.push({ text, bytes: Buffer.byteLength(text), signal, resolve, reject })
          }),
      )
      setImmediate(() => void sendOff())
      await Promise.all(stored)
    },
  }
}

/** How many of those that wait go into one message: at least the first, which fits by itself. */
function fitting(waiting: readonly Waiting[]): number {
  let bytes = 2
  const room = waiting.slice(0, MOST_TOGETHER).findIndex((one) => {
    bytes += one.bytes + 1
    return bytes > MOST_BYTES
  })
  return room < 0 ? Math.min(waiting.length, MOST_TOGETHER) : Math.max(room, 1)
}

function messageOf(together: readonly Waiting[]): string {
  const [first] = together
  if (together.length === 1 && first !== undefined) return first.text
  return `[${together.map(({ text }) => text).join(',')}]`
}
