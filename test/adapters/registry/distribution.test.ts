import { afterEach, describe, expect, it } from 'vitest'
import type { RegistryOptions } from '../../../lib/adapters/registry/distribution.ts'
import type { RegistryEntry } from '../../../lib/adapters/registry/place.ts'
import type { Secrets } from '../../../lib/ports.ts'
import {
  ask,
  closeRegistries,
  DIGEST,
  HOST,
  isManifest,
  NOW,
  plug,
  present,
  type RegistryAnswer,
  startRegistry,
  tokenRegistry,
  tokensIn,
  trouble,
} from './registry-stub.ts'

afterEach(closeRegistries)

describe('a registry without a login', () => {
  it('is asked once, by digest, for any kind of manifest', async () => {
    const stub = await startRegistry(() => present)
    expect(await ask(plug({ auth: 'anonymous', url: stub.url }))).toEqual({ kind: 'present' })
    expect(stub.asked).toHaveLength(1)
    expect(stub.asked[0]).toMatchObject({
      method: 'HEAD',
      path: `/v2/team/shop/manifests/${DIGEST}`,
      authorization: undefined,
    })
    expect(stub.asked[0]?.accept?.split(', ').sort()).toEqual([
      'application/vnd.docker.distribution.manifest.list.v2+json',
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.oci.image.manifest.v1+json',
    ])
  })

  it('answers for every image in order', async () => {
    const stub = await startRegistry(({ path }) => (path.includes('/gone/') ? { status: 404 } : { status: 200 }))
    const images = ['shop', 'gone', 'shop'].map((repository) => ({ registry: HOST, repository, digest: DIGEST }))
    const presences = await plug({ auth: 'anonymous', url: `${stub.url}/` }).has(images)
    expect(presences.map(({ kind }) => kind)).toEqual(['present', 'absent', 'present'])
  })

  it.each<[string, RegistryAnswer, string, RegExp]>([
    ['a server error', { status: 503 }, 'unavailable', /503/],
    [
      'another digest',
      { status: 200, headers: { 'docker-content-digest': `sha256:${'b'.repeat(64)}` } },
      'malformed',
      /answered for/,
    ],
    [
      'a redirect',
      { status: 307, headers: { location: 'http://169.254.169.254/' } },
      'malformed',
      /redirect, is not followed/,
    ],
    ['a refusal', { status: 403 }, 'denied', /wants a login/],
    ['an odd status', { status: 405 }, 'malformed', /405/],
    [
      'a login wanted in a strange way',
      { status: 401, headers: { 'www-authenticate': 'Negotiate' } },
      'denied',
      /wants a login/,
    ],
    ['a login wanted without a word', { status: 401 }, 'denied', /wants a login/],
  ])('is unknown after %s, never absent', async (_, answer, kind, message) => {
    const stub = await startRegistry(() => answer)
    const found = trouble(await ask(plug({ auth: 'anonymous', url: stub.url })))
    expect(found.kind).toBe(kind)
    expect(found.message).toMatch(message)
    expect(found.message).toContain(`${HOST}/team/shop@${DIGEST}`)
    expect(stub.asked).toHaveLength(1)
  })

  it.each([
    ['20', 20_000],
    ['Fri, 20 Nov 2026 10:00:05 GMT', 5_000],
  ])('hands on the wait %j when there were too many requests', async (wait, retryAfterMs) => {
    const stub = await startRegistry(() => ({ status: 429, headers: { 'retry-after': wait } }))
    expect(trouble(await ask(plug({ auth: 'anonymous', url: stub.url })))).toMatchObject({
      kind: 'throttled',
      retryAfterMs,
    })
  })

  it('is given up on when it stays silent', async () => {
    const stub = await startRegistry(() => null)
    const found = trouble(await ask(plug({ auth: 'anonymous', url: stub.url }, { timeoutMs: 100 })))
    expect(found).toMatchObject({ kind: 'unavailable' })
    expect(found.message).toContain('no answer within 100 ms')
  })

  it('is unavailable when nobody listens', async () => {
    const stub = await startRegistry(() => present)
    await stub.close()
    expect(trouble(await ask(plug({ auth: 'anonymous', url: stub.url }))).kind).toBe('unavailable')
  })
})

describe('what is never asked', () => {
  const counting = () => {
    const urls: string[] = []
    const fetch: RegistryOptions['fetch'] = (url) => {
      urls.push(url)
      return Promise.resolve(new Response(null, { status: 200 }))
    }
    return { urls, fetch }
  }

  it.each(['evil.example.io', 'constructor', '__proto__', HOST.toUpperCase()])(
    'a host that is not on the list: %s',
    async (host) => {
      const { urls, fetch } = counting()
      const found = trouble(await ask(plug({ auth: 'anonymous' }, { fetch }), { registry: host }))
      expect(found.kind).toBe('denied')
      expect(found.message).toContain('SLIPWAY_REGISTRIES')
      expect(urls).toEqual([])
    },
  )

  it.each(['../admin', 'a//b', 'A/b', 'a/../b', '', 'a?x=1', 'a#b', `${'a/'.repeat(200)}a`])(
    'a repository named %j',
    async (repository) => {
      const { urls, fetch } = counting()
      expect(trouble(await ask(plug({ auth: 'anonymous' }, { fetch }), { repository })).kind).toBe('malformed')
      expect(urls).toEqual([])
    },
  )

  it.each(['latest', 'sha256:abc', `sha256:${'A'.repeat(64)}`, `sha512:${'a'.repeat(64)}`])(
    'a digest like %j',
    async (digest) => {
      const { urls, fetch } = counting()
      expect(trouble(await ask(plug({ auth: 'anonymous' }, { fetch }), { digest })).kind).toBe('malformed')
      expect(urls).toEqual([])
    },
  )

  it('a registry whose url is none', async () => {
    const { urls, fetch } = counting()
    expect(trouble(await ask(plug({ auth: 'anonymous', url: 'file:///etc' }, { fetch })))).toMatchObject({
      kind: 'malformed',
    })
    expect(urls).toEqual([])
  })

  it('anything but https, where no url was given', async () => {
    const { urls, fetch } = counting()
    await ask(plug({ auth: 'anonymous' }, { fetch }))
    expect(urls).toEqual([`https://${HOST}/v2/team/shop/manifests/${DIGEST}`])
  })
})

describe('token authentication', () => {
  it('asks the realm for the right to pull this repository, and no more', async () => {
    const stub = await tokenRegistry()
    expect(await ask(plug({ auth: 'anonymous', url: stub.url }))).toEqual({ kind: 'present' })
    expect(tokensIn(stub).map(({ query }) => Object.fromEntries(query))).toEqual([
      { service: 'registry.test', scope: 'repository:team/shop:pull' },
    ])
    expect(tokensIn(stub)[0]?.authorization).toBeUndefined()
  })

  it('keeps a token for its repository until shortly before it ends', async () => {
    let now = NOW
    const stub = await tokenRegistry({ expires_in: 300 })
    const has = plug({ auth: 'anonymous', url: stub.url }, { clock: { now: () => now } })
    await ask(has)
    now += 289_000
    await ask(has)
    expect(tokensIn(stub)).toHaveLength(1)
    await ask(has, { repository: 'team/other' })
    expect(tokensIn(stub)).toHaveLength(2)
    now += 2_000
    await ask(has)
    expect(tokensIn(stub)).toHaveLength(3)
  })

  it('gets a new token when the registry no longer takes the kept one', async () => {
    const stub = await tokenRegistry({ expires_in: 3600 })
    const has = plug({ auth: 'anonymous', url: stub.url })
    await ask(has)
    await ask(has, { repository: 'team/other' })
    expect(await ask(has)).toEqual({ kind: 'present' })
    expect(tokensIn(stub)).toHaveLength(3)
  })

  it('says denied when even a new token is not taken', async () => {
    const stub = await startRegistry((request) =>
      isManifest(request)
        ? { status: 401, headers: { 'www-authenticate': `Bearer realm="${stub.url}/token"` } }
        : { status: 200, body: '{"access_token":"x"}' },
    )
    expect(trouble(await ask(plug({ auth: 'anonymous', url: stub.url }))).kind).toBe('denied')
    expect(stub.asked).toHaveLength(3)
  })

  it.each([
    'http://169.254.169.254/metadata',
    'http://127.0.0.1:1/token',
    'https://evil.example.io/token',
    'no url',
    '',
  ])('goes to no token service that the list does not name: %j', async (realm) => {
    const stub = await startRegistry(() => ({
      status: 401,
      headers: { 'www-authenticate': `Bearer realm="${realm}",service="s"` },
    }))
    const secrets: Secrets = { read: () => Promise.resolve(['user:pass']) }
    const found = trouble(await ask(plug({ auth: 'basic', secret: 'login', url: stub.url }, { secrets })))
    expect(found.kind).toBe('denied')
    expect(found.message).toContain('tokenUrl')
    expect(stub.asked).toHaveLength(1)
  })

  it('does not go to the own host over http when the registry is asked over https', async () => {
    const urls: string[] = []
    const fetch: RegistryOptions['fetch'] = (url) => {
      urls.push(url)
      const headers = { 'www-authenticate': `Bearer realm="http://${HOST}/token"` }
      return Promise.resolve(new Response(null, { status: 401, headers }))
    }
    expect(trouble(await ask(plug({ auth: 'anonymous' }, { fetch }))).kind).toBe('denied')
    expect(urls).toHaveLength(1)
  })

  it('goes to the token service that the list names', async () => {
    const tokens = await startRegistry(() => ({ status: 200, body: '{"token":"from-afar"}' }))
    const stub = await startRegistry(({ authorization }) =>
      authorization === 'Bearer from-afar'
        ? { status: 200 }
        : { status: 401, headers: { 'www-authenticate': `Bearer realm="${tokens.url}/t",service="s"` } },
    )
    const entry: RegistryEntry = { auth: 'anonymous', url: stub.url, tokenUrl: `${tokens.url}/t` }
    expect(await ask(plug(entry))).toEqual({ kind: 'present' })
  })

  it.each<[string, RegistryAnswer, string]>([
    ['is throttled', { status: 429, headers: { 'retry-after': '3' } }, 'throttled'],
    ['is down', { status: 500 }, 'unavailable'],
    ['redirects', { status: 302, headers: { location: 'http://169.254.169.254/' } }, 'malformed'],
    ['talks nonsense', { status: 200, body: '<html>' }, 'malformed'],
    ['hands out nothing', { status: 200, body: '{"token":""}' }, 'malformed'],
    ['talks for ever', { status: 200, body: `{"token":"${'x'.repeat(70_000)}"}` }, 'malformed'],
  ])('is unknown when the token service %s', async (_, answer, kind) => {
    const stub = await startRegistry((request) =>
      isManifest(request)
        ? { status: 401, headers: { 'www-authenticate': `Bearer realm="${stub.url}/token"` } }
        : answer,
    )
    expect(trouble(await ask(plug({ auth: 'anonymous', url: stub.url }))).kind).toBe(kind)
  })
})
