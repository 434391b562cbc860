import type { QueueClient } from '@azure/storage-queue'
import type { Inbox } from '../../ports.ts'
import { send } from './queues.ts'

/** What the inbox needs. */
export interface QueueInboxOptions {
  /** Client of the queue `slipway-intake`. The SDK's own retries may stay on: a doubled delivery starts one rollout. */
  readonly queue: QueueClient
  /** Time limit of one `accept`, in milliseconds; default 4 000, because a registry waits no more than 5 s (ACR's webhook). */
  readonly timeoutMs?: number
}

/**
 * Takes deliveries into a queue, one message each: what was accepted is durable. Throws Fault; `malformed` for a delivery
 * over 48 KiB, before anything was sent. After another Fault some of the deliveries may be in the queue.
 */
export function createQueueInbox({ queue, timeoutMs = 4_000 }: QueueInboxOptions): Inbox {
  return {
    accept: async (deliveries) => {
      await send(
        queue,
        timeoutMs,
        deliveries.map((body) => ({ body, delaySeconds: 0 })),
      )
    },
  }
}
