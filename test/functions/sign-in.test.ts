import { afterAll, beforeAll, expect, test } from 'vitest'
import { manifest } from './manifests.ts'
import { type Answer, expectProblem, openScene, type Scene } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene([manifest({ name: 'pricing' })])
})

afterAll(() => scene?.close())

/** A browser, as far as cookies and redirects go. Cookies keep to their host and path as far as the test needs it. */
function browser() {
  const cookies = new Map<string, string>()
  const { api } = scene.stack.local
  const visit = async (url: string): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const to = response.headers.get('location')
    return to === null ? response : visit(new URL(to, url).href)
  }
  return {
    cookies,
    signIn: (query: string) => visit(`${api}/auth/sign-in${query}`),
    ask: (path: string, init: RequestInit = {}): Promise<Answer> => {
      const headers = { ...(init.headers as Record<string, string>), cookie: `slipway=${cookies.get('slipway') ?? ''}` }
      return scene.ask(path, { ...init, headers })
    },
  }
}

const OURS = () => ({ origin: new URL(scene.stack.local.api).origin, 'x-slipway-request': '1' })
const PAUSE = (headers: Record<string, string>) => ({
  method: 'POST',
  body: JSON.stringify({ id: crypto.randomUUID() }),
  headers: { 'content-type': 'application/json', ...headers },
})

test('a newcomer is signed in as the admin without ceremony, and lands on the dashboard by a page of our own', async () => {
  const { signIn, ask, cookies } = browser()
  const page = await signIn('')
  expect(page.status).toBe(200)
  expect(page.url).toMatch(/\/api\/auth\/callback\?/)
  expect(await page.text()).toContain('<meta http-equiv="refresh" content="0; url=/api/ui/">')
  expect(cookies.has('slipway-sign-in')).toBe(false)
  expect((await ask('/v1/me')).json).toMatchObject({ name: 'admin@local', kind: 'person', grants: [{ role: 'admin' }] })
})

test.each(['viewer', 'operator', 'approver'])('whoever asks to be the %s is signed in as them', async (role) => {
  const { signIn, ask } = browser()
  await signIn(`?as=${role}&back=/api/ui/approvals`)
  expect((await ask('/v1/me')).json).toMatchObject({ name: `${role}@local`, grants: [{ role }] })
})

test('one browser can change who it is', async () => {
  const { signIn, ask } = browser()
  await signIn('')
  await signIn('?as=viewer')
  expect((await ask('/v1/me')).json).toMatchObject({ name: 'viewer@local' })
})

test('by cookie one reads, and changes things from our own page only', async () => {
  const { signIn, ask } = browser()
  await signIn('?as=operator')
  const path = '/v1/services/pricing/commands/pause'
  expect((await ask('/v1/services/pricing/status')).status).toBe(200)
  expectProblem(await ask(path, PAUSE({})), 403, 'forbidden', /only from the dashboard itself/)
  expectProblem(await ask(path, PAUSE({ ...OURS(), origin: 'https://evil.example.com' })), 403, 'forbidden')
  expectProblem(await ask(path, PAUSE(OURS())), 409, 'conflict')
})

test('a viewer is refused by role, whatever page asks', async () => {
  const { signIn, ask } = browser()
  await signIn('?as=viewer')
  expectProblem(
    await ask('/v1/services/pricing/commands/pause', PAUSE(OURS())),
    403,
    'forbidden',
    /takes the role operator/,
  )
})

test('signing out takes the cookie away', async () => {
  const { signIn, ask } = browser()
  await signIn('')
  expectProblem(await ask('/auth/sign-out', { method: 'POST' }), 403, 'forbidden')
  const out = await ask('/auth/sign-out', { method: 'POST', headers: OURS() })
  expect(out.status).toBe(204)
  expect(out.headers.get('set-cookie')).toMatch(/^slipway=; path=\/; max-age=0; httponly; samesite=strict$/)
})

test('a cookie that is no session is taken away', async () => {
  const answer = await scene.ask('/v1/me', { headers: { cookie: 'slipway=made.up.token' } })
  expectProblem(answer, 401, 'unauthenticated', /^The session has ended: sign in again/)
  expect(answer.headers.get('set-cookie')).toMatch(/^slipway=; path=\/; max-age=0/)
})

test('a code of somebody else cannot be slipped into a browser', async () => {
  const answer = await scene.ask('/auth/callback?code=stolen&state=made-up')
  expect(answer.status).toBe(400)
  expect(answer.text).toContain('did not begin in this browser')
  expect(answer.headers.get('set-cookie')).not.toContain('slipway=ey')
})

test('GET /auth/nowhere is not there', async () => {
  expectProblem(await scene.ask('/auth/nowhere'), 404, 'not-found')
})

test.each([
  ['POST', 'sign-in', 'GET'],
  ['POST', 'callback', 'GET'],
  ['GET', 'sign-out', 'POST'],
])('%s /auth/%s is not allowed: %s is', async (method, step, allowed) => {
  const answer = await scene.ask(`/auth/${step}`, { method })
  expectProblem(answer, 405, 'method-not-allowed')
  expect(answer.headers.get('allow')).toBe(allowed)
})

test('no secret stands in any answer, event, audit row or log line of all this', () => scene.expectNoSecrets())
