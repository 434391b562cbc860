import type { QueueClient } from '@azure/storage-queue'
import type { Bell, Clock } from '../../ports.ts'
import { send } from './queues.ts'

/** What the bell needs. */
export interface QueueBellOptions {
  /** Client of the queue `slipway-turns`. The SDK's own retries may stay on: a doubled message does no harm. */
  readonly queue: QueueClient
  readonly clock: Clock
  /** Time limit of one ring, in milliseconds; default 10 000. */
  readonly timeoutMs?: number
}

/** Queue Storage hides a message for at most seven days. */
const MOST_SECONDS = 604_800

/**
 * Rings through delayed messages: `{environment, at}` becomes visible when its time has come, to the second above. A time
 * that is past rings now; one further off than seven days rings after seven days, which does no harm. Throws Fault.
 */
export function createQueueBell({ queue, clock, timeoutMs = 10_000 }: QueueBellOptions): Bell {
  return {
    ring: async (calls) => {
      const now = clock.now()
      const messages = calls.map(({ environment, at, isHelp }) => ({
        body: { environment, at, ...(isHelp === true ? { isHelp } : {}) },
        delaySeconds: Math.min(Math.max(Math.ceil((at - now) / 1000), 0), MOST_SECONDS),
      }))
      await send(queue, timeoutMs, messages)
    },
  }
}
