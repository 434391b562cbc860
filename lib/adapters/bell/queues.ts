import type { QueueClient } from '@azure/storage-queue'
import { Fault } from '../../errors.ts'

/** A message and when it may be seen. */
export interface Message {
  readonly body: unknown
  /** Whole seconds until it can be received, 0 to 604 800 (seven days: the limit of Queue Storage). */
  readonly delaySeconds: number
}

/** A message holds 64 KiB of text; base64 leaves three quarters of it. */
export const MOST_BYTES = 48 * 1024

/**
 * Puts messages into a queue, as JSON in base64 (what the Functions host expects of its queue triggers), never to expire.
 * Sizes are checked before the first is sent. Throws Fault: `malformed` for a message over 48 KiB, else what the queue says.
 */
export async function send(queue: QueueClient, timeoutMs: number, messages: readonly Message[]): Promise<void> {
  const ready = messages.map(({ body, delaySeconds }) => ({ text: textOf(queue.name, body), delaySeconds }))
  const abortSignal = AbortSignal.timeout(timeoutMs)
  await Promise.all(ready.map(({ text, delaySeconds }) => sendText(queue, text, delaySeconds, abortSignal)))
}

/** Creates the queues that are missing. Throws Fault. */
export async function ensureQueues(queues: readonly QueueClient[]): Promise<void> {
  for (const queue of queues) {
    try {
      await queue.createIfNotExists()
    } catch (error) {
      throwFault(error, queue.name)
    }
  }
}

/** The JSON of a message's body. Throws Fault `malformed` where it is larger than a message may be. */
export function textOf(queue: string, body: unknown): string {
  const text = JSON.stringify(body)
  const bytes = Buffer.byteLength(text)
  if (bytes <= MOST_BYTES) return text
  const size = `${bytes} bytes, at most ${MOST_BYTES} fit`
  throw new Fault('malformed', `A message for the queue ${queue} is too large (${size}). Nothing was sent.`)
}

/** Puts one JSON text, which must fit, into a queue, as `send` does. Throws Fault. */
export async function sendText(
  queue: QueueClient,
  text: string,
  delaySeconds: number,
  abortSignal: AbortSignal,
): Promise<void> {
  try {
    const message = Buffer.from(text).toString('base64')
    await queue.sendMessage(message, { visibilityTimeout: delaySeconds, messageTimeToLive: -1, abortSignal })
  } catch (error) {
    throwFault(error, queue.name)
  }
}

/** Turns an SDK error into the Fault that says what to do; anything else is our mistake and is thrown as it is. */
export function throwFault(error: unknown, queue: string): never {
  if (!(error instanceof Error) || !isOutside(error.name)) throw error
  const { statusCode, code, response } = error as Error & {
    readonly statusCode?: number
    readonly code?: string
    readonly response?: { readonly headers?: { get(name: string): string | undefined } }
  }
  const { kind, hint } = meaning(statusCode ?? null, code ?? '')
  const answer = [statusCode, code].filter((part) => part !== undefined).join(' ') || 'no answer'
  const seconds = Number(response?.headers?.get('retry-after') ?? Number.NaN)
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null
  throw new Fault(kind, `Queue Storage, queue ${queue}: ${answer}. ${hint}`, { cause: error, retryAfterMs })
}

function isOutside(name: string): boolean {
  return ['RestError', 'AbortError', 'TimeoutError'].includes(name) || /Authentication|Credential/.test(name)
}

function meaning(status: number | null, code: string): { readonly kind: Fault['kind']; readonly hint: string } {
  if (status === 429 || code === 'ServerBusy') return { kind: 'throttled', hint: 'Try again later.' }
  if (status === null || status >= 500 || status === 408) {
    return { kind: 'unavailable', hint: 'The message may or may not have been stored: send it again.' }
  }
  if (status === 401 || status === 403) {
    return { kind: 'denied', hint: 'Give the identity the role Storage Queue Data Contributor on the storage account.' }
  }
  if (status === 404) return { kind: 'not-found', hint: 'Create the queue first.' }
  if (status === 409) return { kind: 'conflict', hint: 'The queue is being deleted or changed: try again later.' }
  return { kind: 'malformed', hint: 'Queue Storage refuses the message as wrong or too large.' }
}
