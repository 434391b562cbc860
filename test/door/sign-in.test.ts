import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backOf, beginSignIn, endSignIn, type SignIn, signOut } from '../../lib/door/sign-in.ts'
import { Fault } from '../../lib/errors.ts'
import { aCaller } from '../support/callers.ts'

const PUBLIC = 'https://slipway.example.com/api'

function signIn(more: Partial<SignIn> = {}): SignIn {
  return {
    site: { publicUrl: PUBLIC },
    authorizeUrl: 'https://login.example.com/authorize',
    clientId: 'the-dashboard',
    scope: 'the-api/.default',
    exchange: async (code) => (code === 'good' ? { token: 'a.b.c', expiresInSeconds: 3599.5 } : null),
    checkToken: async () => ({ kind: 'known', caller: { ...aCaller(), name: 'Ada <b>&"\' Lovelace' } }),
    meet: () => {},
    ...more,
  }
}

const query = (text: string) => ({ query: new URLSearchParams(text) })

/** Leaves for the issuer and gives what is needed to come back. */
function left(given = '', by = signIn()) {
  const reply = beginSignIn(by, query(given))
  const [cookie] = reply.cookies ?? []
  const asked = new URL(String((reply.headers as Record<string, string>).location)).searchParams
  return { reply, asked, cookie, headers: new Headers({ cookie: `${cookie?.name}=${cookie?.value}` }) }
}

const back = (given: string, { headers }: { headers: Headers }, by = signIn()) =>
  endSignIn(by, { ...query(given), headers })
const namesOf = (reply: Awaited<ReturnType<typeof endSignIn>>) =>
  reply.cookies?.map(({ name, maxAge }) => `${name} ${maxAge}`)

test('leaving asks for a code with PKCE, and remembers state and verifier where no script can read them', () => {
  const { reply, asked, cookie } = left('as=ada@example.com&back=/api/ui/pricing')
  expect(reply.status).toBe(303)
  expect(Object.fromEntries(asked)).toEqual({
    client_id: 'the-dashboard',
    response_type: 'code',
    redirect_uri: `${PUBLIC}/auth/callback`,
    scope: 'the-api/.default',
    state: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
    login_hint: 'ada@example.com',
  })
  expect(cookie).toMatchObject({
    name: '__Host-slipway-sign-in',
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: 'Lax',
    maxAge: 600,
  })
  expect(left().asked.get('state')).not.toBe(asked.get('state'))
  expect(left('as=a b<script>').asked.has('login_hint')).toBe(false)
})

test('coming back with the code makes the session, forgets the errand, and leads on by a page of our own', async () => {
  const away = left('back=/api/ui/pricing%3Fa=1%26b=2')
  const reply = await back(`code=good&state=${away.asked.get('state')}`, away)
  expect(reply.status).toBe(200)
  expect(reply.cookies).toEqual([
    expect.objectContaining({ name: '__Host-slipway-sign-in', value: '', maxAge: 0, path: '/' }),
    {
      name: '__Host-slipway',
      value: 'a.b.c',
      path: '/',
      httpOnly: true,
      secure: true,
      sameSite: 'Strict',
      maxAge: 3599,
    },
  ])
  expect(reply.body).toContain('<meta http-equiv="refresh" content="0; url=/api/ui/pricing?a=1&#38;b=2">')
  expect(reply.body).toContain('As Ada &#60;b&#62;&#38;&#34;&#39; Lovelace.')
  expect(reply.body).not.toContain('a.b.c')
})

test('on loopback without TLS the cookies are not told to be secure, and have plain names', async () => {
  const by = signIn({ site: { publicUrl: 'http://127.0.0.1:7071/api' } })
  const away = left('', by)
  const reply = await back(`code=good&state=${away.asked.get('state')}`, away, by)
  expect(reply.cookies?.map(({ name, secure }) => [name, secure])).toEqual([
    ['slipway-sign-in', false],
    ['slipway', false],
  ])
})

describe('nobody is let in', () => {
  test.each<[string, string, Partial<SignIn>, number, RegExp]>([
    ['with another state', 'code=good&state=other', {}, 400, /did not begin in this browser/],
    ['without a state', 'code=good', {}, 400, /did not begin in this browser/],
    ['whom the issuer refused', 'error=access_denied&state=STATE', {}, 400, /did not let you in/],
    ['with a code without end', `code=${'x'.repeat(5000)}&state=STATE`, {}, 400, /did not let you in/],
    ['with a code that was used', 'code=used&state=STATE', {}, 400, /does not take this code/],
    [
      'whose token does not hold here',
      'code=good&state=STATE',
      { checkToken: async () => ({ kind: 'unknown', because: 'Another <audience>.' }) },
      403,
      /Another &#60;audience&#62;\./,
    ],
    [
      'whose token no cookie holds',
      'code=good&state=STATE',
      { exchange: async () => ({ token: 'x'.repeat(4001), expiresInSeconds: 60 }) },
      403,
      /too large for a cookie/,
    ],
  ])('%s', async (_, given, more, status, because) => {
    const by = signIn(more)
    const away = left('', by)
    const reply = await back(given.replace('STATE', away.asked.get('state') ?? ''), away, by)
    expect(reply.status).toBe(status)
    expect(reply.body).toMatch(because)
    expect(reply.body).not.toContain('http-equiv="refresh"')
    expect(namesOf(reply)).toEqual(['__Host-slipway-sign-in 0'])
  })

  test.each(['', 'e30', 'bm8ganNvbg', Buffer.from('null').toString('base64url')])(
    'who comes back with the errand %j',
    async (value) => {
      const headers = new Headers({ cookie: `__Host-slipway-sign-in=${value}` })
      expect((await back('code=good&state=undefined', { headers })).status).toBe(400)
      expect((await back('code=good', { headers: new Headers() })).status).toBe(400)
    },
  )

  test('while the issuer is down, and the errand is kept for another try', async () => {
    const by = signIn({ exchange: () => Promise.reject(new Fault('unavailable', 'secret reasons')) })
    const away = left('', by)
    const reply = await back(`code=good&state=${away.asked.get('state')}`, away, by)
    expect(reply).toMatchObject({ status: 503, cookies: [] })
    expect(reply.body).not.toContain('secret reasons')
  })

  test('by our own mistake, which is not hidden', async () => {
    const by = signIn({ exchange: () => Promise.reject(new TypeError('a mistake')) })
    const away = left('', by)
    await expect(back(`code=good&state=${away.asked.get('state')}`, away, by)).rejects.toThrow(TypeError)
  })
})

test.each([
  ['/api/ui', '/api/ui'],
  ['/api/ui/', '/api/ui/'],
  ['/api/ui/rollouts/pricing-7?tab=kpis#p95', '/api/ui/rollouts/pricing-7?tab=kpis#p95'],
  ['/api/ui/../v1/services', '/api/ui/'],
  ['/api/ui/%2e%2e/%2e%2e/other', '/api/ui/'],
  ['/api/uix', '/api/ui/'],
  ['/api/v1/services', '/api/ui/'],
  ['//evil.example.com/api/ui', '/api/ui/'],
  ['https://evil.example.com/api/ui', '/api/ui/'],
  ['/api/ui\\@evil.example.com', '/api/ui/'],
  ['/api/ui/\nx', '/api/ui/'],
  ['javascript:alert(1)', '/api/ui/'],
  ['', '/api/ui/'],
  [null, '/api/ui/'],
])('a way back %j leads to %j', (asked, to) => {
  expect(backOf(asked)).toBe(to)
})

test('whatever is asked for, the way back stays below the dashboard of this host', () => {
  const paths = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.string().map((text) => `/api/ui/${text}`),
  )
  fc.assert(
    fc.property(paths, (asked) => {
      const url = new URL(backOf(asked), 'https://slipway.example.com')
      expect(url.origin).toBe('https://slipway.example.com')
      expect(url.pathname).toMatch(/^\/api\/ui(?:\/|$)/)
    }),
  )
})

test('signing out takes the cookie away, and only for our own page', () => {
  const ours = new Headers({ origin: 'https://slipway.example.com', 'x-slipway-request': '1' })
  expect(signOut(signIn(), { headers: ours })).toMatchObject({
    status: 204,
    cookies: [{ name: '__Host-slipway', value: '', maxAge: 0 }],
  })
  expect(() => signOut(signIn(), { headers: new Headers({ origin: 'https://evil.example.com' }) })).toThrow(
    /only from the dashboard/,
  )
})
