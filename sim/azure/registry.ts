import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { json, listen, type Reply, send, text } from './serve.ts'

/** A pretend registry: the Distribution API as far as a look at a manifest needs it, with token authentication. */
export interface RegistryServer {
  readonly url: string
  /** Puts a manifest there and returns its digest; the same repository, tag and content give the same digest. */
  push(repository: string, tag: string, content: string): string
  close(): Promise<void>
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** Serves `/v2/…/manifests/{tag or digest}` to bearers of a token from `/token`, over plain HTTP on loopback. */
export async function createRegistryServer(): Promise<RegistryServer> {
  const manifests = new Map<string, string>()
  const token = randomUUID()
  let url = ''
  const listening = await listen((request, response) => send(response, answer(request)))
  url = listening.url

  function answer(request: IncomingMessage): Reply {
    const path = new URL(request.url ?? '/', 'http://registry').pathname
    if (path === '/token') return json(200, { token, expires_in: 300 })
    const found = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(path)
    if (found === null) return path === '/v2/' ? (authorized(request) ?? json(200, {})) : text(404, 'no such thing')
    const [, repository = '', reference = ''] = found
    return authorized(request, repository) ?? manifestAnswer(`${repository}@${reference}`)
  }
  function authorized(request: IncomingMessage, repository = ''): Reply | null {
    if (request.headers.authorization === `Bearer ${token}`) return null
    const scope = repository === '' ? '' : `,scope="repository:${repository}:pull"`
    const refusal = json(401, { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] })
    return {
      ...refusal,
      headers: { ...refusal.headers, 'www-authenticate': `Bearer realm="${url}/token",service="registry"${scope}` },
    }
  }
  function manifestAnswer(key: string): Reply {
    const body = manifests.get(key)
    if (body === undefined) return json(404, { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] })
    return { status: 200, headers: { 'content-type': MANIFEST, 'docker-content-digest': digestOf(body) }, body }
  }
  return {
    url,
    push: (repository, tag, content) => {
      const body = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, annotations: { repository, tag, content } })
      const digest = digestOf(body)
      for (const reference of [tag, digest]) manifests.set(`${repository}@${reference}`, body)
      return digest
    },
    close: listening.close,
  }
}

function digestOf(body: string): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`
}
