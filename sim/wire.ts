import { RestError } from '@azure/data-tables'
import type { Reply } from './azure/serve.ts'

/** A request as a pretend service sees it that an Azure SDK talks to without a network. */
export interface WireRequest {
  readonly method: string
  readonly url: URL
  /** Header by its name in lower case. */
  readonly header: (name: string) => string | undefined
  readonly body: string
}

/** What comes back over the wire: a reply, or nothing but an error of the connection. */
export type Wire = (request: WireRequest) => Reply | Promise<Reply>

interface Headers {
  get(name: string): string | undefined
  has(name: string): boolean
  set(name: string, value: string | number | boolean): void
  delete(name: string): void
  toJSON(): Record<string, string>
  [Symbol.iterator](): IterableIterator<[string, string]>
}

interface SdkRequest {
  readonly method: string
  readonly url: string
  readonly headers: { get(name: string): string | undefined }
  readonly body?: unknown
}

/** The SDKs' socket for their transport (`httpClient`), with the real SDK above and no socket, no TLS and no time below. */
export interface WireClient {
  sendRequest<R extends SdkRequest>(
    request: R,
  ): Promise<{ readonly request: R; readonly status: number; readonly headers: Headers; readonly bodyAsText: string }>
}

/** Lets an Azure SDK talk to a pretend service in the same process. */
export function wireClient(wire: Wire): WireClient {
  return {
    sendRequest: async (request) => {
      const { method, url, headers, body } = request
      if (body !== undefined && body !== null && typeof body !== 'string')
        throw new TypeError(`a body that is no text was sent to ${url}`)
      const reply = await wire({ method, url: new URL(url), header: (name) => headers.get(name), body: body ?? '' })
      return { request, status: reply.status, headers: headersOf(reply.headers), bodyAsText: reply.body }
    },
  }
}

/** The error of a connection that was cut or never came about, as the SDKs' own transport says it. */
export function connectionLost(code: 'ECONNRESET' | 'ECONNREFUSED'): Error {
  return new RestError(code === 'ECONNRESET' ? 'socket hang up' : 'connect ECONNREFUSED', { code })
}

/** The error of a request that the caller gave up waiting for. */
export function gaveUp(): Error {
  return new DOMException('The operation was aborted.', 'AbortError')
}

function headersOf(plain: Readonly<Record<string, string>>): Headers {
  const values = new Map(Object.entries(plain).map(([name, value]) => [name.toLowerCase(), value]))
  return {
    get: (name) => values.get(name.toLowerCase()),
    has: (name) => values.has(name.toLowerCase()),
    set: (name, value) => void values.set(name.toLowerCase(), String(value)),
    delete: (name) => void values.delete(name.toLowerCase()),
    toJSON: () => Object.fromEntries(values),
    [Symbol.iterator]: () => values.entries(),
  }
}
