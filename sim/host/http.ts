import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { InvocationResponse } from './functions-core.ts'
import { answerTo, httpData, readBody, targetOf } from './http-messages.ts'
import { type AuthLevel, type HostKeys, mayEnter, offeredKey } from './keys.ts'
import { type Log, textOf } from './log.ts'
import { createRouter, type Match, type Route } from './routes.ts'
import type { Trigger } from './worker.ts'

/** One HTTP function. */
export interface HttpFunction extends Route {
  readonly authLevel: AuthLevel
  readonly disabled: boolean
}

export interface HttpOptions {
  readonly port: number
  readonly prefix: string
  readonly functions: readonly HttpFunction[]
  readonly keys: HostKeys
  /** Larger bodies are refused by Content-Length, or cut off while they arrive. */
  readonly maxBodyBytes: number
  /** After this long the client is answered 504 while the function runs on. */
  readonly cutMs: number
  readonly log: Log
  readonly invoke: (name: string, trigger: Trigger) => Promise<InvocationResponse>
  /** Starts a function that has no HTTP trigger; false when there is none of this name. */
  readonly runByHand: (name: string, input: string) => boolean
}

export interface RunningHttp {
  readonly url: string
  /** Takes no more connections; resolves when the requests in hand were answered. */
  drain(): Promise<void>
  /** Closes what is left. */
  cut(): void
}

interface Door extends HttpOptions {
  readonly route: (method: string, path: string) => Match | null
  readonly url: string
}

/** Serves HTTP functions on loopback. */
export async function startHttp(options: HttpOptions): Promise<RunningHttp> {
  const handling = new Set<Promise<void>>()
  const server = createServer()
  await listen(server, options.port)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const door: Door = { ...options, url, route: createRouter(options.prefix, options.functions) }
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (!server.listening) response.setHeader('connection', 'close')
    const handled = handle(door, request, response).finally(() => handling.delete(handled))
    handling.add(handled)
  }
  // Both events: by default Node asks for every body that a client announces with "Expect: 100-continue".
  server.on('request', onRequest).on('checkContinue', onRequest)
  return {
    url,
    async drain() {
      server.close()
      while (handling.size > 0) await Promise.all(handling)
    },
    cut: () => server.closeAllConnections(),
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve())
  })
}

async function handle(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await respond(door, request, response)
  } catch (error) {
    door.log('error', 'Host.Http', textOf(error))
    if (!response.headersSent) end(response, 500)
    else response.destroy()
  }
}

async function respond(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = targetOf(request, door.url)
  if (target === null) return end(response, 400)
  const { method = 'GET', headers } = request
  const offered = offeredKey(headers as Record<string, string>, target.query)
  const admin = /^\/admin\/functions\/([^/]+)\/?$/.exec(target.path)?.[1]
  if (admin !== undefined && method === 'POST') return runByHand(door, request, response, admin, offered)
  const match = door.route(method, target.path)
  const called = door.functions.find((each) => each.functionName === match?.functionName)
  if (match === null || called === undefined) return end(response, 404)
  if (!mayEnter(door.keys, called.authLevel, called.functionName, offered)) return end(response, 401)
  if (called.disabled) return end(response, 404)
  const body = await readBody(request, response, door.maxBodyBytes)
  if (body === null) {
    // Azure's host knows the limit too, but answers 500 (Azure/azure-functions-host issue 10519).
    door.log('error', `Function.${called.functionName}`, `Request body too large: over ${door.maxBodyBytes} bytes.`)
    return end(response, 500)
  }
  const data = httpData(request, target, match.params, body)
  const traceParent = headers.traceparent
  const trigger = { data, ...(typeof traceParent === 'string' ? { traceParent } : {}) }
  await answer(door, called.functionName, trigger, response)
}

/** `POST /admin/functions/{name}` with the master key and `{"input":"…"}`: 202, and the function runs. */
async function runByHand(
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  offered: string | null,
): Promise<void> {
  if (!mayEnter(door.keys, 'admin', name, offered)) return end(response, 401)
  const body = await readBody(request, response, door.maxBodyBytes)
  const input = inputOf(body)
  if (input === null) return end(response, 400)
  end(response, door.runByHand(decodeURIComponent(name), input) ? 202 : 404)
}

function inputOf(body: Buffer | null): string | null {
  try {
    const { input = '' } = JSON.parse(body?.toString('utf8') ?? '')
    return typeof input === 'string' ? input : JSON.stringify(input)
  } catch {
    return null
  }
}

async function answer(door: Door, name: string, trigger: Trigger, response: ServerResponse): Promise<void> {
  const cut = new Promise<'cut'>((resolve) => setTimeout(resolve, door.cutMs, 'cut').unref())
  const failed = (error: unknown) => {
    door.log('error', `Function.${name}`, textOf(error))
    return 'failed' as const
  }
  const result = await Promise.race([door.invoke(name, trigger).catch(failed), cut])
  if (result === 'failed') return end(response, 500)
  if (result === 'cut') return end(response, 504)
  const { status, headers, cookies, body } = answerTo(result)
  for (const [header, value] of Object.entries(headers)) response.setHeader(header, value)
  if (cookies.length > 0) response.setHeader('set-cookie', cookies)
  response.writeHead(status)
  response.end(body)
}

/** An answer without a body. What was not read of the request is let run off, so that the client can hear the answer. */
function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end()
  response.req.resume()
}
