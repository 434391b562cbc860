import { QueueClient } from '@azure/storage-queue'
import { expect, test } from 'vitest'
import { seededRandom } from '../../sim/azure/image-profile.ts'
import { REGISTRY_HOST, targetOf } from '../../sim/start/local-azure.ts'
import { localToken } from '../../sim/start/token.ts'
import { createQueueProxy, type Fate, type QueueProxy } from '../support/queue-proxy.ts'
import {
  imagesOf,
  openRealScene,
  pushUntilTaken,
  type RealScene,
  sleep,
  untilSeen,
  verified,
  weightsWritten,
} from '../support/real-scene.ts'

const SEED = 7
const PLAN = [20, 100]
/** Both workers at the same moment, every two seconds. */
const TOGETHER = '*/2 * * * * *'
const NEVER = '0 0 0 1 1 *'
const TURNS = 'slipway-turns'
const INTAKE = 'slipway-intake'

const MANIFEST = `
name: pricing
environment: production
target: { subscription: 00000000-0000-0000-0000-000000000001, resourceGroup: rides, containerApp: pricing }
image: { registry: ${REGISTRY_HOST}, repository: pricing, tags: { glob: "v*" } }
strategy: { canary: { steps: [{ setWeight: 20 }, { bake: 3s }, { setWeight: 100 }] } }
analysis:
  interval: 1s
  bucket: 1s
  warmUp: 1s
  minRequests: 10
  onInconclusive: { after: 120s, then: abort }
  kpis:
    - { name: errors, errorRate: { limit: 5% }, source: azure-logs, lag: 1s }
drain: 1s
scaleDownDelay: 1s
watch: 2s
`

/** Every message of every queue twice, one of them late, and a third time when it is let go. */
function doubling(): Fate {
  const random = seededRandom(SEED, 'late')
  return (queue) => {
    const copies = [0, Math.floor(random() * 4)]
    if (random() < 0.5) copies.reverse()
    return queue === TURNS ? copies : [...copies, Number.POSITIVE_INFINITY]
  }
}

async function promoted(scene: RealScene, number: number): Promise<void> {
  const rollout = `pricing-${number}`
  const seen = await untilSeen(scene, `rollout ${number} ended`, (now) => {
    return now.rollout === rollout && now.phase === 'finished'
  })
  expect(seen).toMatchObject({ rollout, outcome: 'promoted' })
  expect(weightsWritten(scene, seen.canary ?? '')).toEqual(PLAN)
}

/** Messages of a queue that wait, or that somebody has in hand. */
async function leftIn(queue: string, { stack }: RealScene): Promise<number> {
  const { identity, azurite, tls } = stack.azure
  const token = { token: identity.issue('https://storage.azure.com'), expiresOnTimestamp: Date.now() + 3_600_000 }
  const options = { tlsOptions: { ca: tls.ca } } as object
  const client = new QueueClient(`${azurite.queueUrl}/${queue}`, { getToken: async () => token }, options)
  return (await client.getProperties()).approximateMessagesCount ?? 0
}

/** What was said when the rollouts before ran comes again, the newest first. */
async function saidAgain(scene: RealScene, queues: QueueProxy): Promise<void> {
  await queues.letGo()
  while ((await leftIn(INTAKE, scene)) > 0) await sleep(250)
}

/** How often the log of events says each outcome of an event. */
async function outcomesOf({ stack, workers }: RealScene, event: object): Promise<readonly string[]> {
  const { id } = event as { id: string }
  const headers = { authorization: `Bearer ${await localToken(stack.local)}` }
  const answer = await fetch(`${workers.urls[0]}/v1/events?limit=100`, { headers })
  const { items } = (await answer.json()) as { items: { id: string; outcome: string }[] }
  return items.flatMap((one) => (one.id.split('@')[0] === id ? [one.outcome] : []))
}

test('rollouts end as they should though every message comes twice or thrice and late, and timers fire twice at once, or never', {
  timeout: 400_000,
}, async () => {
  let proxy: QueueProxy | null = null
  let schedule = TOGETHER
  const scene = await openRealScene({
    manifest: MANIFEST,
    workers: 2,
    settings: async (azure) => {
      proxy = await createQueueProxy(azure, doubling())
      return { SLIPWAY_STORAGE__queueServiceUri: proxy.url }
    },
    ofWorker: () => ({ SLIPWAY_SWEEP_SCHEDULE: schedule }),
  })
  const queues = proxy as unknown as QueueProxy
  try {
    const pushed = [await pushUntilTaken(scene, 'v2')]
    await promoted(scene, 1)
    await saidAgain(scene, queues)

    schedule = NEVER
    await Promise.all([scene.workers.kill(0), scene.workers.kill(1)])
    pushed.push(await pushUntilTaken(scene, 'v3'))
    await promoted(scene, 2)
    await saidAgain(scene, queues)

    schedule = TOGETHER
    await Promise.all([scene.workers.kill(0), scene.workers.kill(1)])
    const doubled = queues.fate
    queues.fate = (queue) => (queue === TURNS ? [] : doubled(queue))
    pushed.push(await pushUntilTaken(scene, 'v4'))
    await promoted(scene, 3)
    await saidAgain(scene, queues)

    const { sent, stored } = queues.put.get(TURNS) ?? { sent: 0, stored: 0 }
    expect(sent).toBeGreaterThan(20)
    expect(stored).toBeGreaterThan(sent)
    expect(queues.put.get(INTAKE)).toEqual({ sent: 3, stored: 9 })
    expect(imagesOf(scene)).toHaveLength(4)
    expect(new Set(imagesOf(scene)).size).toBe(4)
    const serving = Object.entries(scene.stack.azure.world.ingress(targetOf('pricing')).weights)
    expect(serving.filter(([, weight]) => weight > 0)).toHaveLength(1)
    expect(await verified(scene)).toMatchObject({ intact: true, nextLink: null })
    for (const one of pushed) {
      const outcomes = await outcomesOf(scene, one)
      expect(outcomes.filter((outcome) => outcome !== 'duplicate')).toEqual(['rollout'])
    }
  } finally {
    await scene.close()
    await queues.close()
  }
})
