import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorsOf, expectProblem, openScene, type Scene, until } from './scene.ts'

const TOPIC =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rides/providers/Microsoft.ContainerRegistry/registries/bimride'
const KIB_256 = 256 * 1024

let scene: Scene

beforeAll(async () => {
  scene = await openScene([], { SLIPWAY_EVENT_GRID_TOPICS: TOPIC })
})

afterAll(() => scene?.close())

const key = () => ({ 'x-slipway-key': scene.stack.local.hookKey })

function post(
  body: NonNullable<RequestInit['body']>,
  headers: Readonly<Record<string, string>>,
  path = '/hooks/acr',
  init: RequestInit = {},
) {
  return scene.ask(path, { method: 'POST', headers, body, ...init })
}

/** A body that says no length: it goes out in chunks. */
function chunked(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close()
      const chunk = new Uint8Array(Math.min(left, 16 * 1024)).fill(0x20)
      left -= chunk.byteLength
      controller.enqueue(chunk)
    },
  })
}

function validation(topic = TOPIC): unknown {
  const path = join(import.meta.dirname, '..', 'schema', 'payloads', 'event-grid-subscription-validation.json')
  const [event] = JSON.parse(readFileSync(path, 'utf8')) as [Record<string, unknown>]
  return [{ ...event, topic }]
}

test('a body over 256 KiB is refused before anybody asks who sent it, with Content-Length and in chunks', async () => {
  const json = { 'content-type': 'application/json' }
  const declared = await post(' '.repeat(KIB_256 + 1), json)
  expectProblem(declared, 413, 'body-too-large', /262144 bytes/)
  const streamed = await post(chunked(KIB_256 + 1), json, '/hooks/acr', { duplex: 'half' } as RequestInit)
  expectProblem(streamed, 413, 'body-too-large', /262144 bytes/)
  expect(scene.stack.azure.vault.reads()).toBe(0)
})

test('a body of exactly 256 KiB is read, and then its sender must be known', async () => {
  const body = `{"action":"ping"}${' '.repeat(KIB_256 - 17)}`
  expect(Buffer.byteLength(body)).toBe(KIB_256)
  const json = { 'content-type': 'application/json' }
  expectProblem(await post(body, json), 401, 'unauthenticated')
  expect(await post(body, { ...json, ...key() })).toMatchObject({ status: 202 })
  const streamed = await post(chunked(KIB_256), json, '/hooks/acr', { duplex: 'half' } as RequestInit)
  expectProblem(streamed, 401, 'unauthenticated')
})

test.each([
  ['text', { 'content-type': 'text/plain' }, /Content-Type is "text\/plain"/],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, /Send application\/json/],
  ['another charset', { 'content-type': 'application/json; charset=utf-16' }, /UTF-8/],
  ['gzip', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, /compressed/],
])('a body that is %s is answered 415', async (_, headers, detail) => {
  expectProblem(await post('{"action":"ping"}', { ...headers, ...key() }), 415, 'unsupported-media-type', detail)
})

const deep = `{"action":"push","target":${'['.repeat(16)}${']'.repeat(16)}}`
const wide = JSON.stringify({ action: 'ping', ...Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [i, 0])) })

test.each([
  ['half of its JSON', '{"action":"pi', 'malformed-body', /not valid JSON/],
  ['nothing', '', 'malformed-body', /not valid JSON/],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 'malformed-body', /not valid UTF-8/],
  ['JSON that nests deeper than 16', deep, 'malformed-body', /deeper than 16/],
  ['JSON with more than 10,000 keys', wide, 'malformed-body', /more than 10000 keys/],
  ['JSON that is no event', '["hello"]', 'invalid', /Nothing was stored/],
  ['a push without a digest', '{"action":"push","target":{"repository":"a","tag":"v1"}}', 'invalid', /Nothing was/],
])('a sender of %s is answered 400', async (_, body, kind, detail) => {
  expectProblem(await post(body, { 'content-type': 'application/json', ...key() }), 400, kind, detail)
})

test('what is wrong with an event is said by path', async () => {
  const answer = await scene.hook('acr', { action: 'push', target: { repository: 'UPPER', tag: 'v1', mediaType: 'x' } })
  expect(answer.status).toBe(202)
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const wrong = await scene.hook('acr', { action: 'push', target: { repository: 'UPPER', tag: 'v 1', mediaType } })
  expectProblem(wrong, 400, 'invalid')
  const paths = errorsOf(wrong).map(({ path }) => path)
  expect(paths.sort()).toEqual(['request', 'target.digest', 'target.repository', 'target.tag'])
})

test.each(['code', 'CODE', 'secret', 'token'])(
  'a key in the URL as ?%s= is refused even if it is right',
  async (name) => {
    const path = `/hooks/acr?${name}=${scene.stack.local.hookKey}`
    const answer = await post('{"action":"ping"}', { 'content-type': 'application/json', ...key() }, path)
    expectProblem(answer, 400, 'secret-in-url', /change that key/)
  },
)

test('there is a hook for every source that is known, and for no other: 404', async () => {
  expectProblem(await scene.hook('docker-hub', {}), 404, 'not-found', /acr, event-grid or distribution/)
  expectProblem(await scene.hook('constructor', {}), 404, 'not-found')
})

test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s on a hook is answered 405 with what is allowed', async (method) => {
  const answer = await scene.ask('/hooks/acr', { method, headers: key() })
  expectProblem(answer, 405, 'method-not-allowed', /Use POST or OPTIONS/)
  expect(answer.headers.get('allow')).toBe('POST, OPTIONS')
})

test("Event Grid's own handshake is answered at once with its code, for topics of the installation, without a key", async () => {
  const handshake = { 'aeg-event-type': 'SubscriptionValidation' }
  const allowed = await scene.hook('event-grid', validation(), handshake)
  expect(allowed).toMatchObject({
    status: 200,
    json: { validationResponse: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6' },
  })
  expect(await scene.hook('event-grid', validation(TOPIC.toUpperCase()), handshake)).toMatchObject({ status: 200 })
  const foreign = await scene.hook('event-grid', validation(`${TOPIC}-of-others`), handshake)
  expectProblem(foreign, 403, 'forbidden', /SLIPWAY_EVENT_GRID_TOPICS/)
  expect(foreign.text).not.toContain('512d38b6')
})

test('an event that dresses up as a handshake is not let in without a key', async () => {
  const path = join(import.meta.dirname, '..', 'schema', 'payloads', 'event-grid-schema-image-pushed.json')
  const answer = await scene.hook('event-grid', JSON.parse(readFileSync(path, 'utf8')), {
    'aeg-event-type': 'SubscriptionValidation',
  })
  expectProblem(answer, 401, 'unauthenticated')
  const acr = await scene.hook('acr', { action: 'ping' }, { 'aeg-event-type': 'SubscriptionValidation' })
  expectProblem(acr, 401, 'unauthenticated')
})

test('the handshake of CloudEvents names the one origin that may deliver, and changes nothing', async () => {
  const ask = (origin: string) =>
    scene.ask('/hooks/event-grid', {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': origin, 'webhook-request-rate': '60' },
    })
  const allowed = await ask('eventgrid.azure.net')
  expect(allowed.status).toBe(200)
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    allow: 'POST',
    'webhook-allowed-origin': 'eventgrid.azure.net',
    'webhook-allowed-rate': '60',
  })
  const foreign = await ask('evil.example.com')
  expectProblem(foreign, 403, 'forbidden')
  expect(foreign.headers.get('webhook-allowed-origin')).toBeNull()
})

test('health tells strangers that the app answers, and nothing else', async () => {
  expect(await scene.ask('/health')).toMatchObject({ status: 200, text: '{"status":"ok"}' })
  expectProblem(await scene.ask('/health', { method: 'POST' }), 405, 'method-not-allowed')
})

test('nothing of all that was refused was stored', async () => {
  expect(await scene.hook('acr', { id: 'the-last', action: 'delete' })).toMatchObject({ status: 202 })
  const events = await until('the accepted ones are read back', async () => {
    const seen = await scene.events()
    return seen.some(({ id }) => id === 'the-last') && seen.length >= 3 && seen
  })
  expect(events.map(({ reason }) => reason).sort()).toEqual([
    'a deletion: what runs keeps running',
    'a ping: the registry tries the hook out',
    'x is not the manifest of an image',
  ])
})

test('no secret stands in any answer, event, audit row or log line of all this', () => scene.expectNoSecrets())
