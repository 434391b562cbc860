import { afterEach, describe, expect, it } from 'vitest'
import { Fault } from '../../../lib/errors.ts'
import type { Secrets } from '../../../lib/ports.ts'
import {
  ask,
  closeRegistries,
  isManifest,
  NOW,
  plug,
  present,
  type RegistryAnswer,
  startRegistry,
  tokenRegistry,
  trouble,
} from './registry-stub.ts'

afterEach(closeRegistries)

describe('a login', () => {
  const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`

  it('goes to the token service, not to the registry', async () => {
    const stub = await tokenRegistry({}, ({ authorization }) => authorization === basic('bob:s3cret'))
    const secrets: Secrets = { read: (name) => Promise.resolve(name === 'login' ? ['bob:s3cret'] : []) }
    expect(await ask(plug({ auth: 'basic', secret: 'login', url: stub.url }, { secrets }))).toEqual({ kind: 'present' })
    expect(stub.asked.filter(isManifest).map(({ authorization }) => authorization)).toEqual([undefined, 'Bearer t-1'])
  })

  it('goes to the registry where that asks for it', async () => {
    const stub = await startRegistry(({ authorization }) =>
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
    const stub = await startRegistry((request) => {
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
