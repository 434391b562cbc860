import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, request } from 'node:https'
import { listen, send } from '../../sim/azure/serve.ts'
import type { LocalAzure } from '../../sim/start/local-azure.ts'

/**
 * What becomes of a message on its way into a queue: how many seconds late it and each of its copies come. None = it is lost.
 * A copy that comes `Infinity` late comes when it is let go.
 */
export type Fate = (queue: string) => readonly number[]

/** Queue Storage as a client meets it that sends each message more often than it knows. */
export interface QueueProxy {
  /** As the setting has it. */
  readonly url: string
  fate: Fate
  /** Messages that were put by clients, and what came of them, by queue. */
  readonly put: Map<string, { sent: number; stored: number }>
  /** Lets all copies go that were kept back, the newest first. */
  letGo(): Promise<void>
  close(): Promise<void>
}

/** Stands in front of the queues of a local Azure. Whatever else is asked goes through as it is. */
export async function createQueueProxy({ azurite, tls }: LocalAzure, fate: Fate): Promise<QueueProxy> {
  const { origin, pathname } = new URL(azurite.queueUrl)
  const agent = new Agent({ keepAlive: true, ca: tls.ca })
  const put: QueueProxy['put'] = new Map()
  const kept: (() => Promise<void>)[] = []
  const answer = async (asked: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    for await (const part of asked) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const url = new URL(asked.url ?? '/', origin)
    const queue = asked.method === 'POST' ? /\/([^/]+)\/messages$/.exec(url.pathname)?.[1] : undefined
    if (queue === undefined) return passOn(agent, url, asked, body, response)
    const count = put.get(queue) ?? { sent: 0, stored: 0 }
    put.set(queue, count)
    count.sent += 1
    const late = proxy.fate(queue)
    for (const [index, seconds] of late.entries()) {
      // The client hears of the first; the others are nobody's.
      const store = async (at: number) => {
        await passOn(agent, delayed(url, at), asked, body, index === 0 ? response : null)
        count.stored += 1
      }
      if (seconds === Number.POSITIVE_INFINITY) kept.push(() => store(0))
      else await store(seconds)
    }
    if (late.length === 0) send(response, { status: 201, headers: { 'content-type': 'application/xml' }, body: LOST })
  }
  const server = await listen((asked, response) => {
    answer(asked, response).catch(() => response.destroy())
  }, tls)
  const proxy: QueueProxy = {
    url: `${server.url}${pathname}`,
    fate,
    put,
    letGo: async () => {
      for (const store of kept.splice(0).reverse()) await store()
    },
    close: async () => {
      await server.close()
      agent.destroy()
    },
  }
  return proxy
}

/** What a client is told of a message that no queue has. */
const LOST =
  '<?xml version="1.0"?><QueueMessagesList><QueueMessage><MessageId>lost</MessageId><InsertionTime>Mon, 05 Jan 2026 12:00:00 GMT</InsertionTime><ExpirationTime>Mon, 12 Jan 2026 12:00:00 GMT</ExpirationTime><PopReceipt>none</PopReceipt><TimeNextVisible>Mon, 05 Jan 2026 12:00:00 GMT</TimeNextVisible></QueueMessage></QueueMessagesList>'

function delayed(url: URL, seconds: number): URL {
  const later = new URL(url)
  later.searchParams.set('visibilitytimeout', `${Number(url.searchParams.get('visibilitytimeout') ?? 0) + seconds}`)
  return later
}

function passOn(
  agent: Agent,
  url: URL,
  { method, headers }: IncomingMessage,
  body: Buffer,
  response: ServerResponse | null,
): Promise<void> {
  const { host: _, connection: __, ...rest } = headers
  return new Promise((resolve, reject) => {
    const passed = request(url, { method, agent, headers: rest }, (came) => {
      if (response === null) came.resume()
      else {
        response.writeHead(came.statusCode ?? 502, came.headers)
        came.pipe(response)
      }
      came.once('end', resolve)
      came.once('error', reject)
    })
    passed.once('error', reject)
    passed.end(body)
  })
}
