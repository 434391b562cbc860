import type { QueueClient } from '@azure/storage-queue'
import type { Trouble } from '../../core/app.ts'
import type { StorageAnswer } from '../../core/doctor/storage.ts'
import { Fault } from '../../errors.ts'
import { throwFault } from './queues.ts'

/** A message that there cannot be. */
const NO_MESSAGE = { id: '00000000-0000-0000-0000-000000000000', receipt: 'AgAAAAMAAAAAAAAAAAAAAAAAAAA=' } as const

/**
 * Reads the properties of a queue, asks to delete a message that is not there (404 and 400 say that it would have been
 * allowed), and counts what lies in its poison queue. Nothing changes. Never throws; `timeoutMs` bounds each call.
 */
export async function tryQueue(queue: QueueClient, poison: QueueClient, timeoutMs: number): Promise<StorageAnswer> {
  const { name } = queue
  const answer = (trouble: Trouble | null, poisoned = 0): StorageAnswer => {
    return { kind: 'queue', name, trouble, poisoned, time: null }
  }
  try {
    await queue.getProperties({ abortSignal: AbortSignal.timeout(timeoutMs) })
    await deleteNothing(queue, timeoutMs)
    return answer(null, await lengthOf(poison, timeoutMs))
  } catch (error) {
    return answer(troubleOf(error, name))
  }
}

async function deleteNothing(queue: QueueClient, timeoutMs: number): Promise<void> {
  try {
    await queue.deleteMessage(NO_MESSAGE.id, NO_MESSAGE.receipt, { abortSignal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    if (![400, 404].includes(statusOf(error))) throw error
  }
}

/** The host makes a poison queue when it first needs one. */
async function lengthOf(poison: QueueClient, timeoutMs: number): Promise<number> {
  try {
    const { approximateMessagesCount = 0 } = await poison.getProperties({ abortSignal: AbortSignal.timeout(timeoutMs) })
    return approximateMessagesCount
  } catch (error) {
    if (statusOf(error) === 404) return 0
    throw error
  }
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null
  return typeof status === 'number' ? status : 0
}

function troubleOf(error: unknown, name: string): Trouble {
  try {
    return throwFault(error, name)
  } catch (fault) {
    if (!(fault instanceof Fault))
      return { kind: 'malformed', message: `Queue Storage, queue ${name}: the SDK failed.`, retryAfterMs: null }
    return { kind: fault.kind, message: fault.message, retryAfterMs: fault.retryAfterMs }
  }
}
