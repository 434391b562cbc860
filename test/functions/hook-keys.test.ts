import { randomUUID } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localToken } from '../../sim/start/token.ts'
import { acrPush } from '../../sim/start/webhook.ts'
import { manifest } from './manifests.ts'
import { expectProblem, openScene, type Scene, until } from './scene.ts'

const SECRET = 'slipway-hook-keys'
const PING = { action: 'ping' }

/** A wire to the queues that can be cut: TLS passes through untouched. */
interface Wire {
  readonly url: string
  cut(): void
  mend(): void
  close(): void
}

let scene: Scene
let wire: Wire
/** Put into the vault before the app starts, beside the key that is there. */
const second = randomUUID()
let secondVersion: string

beforeAll(async () => {
  scene = await openScene([manifest({ name: 'pricing' })], async ({ urls, vault }) => {
    secondVersion = vault.put(SECRET, second)
    wire = await wireTo(urls.queues ?? '')
    return { SLIPWAY_STORAGE__queueServiceUri: wire.url }
  })
})

afterAll(async () => {
  await scene?.close()
  wire?.close()
})

async function wireTo(url: string): Promise<Wire> {
  const target = new URL(url)
  const open = new Set<Socket>()
  let isCut = false
  const server: Server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect(Number(target.port), '127.0.0.1')
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const own = new URL(url)
  own.port = String((server.address() as { port: number }).port)
  const cut = () => {
    isCut = true
    for (const socket of open) socket.destroy()
  }
  return {
    url: own.href,
    cut,
    mend: () => {
      isCut = false
    },
    close: () => {
      cut()
      server.close()
    },
  }
}

test.each([
  ['down', /^\d+$/],
  ['throttled', /^1$/],
  ['denied', /^\d+$/],
  ['malformed', /^\d+$/],
] as const)('while Key Vault is %s nobody is turned away for good: 503 with Retry-After', async (fault, wait) => {
  const { faults } = scene.stack.azure.vault
  faults.inject(fault)
  for (const headers of [{ 'x-slipway-key': scene.stack.local.hookKey }, { 'x-slipway-key': 'a wrong one' }]) {
    const answer = await scene.hook('acr', PING, headers)
    expectProblem(answer, 503, 'unavailable', 'The keys cannot be read right now. Try again later.')
    expect(answer.headers.get('retry-after')).toMatch(wait)
  }
  faults.clear()
})

test('the shared key is taken from x-slipway-key, and from Authorization raw, as Bearer or as a Basic password', async () => {
  const { hookKey } = scene.stack.local
  const offers = [
    { 'x-slipway-key': hookKey },
    { authorization: hookKey },
    { authorization: `Bearer ${hookKey}` },
    { authorization: `bearer ${hookKey}` },
    { authorization: `Basic ${Buffer.from(`acr:${hookKey}`).toString('base64')}` },
  ]
  for (const headers of offers) expect((await scene.hook('acr', PING, headers)).status).toBe(202)
})

test.each([
  ['no key', {}],
  ['an empty key', { 'x-slipway-key': '' }],
  ['a wrong key', { 'x-slipway-key': 'wrong' }],
  ['nothing behind Bearer', { authorization: 'Bearer ' }],
  ['a wrong bearer', { authorization: 'Bearer nothing' }],
  ['an access token, which opens other doors', { authorization: 'Bearer TOKEN' }],
])('a hook called with %s is answered 401 and stores nothing', async (_, wanted) => {
  const token = await localToken(scene.stack.local)
  const headers = Object.entries(wanted).map(([name, value]) => [name, value.replace('TOKEN', token)])
  const push = acrPush('registry.example.com', 'pricing', 'v0-unauthorized', `sha256:${'0'.repeat(64)}`)
  const answer = await scene.hook('acr', push, Object.fromEntries(headers))
  expectProblem(answer, 401, 'unauthenticated', /x-slipway-key/)
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="slipway"')
  expect((await scene.events()).filter(({ image }) => image?.endsWith(':v0-unauthorized'))).toEqual([])
})

test('while the queue cannot be reached a push is answered 503, not accepted, and taken when it is sent again', async () => {
  const push = acrPush('registry.example.com', 'pricing', 'v2', `sha256:${'2'.repeat(64)}`)
  wire.cut()
  const refused = await scene.hook('acr', push)
  expectProblem(refused, 503, 'unavailable', 'The event could not be stored. Send it again later.')
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  wire.mend()
  expect(await scene.rollouts('pricing')).toEqual([])
  expect(await scene.hook('acr', push)).toMatchObject({ status: 202, json: { accepted: 1 } })
  await until('the rollout began', async () => (await scene.rollouts('pricing')).length > 0)
  expect((await scene.events()).filter(({ outcome }) => outcome === 'rollout')).toMatchObject([
    { image: 'registry.example.com/pricing:v2', rollout: 'pricing-1' },
  ])
})

const third = randomUUID()

test('two keys are live; a new one works once the keys are looked up again, and one that was disabled no more', {
  timeout: 120_000,
}, async () => {
  const { vault, hookKey } = scene.stack.azure
  const by = async (key: string) => (await scene.hook('acr', PING, { authorization: `Bearer ${key}` })).status
  expect([await by(hookKey), await by(second)]).toEqual([202, 202])
  vault.put(SECRET, third)
  vault.enable(SECRET, secondVersion, false)
  await until('the third key is taken', async () => (await by(third)) === 202)
  expect([await by(hookKey), await by(second), await by(third)]).toEqual([202, 401, 202])
})

test('no secret stands in any answer, event, audit row or log line of all this', () =>
  scene.expectNoSecrets([second, third]))
