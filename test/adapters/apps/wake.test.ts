import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { knock, type WakeFetch } from '../../../lib/adapters/apps/wake.ts'

const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server on loopback, and a fetch that takes https://… of this adapter there over plain http. */
async function door(listener: RequestListener): Promise<{ host: string; urls: string[]; fetch: WakeFetch }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const urls: string[] = []
  const wakeFetch: WakeFetch = (url, init) => {
    urls.push(url)
    return fetch(url.replace('https:', 'http:'), init)
  }
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, urls, fetch: wakeFetch }
}

describe('knock', () => {
  it.each([200, 404, 500, 503])('is content with a %i', async (status) => {
    const { host, urls, fetch } = await door((_, response) => response.writeHead(status).end('body'))
    await expect(knock(fetch, host, 5_000)).resolves.toBeUndefined()
    expect(urls).toEqual([`https://${host}/`])
  })

  it('follows no redirect', async () => {
    let asked = 0
    const { host, fetch } = await door((_, response) => {
      asked += 1
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    await knock(fetch, host, 5_000)
    expect(asked).toBe(1)
  })

  it('takes a revision that is slow to start for woken', async () => {
    const { host, fetch } = await door(() => {})
    await expect(knock(fetch, host, 100)).resolves.toBeUndefined()
  })

  it('says unavailable when no connection comes about', async () => {
    const refused: WakeFetch = () => Promise.reject(new TypeError('fetch failed'))
    await expect(knock(refused, 'web--v2.example.io', 5_000)).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it.each(['', 'evil.example/path', 'user@host', 'a b', '169.254.169.254/metadata', 'host:port'])(
    'calls nobody at %j, which is no host name',
    async (fqdn) => {
      const urls: string[] = []
      const record: WakeFetch = (url) => {
        urls.push(url)
        return Promise.resolve({ status: 200 })
      }
      await expect(knock(record, fqdn, 5_000)).rejects.toMatchObject({ kind: 'malformed' })
      expect(urls).toEqual([])
    },
  )
})
