import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { healthyProfile, seededRandom } from '../../sim/azure/image-profile.ts'
import { wallClock } from '../../sim/clock.ts'
import { createLoad } from '../../sim/load.ts'
import { createClient } from '../../sim/start/client.ts'
import { REGISTRY_HOST, targetOf } from '../../sim/start/local-azure.ts'
import { type Stack, startStack } from '../../sim/start/stack.ts'
import { localToken } from '../../sim/start/token.ts'
import { acrPush, postHook } from '../../sim/start/webhook.ts'
import { SHORT_LEASE, startWorkers, type Workers } from '../support/worker.ts'

const SEED = 5
const PLAN = [20, 50, 100]
const FROZEN_MS = 4_000
const AWAY_MS = 3_000

const MANIFEST = `
name: pricing
environment: production
target: { subscription: 00000000-0000-0000-0000-000000000001, resourceGroup: rides, containerApp: pricing }
image: { registry: ${REGISTRY_HOST}, repository: pricing, tags: { glob: "v*" } }
strategy:
  canary:
    steps: [{ setWeight: 20 }, { bake: 6s }, { setWeight: 50 }, { bake: 4s }, { setWeight: 100 }]
analysis:
  interval: 1s
  bucket: 1s
  warmUp: 2s
  minRequests: 20
  onInconclusive: { after: 120s, then: abort }
  kpis:
    - { name: errors, errorRate: { limit: 5% }, source: azure-logs, lag: 2s }
drain: 1s
scaleDownDelay: 1s
watch: 3s
`

interface Scene {
  readonly stack: Stack
  readonly workers: Workers
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Where the rollout stands; null while nobody answers. */
async function statusOf({ stack, workers }: Scene) {
  const client = createClient({ api: workers.urls.at(-1) ?? '', auth: stack.local.auth })
  return client.status('pricing').catch(() => null)
}

type Seen = NonNullable<Awaited<ReturnType<typeof statusOf>>>

async function until(scene: Scene, what: string, holds: (seen: Seen) => boolean): Promise<Seen> {
  for (const end = Date.now() + 150_000; Date.now() < end; await sleep(300)) {
    const seen = await statusOf(scene)
    if (seen !== null && holds(seen)) return seen
  }
  throw new Error(`it did not happen that ${what}: ${JSON.stringify(await statusOf(scene))}`)
}

/** Posts as a registry does that goes on until it is told that its event is stored. */
async function postUntilTaken({ stack, workers }: Scene, body: object): Promise<void> {
  for (const end = Date.now() + 100_000; ; await sleep(500)) {
    try {
      return await postHook(workers.urls.at(-1) ?? '', stack.azure.hookKey, body)
    } catch (error) {
      if (Date.now() > end) throw error
    }
  }
}

async function push(scene: Scene, tag: string): Promise<object> {
  const { stack } = scene
  const digest = stack.azure.publish('pricing', tag, healthyProfile(tag))
  const body = acrPush(REGISTRY_HOST, 'pricing', tag, digest)
  await postUntilTaken(scene, body)
  return body
}

/** Weights of the canary that were written by Slipway, in order, without repetitions. */
function weightsOf({ stack }: Scene, canary: string): readonly number[] {
  const written = stack.azure.world.log.flatMap(({ actor, traffic }) => {
    if (actor !== 'slipway' || traffic === undefined) return []
    expect(Object.values(traffic).reduce((sum, weight) => sum + weight, 0)).toBe(100)
    return traffic[canary] === undefined ? [] : [traffic[canary]]
  })
  return written.filter((weight, place) => weight > 0 && weight !== written[place - 1])
}

async function isIntact({ stack, workers }: Scene): Promise<unknown> {
  const authorization = `Bearer ${await localToken(stack.local)}`
  const path = '/v1/audit/verify?environment=production&service=pricing'
  return (await fetch(`${workers.urls[0]}${path}`, { headers: { authorization } })).json()
}

/** Kills the worker again and again at times of chance until the story has ended. */
async function killUntil(workers: Workers, isOver: () => boolean): Promise<number> {
  const random = seededRandom(SEED, 'kills')
  for (let kills = 0; ; kills += 1) {
    await sleep(1_500 + random() * 3_000)
    if (isOver()) return kills
    await workers.kill(0)
  }
}

/** Doubles every call of the bell: both workers are woken for the same work at the same moment, again and again. */
async function ringAlways(scene: Scene, isOver: () => boolean): Promise<number> {
  for (let rung = 0; ; await sleep(250)) {
    if (isOver()) return rung
    const answers = await Promise.all([ringBell(scene.stack), ringBell(scene.stack)].map((one) => one.catch(() => 0)))
    rung += answers.filter((status) => status === 201).length
  }
}

/** Puts a call into the queue of the bell, past the app. */
function ringBell({ azure }: Stack): Promise<number> {
  const call = Buffer.from(JSON.stringify({ environment: 'production', at: 0 })).toString('base64')
  const authorization = `Bearer ${azure.identity.issue('https://storage.azure.com')}`
  const headers = { authorization, 'x-ms-version': '2023-11-03', 'content-type': 'application/xml' }
  const url = `${azure.azurite.queueUrl}/slipway-turns/messages`
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', ca: azure.tls.ca, headers, agent: false }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    asked.once('error', reject)
    asked.end(`<QueueMessage><MessageText>${call}</MessageText></QueueMessage>`)
  })
}

async function given(folder: string, closing: (() => Promise<unknown>)[]): Promise<Scene> {
  const stack = await startStack(folder, { SLIPWAY_MANIFESTS: '', ...SHORT_LEASE }, join(folder, 'storage'))
  closing.push(stack.close)
  const authorization = `Bearer ${await localToken(stack.local)}`
  const headers = { 'content-type': 'application/yaml', authorization }
  const stored = await fetch(`${stack.local.api}/v1/services/pricing/manifest`, {
    method: 'PUT',
    headers,
    body: MANIFEST,
  })
  expect({ status: stored.status, said: await stored.text() }).toMatchObject({ status: 201 })
  // From here on the app is the two workers of the test.
  process.kill(stack.local.pids.functions ?? 0, 'SIGKILL')
  const workers = await startWorkers(stack, folder, 2)
  closing.push(workers.close)
  const url = stack.local.services.pricing ?? ''
  const load = createLoad({ streams: [{ name: 'pricing', url, rps: 60 }], clock: wallClock })
  closing.push(load.close)
  return { stack, workers }
}

test('rollouts end as they should though workers are killed and race, storage stands still and starts anew, and messages come twice', {
  timeout: 400_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-kills-'))
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const scene = await given(folder, closing)
    const { stack, workers } = scene
    const { world, azurite } = stack.azure

    await push(scene, 'v2')
    let over = false
    const killing = killUntil(workers, () => over)
    const first = await until(scene, 'the first rollout ended', ({ phase }) => phase === 'finished')
    over = true
    expect(await killing).toBeGreaterThan(1)
    expect(first).toMatchObject({ rollout: 'pricing-1', outcome: 'promoted' })
    expect(weightsOf(scene, first.canary ?? '')).toEqual(PLAN)

    const body = await push(scene, 'v3')
    await until(scene, 'the second canary took its first weight', (seen) => {
      return seen.rollout === 'pricing-2' && seen.weights.actual?.[seen.canary ?? ''] === PLAN[0]
    })
    process.kill(azurite.pid, 'SIGSTOP')
    try {
      // What was under way ends; from then on nothing moves.
      await sleep(1_000)
      const stopped = { weights: world.ingress(targetOf('pricing')).weights, writes: world.log.length }
      await sleep(FROZEN_MS)
      expect(world.log.length).toBe(stopped.writes)
      expect(world.ingress(targetOf('pricing')).weights).toEqual(stopped.weights)
    } finally {
      process.kill(azurite.pid, 'SIGCONT')
    }
    await azurite.restart(AWAY_MS)
    over = false
    const ringing = ringAlways(scene, () => over)
    for (let copies = 0; copies < 3; copies += 1) await postUntilTaken(scene, body)

    const second = await until(scene, 'the second rollout ended', ({ phase }) => phase === 'finished')
    over = true
    expect(await ringing).toBeGreaterThan(20)
    expect(second).toMatchObject({ rollout: 'pricing-2', outcome: 'promoted' })
    expect(weightsOf(scene, second.canary ?? '')).toEqual(PLAN)
    const images = world.ingress(targetOf('pricing')).revisions.map(({ image }) => image)
    expect(images).toHaveLength(3)
    expect(new Set(images).size).toBe(3)
    expect(await isIntact(scene)).toMatchObject({ intact: true, nextLink: null })
  } finally {
    for (const close of closing.reverse()) await close()
  }
})
