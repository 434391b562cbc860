import { request } from 'node:https'
import { expect, test } from 'vitest'
import { seededRandom } from '../../sim/azure/image-profile.ts'
import { REGISTRY_HOST, targetOf } from '../../sim/start/local-azure.ts'
import type { Stack } from '../../sim/start/stack.ts'
import {
  imagesOf,
  openRealScene,
  postUntilTaken,
  pushUntilTaken,
  type RealScene,
  sleep,
  untilSeen,
  verified,
  weightsWritten,
} from '../support/real-scene.ts'
import type { Workers } from '../support/worker.ts'

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
async function ringAlways(scene: RealScene, isOver: () => boolean): Promise<number> {
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

test('rollouts end as they should though workers are killed and race, storage stands still and starts anew, and messages come twice', {
  timeout: 400_000,
}, async () => {
  const scene = await openRealScene({ manifest: MANIFEST, workers: 2 })
  try {
    const { stack, workers } = scene
    const { world, azurite } = stack.azure

    await pushUntilTaken(scene, 'v2')
    let over = false
    const killing = killUntil(workers, () => over)
    const first = await untilSeen(scene, 'the first rollout ended', ({ phase }) => phase === 'finished')
    over = true
    expect(await killing).toBeGreaterThan(1)
    expect(first).toMatchObject({ rollout: 'pricing-1', outcome: 'promoted' })
    expect(weightsWritten(scene, first.canary ?? '')).toEqual(PLAN)

    const body = await pushUntilTaken(scene, 'v3')
    await untilSeen(scene, 'the second canary took its first weight', (seen) => {
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

    const second = await untilSeen(scene, 'the second rollout ended', ({ phase }) => phase === 'finished')
    over = true
    expect(await ringing).toBeGreaterThan(20)
    expect(second).toMatchObject({ rollout: 'pricing-2', outcome: 'promoted' })
    expect(weightsWritten(scene, second.canary ?? '')).toEqual(PLAN)
    expect(imagesOf(scene)).toHaveLength(3)
    expect(new Set(imagesOf(scene)).size).toBe(3)
    expect(await verified(scene)).toMatchObject({ intact: true, nextLink: null })
  } finally {
    await scene.close()
  }
})
