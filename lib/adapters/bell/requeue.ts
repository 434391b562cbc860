import type { QueueClient } from '@azure/storage-queue'
import { Fault } from '../../errors.ts'
import type { Requeue } from '../../ports.ts'
import { MOST_BYTES, sendText } from './queues.ts'

/** What putting messages back needs. */
export interface RequeueOptions {
  /** The only queues that anything is put back into. */
  readonly queues: readonly QueueClient[]
  /** Time limit of one message, in milliseconds; default 10 000. */
  readonly timeoutMs?: number
}

/** Puts messages back as they came. Throws Fault; `malformed` for a queue that is none of these, or a text that is too large. */
export function createRequeue({ queues, timeoutMs = 10_000 }: RequeueOptions): Requeue {
  return {
    send: async (name, content) => {
      const queue = queues.find((one) => one.name === name)
      if (queue === undefined)
        throw new Fault('malformed', `There is no queue ${JSON.stringify(name)} to send back into.`)
      const bytes = Buffer.byteLength(content)
      if (bytes > MOST_BYTES) {
        const size = `${bytes} bytes, at most ${MOST_BYTES} fit`
        throw new Fault('malformed', `A message for the queue ${name} is too large (${size}). Nothing was sent.`)
      }
      await sendText(queue, content, 0, AbortSignal.timeout(timeoutMs))
    },
  }
}
