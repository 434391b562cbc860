import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the stub says to every request; `silent` takes the request and never answers. */
export type StubAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'silent'

/** A storage service that always answers the same, and remembers what it was asked. */
export interface StorageStub {
  readonly url: string
  /** `METHOD /path?query` of every request so far. */
  readonly requests: readonly string[]
  stop(): Promise<void>
}

/** Starts the stub on a free port of the loopback interface. */
export async function startStorageStub(answer: StubAnswer): Promise<StorageStub> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    request.resume()
    if (answer === 'silent') return
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/account`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The body with which Table Storage refuses. */
export function odataError(code: string): string {
  return JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: `${code}: refused` } } })
}
