import { afterAll, beforeAll, expect, test } from 'vitest'
import { manifest } from './manifests.ts'
import { expectProblem, itemsOf, openScene, type Scene } from './scene.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene(
    [
      manifest({ name: 'pricing' }),
      manifest({ name: 'pricing', environment: 'staging' }),
      manifest({ name: 'safety' }),
      manifest({ name: 'routing' }).replace('repository:', 'repositry:'),
    ],
    ({ settings }) => ({
      SLIPWAY_ENVIRONMENTS: JSON.stringify({
        ...JSON.parse(settings.SLIPWAY_ENVIRONMENTS ?? '{}'),
        staging: { logWorkspaceId: '00000000-0000-0000-0000-000000000002' },
      }),
    }),
  )
})

afterAll(() => scene?.close())

/** Some routes of operators, a method that it takes, and one that it does not. */
const ROUTES = [
  ['GET', '/v1/services', 'POST', 'GET, HEAD, OPTIONS'],
  ['GET', '/v1/services/safety/status', 'DELETE', 'GET, HEAD, OPTIONS'],
  ['GET', '/v1/services/safety/rollouts', 'PUT', 'GET, HEAD, OPTIONS'],
  ['GET', '/v1/services/safety/manifest', 'POST', 'GET, PUT, HEAD, OPTIONS'],
  ['GET', '/v1/events', 'POST', 'GET, HEAD, OPTIONS'],
  ['GET', '/v1/audit?environment=production', 'PATCH', 'GET, HEAD, OPTIONS'],
  ['POST', '/v1/services/safety/commands/abort', 'GET', 'POST, OPTIONS'],
] as const

const bodyFor = (method: string) =>
  method === 'POST' ? { body: '{"id":"1"}', headers: { 'content-type': 'application/json' } } : {}

test.each(ROUTES)(
  '%s %s is answered 401 without a token, with a wrong one, and with the keys of others',
  async (method, path) => {
    const { hookKey, auth } = scene.stack.local
    const init = { method, ...bodyFor(method) }
    const offers = [
      {},
      { 'x-functions-key': 'wrong' },
      { 'x-slipway-key': hookKey },
      { authorization: '' },
      { authorization: `Bearer ${hookKey}` },
      { authorization: `Bearer ${auth.clientSecret}` },
      { authorization: `Basic ${Buffer.from(`${auth.clientId}:${auth.clientSecret}`).toString('base64')}` },
      {
        cookie: `slipway=${hookKey}; __Host-slipway=${hookKey}`,
        'x-slipway-request': '1',
        origin: new URL(scene.stack.local.api).origin,
      },
    ]
    for (const offer of offers) {
      const answer = await scene.ask(path, { ...init, headers: { ...init.headers, ...offer } })
      expectProblem(answer, 401, 'unauthenticated')
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="slipway"/)
    }
  },
)

test.each(ROUTES)('%s %s lets the admin in', async (method, path) => {
  const { status } = await scene.api(path, { method, ...bodyFor(method) })
  expect(status).toBe(method === 'POST' ? 409 : 200)
})

test.each(ROUTES)(
  '%s %s: another method (%s) is answered 405 with what is allowed',
  async (_, path, method, allowed) => {
    const answer = await scene.api(path, { method })
    expectProblem(answer, 405, 'method-not-allowed')
    expect(answer.headers.get('allow')).toBe(allowed)
  },
)

test.each(ROUTES)('%s %s refuses a key in the URL, so that nobody gets used to it', async (method, path) => {
  const query = `${path.includes('?') ? '&' : '?'}code=${scene.stack.local.hookKey}`
  const answer = await scene.api(`${path}${query}`, { method, ...bodyFor(method) })
  expectProblem(answer, 400, 'secret-in-url', /Authorization/)
})

const OF_A_SERVICE = ROUTES.filter(([, path]) => path.includes('/safety/'))

test.each(OF_A_SERVICE)('%s %s: a service that nobody knows is 404', async (method, path) => {
  for (const name of ['nothing-here', 'Pricing', "o'brien", 'a%23b', '%2e%2e', 'x'.repeat(300), '%00', '%C3%A9']) {
    const answer = await scene.api(path.replace('safety', name), { method, ...bodyFor(method) })
    expect({ name, status: answer.status }).toEqual({ name, status: 404 })
  }
  const answer = await scene.api(path.replace('safety', 'nothing-here'), { method, ...bodyFor(method) })
  expectProblem(
    answer,
    404,
    'not-found',
    /There is no service "nothing-here" here\. GET \/api\/v1\/services lists them/,
  )
})

test.each(OF_A_SERVICE)('%s %s: a name that two environments have is 409 until one is named', async (method, path) => {
  const pricing = path.replace('safety', 'pricing')
  const init = { method, ...bodyFor(method) }
  const ambiguous = await scene.api(pricing, init)
  expectProblem(ambiguous, 409, 'conflict', /exists in production and staging\. Say which one, e\.g\. \?environment=/)
  const named = await scene.api(`${pricing}?environment=staging`, init)
  expect(named.status).toBe(method === 'POST' ? 409 : 200)
  expectProblem(await scene.api(`${pricing}?environment=nowhere`, init), 404, 'not-found')
})

test('a verb that is no command is 404 and names the verbs', async () => {
  const answer = await scene.command('safety', 'explode', { id: '1' })
  expectProblem(answer, 404, 'not-found', /Use promote, promote-full, approve, pause, resume, abort, retry, undo\./)
})

test.each([
  '/v1/events?limit=0',
  '/v1/events?limit=101',
  '/v1/events?limit=many',
  '/v1/services/safety/rollouts?limit=-1',
])('%s is answered 400', async (path) => {
  expectProblem(await scene.api(path), 400, 'bad-request', /give a whole number from 1 to 100/)
})

test.each(['/v1/events', '/v1/services/safety/rollouts', '/v1/audit?environment=production'])(
  '%s: a page mark of its own making is the mistake of the caller, 400',
  async (path) => {
    const answer = await scene.api(`${path}${path.includes('?') ? '&' : '?'}from=bm90IG91cnM`)
    expectProblem(answer, 400, 'bad-request', /ask for the first page again/)
  },
)

test('manifests of the folder are stored at start, every environment has its own, and each waits for a first push', async () => {
  const services = itemsOf(await scene.api('/v1/services'))
  expect(services.map(({ environment, service }) => `${environment}/${service}`).sort()).toEqual([
    'production/pricing',
    'production/safety',
    'staging/pricing',
  ])
  for (const service of services) {
    expect(service).toMatchObject({
      phase: 'idle',
      manifestVersion: 1,
      what: 'no rollout yet',
      why: 'no image that matches the manifest has been pushed',
      next: 'the next matching push starts a rollout',
      nextAt: null,
    })
  }
  const staging = itemsOf(await scene.api('/v1/services?environment=staging'))
  expect(staging).toMatchObject([{ service: 'pricing', environment: 'staging' }])
  const [row] = itemsOf(await scene.api('/v1/audit?environment=staging'))
  expect(row).toMatchObject({ kind: 'manifest-stored', actor: 'file 1.yaml', entityId: 'staging/pricing' })
})

test('a manifest of the folder that is wrong is said in the log by file, line and path; its neighbours are stored', async () => {
  const log = await scene.log()
  const said = log.split('\n').filter((line) => line.includes('.yaml'))
  expect(said.join('\n')).toMatch(/not stored: 3\.yaml:7:\d+ image\.repositry: .*Did you mean `repository`/)
  expect(said.join('\n')).toContain('0.yaml: production/pricing created')
})

test('answers are not kept by anybody, carry no script, and say the id they were logged under', async () => {
  const answer = await scene.api('/v1/services', { headers: { 'x-request-id': 'my-request-0001' } })
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'cache-control': 'no-store',
    'content-type': expect.stringMatching(/^application\/json/),
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'; base-uri 'none'; form-action 'none'"),
    'x-request-id': 'my-request-0001',
  })
  const forged = await scene.api('/v1/services', { headers: { 'x-request-id': 'no spaces; please' } })
  expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})

test('no secret stands in any answer, event, audit row or log line of all this', () => scene.expectNoSecrets())
