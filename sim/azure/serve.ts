import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net'

/** A server's certificate (with what leads up to its CA) and private key, both PEM. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
}

/** A server that listens on loopback. */
export interface Listening {
  readonly port: number
  /** `https://127.0.0.1:<port>` where it has a certificate, else `http://…`. */
  readonly url: string
  /** Stops listening and cuts every connection that is left; doing it twice does no harm. */
  close(): Promise<void>
}

/** Listens on 127.0.0.1 on a free port: over TLS where a certificate is given, over plain HTTP where none is. */
export async function listen(handler: RequestListener, tls?: ServerCertificate): Promise<Listening> {
  const server = tls ? createHttpsServer({ ...tls, ...PATIENT }, handler) : createHttpServer(PATIENT, handler)
  return start(server, tls ? 'https' : 'http')
}

/** As `listen`, but answers TLS and plain HTTP on the same port: the first byte a client sends tells which it speaks. */
export async function listenBoth(handler: RequestListener, tls: ServerCertificate): Promise<Listening> {
  const plain = createHttpServer(PATIENT, handler)
  const secure = createHttpsServer({ ...tls, ...PATIENT }, handler)
  const server = createNetServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (first) => {
      socket.pause()
      const speaker = first[0] === TLS_HANDSHAKE ? secure : plain
      socket.unshift(first)
      speaker.emit('connection', socket)
      process.nextTick(() => socket.resume())
    })
  })
  return start(server, 'https')
}

/** First byte of every TLS connection: the record type "handshake" (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16

/** Idle connections stay open until a side closes on purpose, so that no reused connection is met half closed. */
const PATIENT = { keepAliveTimeout: 0, requestTimeout: 0 } as const

async function start(server: Server, scheme: 'http' | 'https'): Promise<Listening> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { port, url: `${scheme}://127.0.0.1:${port}`, close }
}

/** The whole body as text. Throws RangeError above `limit` bytes. */
export async function readText(request: IncomingMessage, limit = 1024 * 1024): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += part.length
    if (size > limit) throw new RangeError(`the body is longer than ${limit} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** What a pretend server answers to one request. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A reply with a JSON body. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  }
}

/** A reply with a text body. */
export function text(status: number, body: string, contentType = 'text/plain; charset=utf-8'): Reply {
  return { status, headers: { 'content-type': contentType }, body }
}

/** Sends a reply and ends the response. */
export function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { 'content-length': Buffer.byteLength(reply.body), ...reply.headers })
  response.end(reply.body)
}

/** The token of `Authorization: Bearer …`, or null. */
export function bearerOf(request: IncomingMessage): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null
}

/** The request's URL; only path and query mean anything. Query names and values are percent-decoded by its `searchParams`. */
export function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'http://127.0.0.1')
}
