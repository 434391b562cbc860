import { afterEach, describe, expect, it } from 'vitest'
import { createRegistry, type RegistryOptions } from '../../../lib/adapters/registry/distribution.ts'
import type { RegistryEntry } from '../../../lib/adapters/registry/place.ts'
import { Fault } from '../../../lib/errors.ts'
import type { Presence, Secrets } from '../../../lib/ports.ts'
import { type RegistryAnswer, type RegistryAsk, type RegistryStub, startRegistry } from './registry-stub.ts'

const stubs: RegistryStub[] = []

afterEach(async () => {
  await Promise.all(stubs.splice(0).map((stub) => stub.close()))
})

async function registry(script: (ask: RegistryAsk) => RegistryAnswer | null): Promise<RegistryStub> {
  const started = await startRegistry(script)
  stubs.push(started)
  return started
}

const DIGEST = `sha256:${'a'.repeat(64)}`
const HOST = 'shop.example.io'
const NOW = Date.parse('2026-11-20T10:00:00Z')
const noSecrets: Secrets = { read: (name) => Promise.reject(new Fault('not-found', `no secret ${name}`)) }

/** The plug with one registry on its list. */
function plug(entry: RegistryEntry, options: Partial<RegistryOptions> = {}) {
  return createRegistry({ registries: { [HOST]: entry }, secrets: noSecrets, clock: { now: () => NOW }, ...options })
}

async function ask(
  has: ReturnType<typeof plug>,
  over: Partial<{ registry: string; repository: string; digest: string }> = {},
) {
  const [presence] = await has.has([{ registry: HOST, repository: 'team/shop', digest: DIGEST, ...over }])
  if (presence === undefined) throw new Error('no answer')
  return presence
}

function trouble(presence: Presence) {
  if (presence.kind !== 'unknown') throw new Error(`it is ${presence.kind}`)
  return presence.trouble
}

const isManifest = ({ path }: RegistryAsk) => path.startsWith('/v2/')
const present: RegistryAnswer = { status: 200, headers: { 'docker-content-digest': DIGEST } }

describe('a registry without a login', () => {
  it('is asked once, by digest, for any kind of manifest', async () => {
    const stub = await registry(() => present)
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
    const stub = await registry(({ path }) => (path.includes('/gone/') ? { status: 404 } : { status: 200 }))
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
    const stub = await registry(() => answer)
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
    const stub = await registry(() => ({ status: 429, headers: { 'retry-after': wait } }))
    expect(trouble(await ask(plug({ auth: 'anonymous', url: stub.url })))).toMatchObject({
      kind: 'throttled',
      retryAfterMs,
    })
  })

  it('is given up on when it stays silent', async () => {
    const stub = await registry(() => null)
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

/** A registry with token authentication: hands out tokens at /token, knows one manifest, takes `t-<number>` as token. */
async function tokenRegistry(
  lives: { expires_in?: number } = {},
  admits: (ask: RegistryAsk) => boolean = () => true,
): Promise<RegistryStub> {
  let issued = 0
  const stub = await registry((request) => {
    if (request.path === '/token') {
      if (!admits(request)) return { status: 401 }
      issued += 1
      return { status: 200, body: JSON.stringify({ token: `t-${issued}`, ...lives }) }
    }
    if (request.authorization === `Bearer t-${issued}` && issued > 0) return present
    const challenge = `Bearer realm="${stub.url}/token",service="registry.test",scope="repository:x:pull,push,delete"`
    return { status: 401, headers: { 'www-authenticate': challenge } }
  })
  return stub
}

const tokensIn = (stub: RegistryStub) => stub.asked.filter(({ path }) => path === '/token')

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
    const stub = await registry((request) =>
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
    const stub = await registry(() => ({
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
    const tokens = await registry(() => ({ status: 200, body: '{"token":"from-afar"}' }))
    const stub = await registry(({ authorization }) =>
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
    const stub = await registry((request) =>
      isManifest(request)
        ? { status: 401, headers: { 'www-authenticate': `Bearer realm="${stub.url}/token"` } }
        : answer,
    )
    expect(trouble(await ask(plug({ auth: 'anonymous', url: stub.url }))).kind).toBe(kind)
  })
})

describe('a login', () => {
  const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`

  it('goes to the token service, not to the registry', async () => {
    const stub = await tokenRegistry({}, ({ authorization }) => authorization === basic('bob:s3cret'))
    const secrets: Secrets = { read: (name) => Promise.resolve(name === 'login' ? ['bob:s3cret'] : []) }
    expect(await ask(plug({ auth: 'basic', secret: 'login', url: stub.url }, { secrets }))).toEqual({ kind: 'present' })
    expect(stub.asked.filter(isManifest).map(({ authorization }) => authorization)).toEqual([undefined, 'Bearer t-1'])
  })

  it('goes to the registry where that asks for it', async () => {
    const stub = await registry(({ authorization }) =>
      authorization === basic('bob:s3cret')
        ? present
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } },
    )
    const secrets: Secrets = { read: () => Promise.resolve(['bob:s3cret']) }
    expect(await ask(plug({ auth: 'basic', secret: 'login', url: stub.url }, { secrets }))).toEqual({ kind: 'present' })
  })

  it('is tried with the older live value too, and with one that was stored since', async () => {
    const reads: (boolean | undefined)[] = []
    const secrets: Secrets = {
      read: (_, options) => {
        reads.push(options?.fresh)
        return Promise.resolve(options?.fresh ? ['bob:third', 'bob:second'] : ['bob:second', 'bob:first'])
      },
    }
    const tried: (string | undefined)[] = []
    const stub = await tokenRegistry({}, ({ authorization }) => {
      tried.push(authorization)
      return authorization === basic('bob:third')
    })
    expect(await ask(plug({ auth: 'basic', secret: 'login', url: stub.url }, { secrets }))).toEqual({ kind: 'present' })
    expect(tried).toEqual(['bob:second', 'bob:first', 'bob:third'].map(basic))
    expect(reads).toEqual([false, true])
  })

  it('that nobody takes is denied, and no word of it is told', async () => {
    const stub = await tokenRegistry({}, () => false)
    const secrets: Secrets = { read: () => Promise.resolve(['bob:s3cret']) }
    const found = trouble(await ask(plug({ auth: 'basic', secret: 'login', url: stub.url }, { secrets })))
    expect(found).toMatchObject({ kind: 'denied' })
    expect(found.message).toContain('secret login')
    expect(JSON.stringify(found)).not.toMatch(/s3cret|Ym9i/)
  })

  it('that cannot be read is the trouble of the secret', async () => {
    const stub = await tokenRegistry()
    const found = trouble(await ask(plug({ auth: 'basic', secret: 'login', url: stub.url })))
    expect(found).toEqual({ kind: 'not-found', message: 'no secret login', retryAfterMs: null })
  })

  it('that no secret is named for says so', async () => {
    const stub = await tokenRegistry()
    expect(trouble(await ask(plug({ auth: 'basic', url: stub.url }))).message).toContain('needs "secret"')
  })
})

/** A JWT that ends at `exp` (seconds), as ACR hands them out. */
function jwt(exp: number, mark: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256' })}.${part({ exp, mark })}.sig`
}

describe('Azure Container Registry', () => {
  const soon = NOW / 1000 + 4_500
  const refresh = jwt(soon, 'refresh')

  async function acr(exchange: RegistryAnswer = { status: 200, body: JSON.stringify({ refresh_token: refresh }) }) {
    let access = ''
    const stub = await registry((request) => {
      if (request.path === '/oauth2/exchange') return exchange
      if (request.path === '/oauth2/token') {
        access = jwt(soon, request.form.get('scope') ?? '')
        return { status: 200, body: JSON.stringify({ access_token: access }) }
      }
      if (access !== '' && request.authorization === `Bearer ${access}`) return present
      const challenge = `Bearer realm="https://shop.azurecr.io/oauth2/token",service="shop.azurecr.io",scope="x"`
      return { status: 401, headers: { 'www-authenticate': challenge } }
    })
    return stub
  }

  it("exchanges the identity's token, then asks for the right to pull", async () => {
    const stub = await acr()
    const has = plug({ auth: 'acr', url: stub.url }, { token: () => Promise.resolve('entra-token') })
    expect(await ask(has)).toEqual({ kind: 'present' })
    expect(
      stub.asked.filter(({ method }) => method === 'POST').map(({ path, form }) => [path, Object.fromEntries(form)]),
    ).toEqual([
      ['/oauth2/exchange', { grant_type: 'access_token', service: 'shop.azurecr.io', access_token: 'entra-token' }],
      [
        '/oauth2/token',
        {
          grant_type: 'refresh_token',
          service: 'shop.azurecr.io',
          scope: 'repository:team/shop:pull',
          refresh_token: refresh,
        },
      ],
    ])
  })

  it('keeps both tokens until they end', async () => {
    let now = NOW
    const stub = await acr()
    const posts = () => stub.asked.filter(({ method }) => method === 'POST').map(({ path }) => path)
    const has = plug(
      { auth: 'acr', url: stub.url },
      { token: () => Promise.resolve('entra-token'), clock: { now: () => now } },
    )
    await ask(has)
    await ask(has)
    expect(posts()).toEqual(['/oauth2/exchange', '/oauth2/token'])
    now += 4_500_000
    await ask(has)
    expect(posts()).toEqual(['/oauth2/exchange', '/oauth2/token', '/oauth2/exchange', '/oauth2/token'])
  })

  it.each([401, 403])('names the role when the exchange is refused with %i', async (status) => {
    const stub = await acr({ status })
    const found = trouble(await ask(plug({ auth: 'acr', url: stub.url }, { token: () => Promise.resolve('t') })))
    expect(found.kind).toBe('denied')
    expect(found.message).toContain('AcrPull')
  })

  it('says so when there is no identity, or when it gets no token', async () => {
    const stub = await acr()
    expect(trouble(await ask(plug({ auth: 'acr', url: stub.url }))).message).toContain('no identity')
    const sdk = () => Promise.reject(new Error('no managed identity endpoint found'))
    const unavailable = trouble(await ask(plug({ auth: 'acr', url: stub.url }, { token: sdk })))
    expect(unavailable.kind).toBe('unavailable')
    expect(unavailable.message).toContain('gave no token: no managed identity')
    const failing = () => Promise.reject(new Fault('unavailable', 'the identity endpoint is down'))
    const found = trouble(await ask(plug({ auth: 'acr', url: stub.url }, { token: failing })))
    expect(found).toEqual({ kind: 'unavailable', message: 'the identity endpoint is down', retryAfterMs: null })
  })
})
