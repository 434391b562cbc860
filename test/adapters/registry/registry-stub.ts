import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface RegistryAsk {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly authorization: string | undefined
  readonly accept: string | undefined
  readonly form: URLSearchParams
}

export interface RegistryAnswer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A small registry on loopback that answers by script; null leaves a request hanging. */
export interface RegistryStub {
  readonly url: string
  /** `127.0.0.1:<port>`, as it would stand in image names. */
  readonly host: string
  readonly asked: RegistryAsk[]
  close(): Promise<void>
}

export async function startRegistry(script: (ask: RegistryAsk) => RegistryAnswer | null): Promise<RegistryStub> {
  const asked: RegistryAsk[] = []
  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      const url = new URL(incoming.url ?? '/', 'http://stub')
      const ask: RegistryAsk = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        authorization: incoming.headers.authorization,
        accept: incoming.headers.accept,
        form: new URLSearchParams(body),
      }
      asked.push(ask)
      const answer = script(ask)
      if (answer !== null) outgoing.writeHead(answer.status, answer.headers ?? {}).end(answer.body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: `http://${host}`, host, asked, close }
}
