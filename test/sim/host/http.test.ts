import { Agent, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Host } from '../../../sim/host/host.ts'
import type { LogLine } from '../../../sim/host/log.ts'
import { bundleFixture, CEILING_MS, KEYS, newFolder, startFixture, waiting } from './support.ts'

const LIMIT = 4096

vi.setConfig({ testTimeout: CEILING_MS, hookTimeout: CEILING_MS })

describe.each(['esm', 'cjs'] as const)('an app bundled as %s, over HTTP', (format) => {
  let host: Host
  let lines: LogLine[]
  let get: (path: string, init?: RequestInit) => Promise<Response>

  beforeAll(async () => {
    const entry = await bundleFixture(newFolder(), format)
    const settings = { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(LIMIT) }
    const started = await startFixture(entry, { settings })
    host = started.host
    lines = started.lines
    get = started.get
  })

  afterAll(() => host?.close())

  const status = async (path: string, init?: RequestInit) => (await get(path, init)).status

  test('a request reaches the function whole, and its answer the client', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const headers = { 'x-test': 'yes', traceparent }
    const answer = await get('/api/echo/a%20b/more?x=1&y=2&x=3', { method: 'PUT', headers, body: 'grüße' })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(answer.headers.get('set-cookie')).toBe('a=b%20c; max-age=60; httponly; samesite=strict')
    expect(await answer.json()).toEqual({
      method: 'PUT',
      path: '/api/echo/a%20b/more',
      params: { name: 'a b', extra: 'more' },
      query: { x: '1,3', y: '2' },
      header: 'yes',
      body: 'grüße',
      setting: 'from settings',
      trace: traceparent,
    })
  })

  test('the most specific route wins', async () => {
    expect(await (await get('/api/echo/fixed')).text()).toBe('fixed')
    expect(await (await get('/api/echo/17')).text()).toBe('number')
    expect(await (await get('/api/echo/x17')).json()).toMatchObject({ params: { name: 'x17' } })
    expect(await (await get('/API/Rest/a/b%2Fc/')).json()).toEqual({ rest: 'a/b/c' })
  })

  test.each([
    ['an unknown path', 'GET', '/api/absent'],
    ['a path without the prefix', 'GET', '/echo/fixed'],
    ['a method that is not registered, as in Azure', 'DELETE', '/api/echo/x17'],
    ['a function that is switched off', 'GET', '/api/switched-off'],
    ['a path that cannot be decoded', 'GET', '/api/echo/%ff'],
  ])('%s is 404', async (_name, method, path) => {
    expect(await status(path, { method })).toBe(404)
  })

  test.each([
    ['no key', {}, 401],
    ['a wrong key', { 'x-functions-key': 'guess' }, 401],
    ['the key of the app', { 'x-functions-key': KEYS.host }, 200],
    ["the function's own key", { 'x-functions-key': KEYS.functions.guarded }, 200],
    ['the master key', { 'x-functions-key': KEYS.master }, 200],
  ])('a guarded function with %s is %i', async (_name, headers, expected) => {
    const answer = await get('/api/guarded', { headers: headers as Record<string, string> })
    expect(answer.status).toBe(expected)
    if (expected === 401) expect(await answer.text()).toBe('')
  })

  test('the key may come as ?code=, but a header goes before it, and no log line ever holds it', async () => {
    expect(await status(`/api/guarded?code=${KEYS.host}`)).toBe(200)
    expect(await status(`/api/guarded?code=${KEYS.host}`, { headers: { 'x-functions-key': 'guess' } })).toBe(401)
    expect(JSON.stringify(lines)).not.toContain(KEYS.host)
  })

  test("the admin level takes the master key only, not the app's", async () => {
    expect(await status('/api/master-only', { headers: { 'x-functions-key': KEYS.host } })).toBe(401)
    expect(await status('/api/master-only', { headers: { 'x-functions-key': KEYS.master } })).toBe(200)
  })

  test('a function that throws is 500 without a word, and the error is logged', async () => {
    const answer = await get('/api/broken')
    expect([answer.status, await answer.text()]).toEqual([500, ''])
    expect(lines.find((line) => line.category === 'Function.broken')).toMatchObject({ level: 'error' })
  })

  test('a function that returns nothing is 204', async () => {
    expect(await status('/api/nothing')).toBe(204)
  })

  test('a hook after the function may take its error away', async () => {
    expect(await (await get('/api/mended')).text()).toBe('mended')
  })

  test('what a function logs is a line of its own with the invocation, after the log hooks', async () => {
    await get('/api/echo/logged')
    const line = lines.find((each) => each.message.endsWith('logged'))
    expect(line).toMatchObject({ level: 'information', category: 'Function.echo.User', message: '**** now logged' })
    expect(line?.invocationId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('a body at the limit passes; one above it is 500, as in Azure, and never reaches the function', async () => {
    expect(await status('/api/echo/big', { method: 'POST', body: 'x'.repeat(LIMIT) })).toBe(201)
    expect(await status('/api/echo/big', { method: 'POST', body: 'x'.repeat(LIMIT + 1) })).toBe(500)
    const streamed = new Blob(['x'.repeat(5000 * LIMIT)]).stream()
    const init = { method: 'POST', body: streamed, duplex: 'half' } as RequestInit
    expect(await status('/api/echo/big', init)).toBe(500)
    expect(await status('/api/echo/after')).toBe(201)
  })

  test('a client that sends on after it was refused is heard out, and keeps its connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const post = (body: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { 'transfer-encoding': 'chunked' }
        const sent = request(`${host.url}/api/echo/big`, { method: 'POST', agent, headers }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
        })
        sent.on('error', reject).end(body)
      })
    expect(await post('x'.repeat(5000 * LIMIT))).toBe(500)
    expect(await post('small')).toBe(201)
    agent.destroy()
  })

  test('a client that waits for "100 Continue" is refused before it sends', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { 'content-length': 10 * LIMIT, expect: '100-continue' }
      const sent = request(`${host.url}/api/echo/big`, { method: 'POST', headers })
      sent.on('continue', () => resolve('continue'))
      sent.on('response', (response) => resolve(String(response.statusCode)))
      sent.on('error', reject)
      sent.flushHeaders()
    })
    expect(answer).toBe('500')
  })

  test('the list of functions names triggers and routes', () => {
    expect(host.functions.find((each) => each.name === 'echo')).toMatchObject({
      type: 'http',
      route: 'echo/{name}/{extra?}',
      methods: ['GET', 'POST', 'PUT'],
      authLevel: 'anonymous',
    })
    expect(host.functions.find((each) => each.name === 'work')).toMatchObject({ type: 'queue', disabled: true })
  })
})

test(
  'a client is cut off with 504 while the function runs on',
  async () => {
    const entry = await bundleFixture(newFolder(), 'esm')
    const { host, get } = await startFixture(entry, { cutMs: 50 })
    expect((await get('/api/slow/cut')).status).toBe(504)
    const release = await waiting('cut')
    release()
    await host.close()
  },
  CEILING_MS,
)

test(
  'closing lets a running request end, refuses new ones, and runs the appTerminate hooks once',
  async () => {
    const entry = await bundleFixture(newFolder(), 'esm')
    delete process.env.FIXTURE_TERMINATED
    const { host, get, lines } = await startFixture(entry)
    const slow = get('/api/slow/close')
    const release = await waiting('close')
    const closing = host.close()
    const again = host.close()
    await expect(get('/api/nothing')).rejects.toThrow()
    expect(process.env.FIXTURE_TERMINATED).toBeUndefined()
    release()
    expect(await (await slow).text()).toBe('at last')
    await Promise.all([closing, again])
    expect(process.env.FIXTURE_TERMINATED).toMatch(/^after appStart, [1-9]/)
    expect(process.env.FIXTURE_SETTING).toBeUndefined()
    expect(lines.filter((line) => line.category === 'Host.Shutdown')).toHaveLength(1)
  },
  CEILING_MS,
)
