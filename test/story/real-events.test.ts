import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TableClient } from '@azure/data-tables'
import { QueueClient } from '@azure/storage-queue'
import { expect, test } from 'vitest'
import { createTableStore } from '../../lib/adapters/store/table.ts'
import type { EventRecord, Page } from '../../lib/ports.ts'
import { healthyProfile, seededRandom } from '../../sim/azure/image-profile.ts'
import { createClient } from '../../sim/start/client.ts'
import { REGISTRY_HOST, targetOf } from '../../sim/start/local-azure.ts'
import { SERVICES, type Stack, startStack } from '../../sim/start/stack.ts'
import { localToken } from '../../sim/start/token.ts'
import { SHORT_LEASE, startWorkers, type Workers } from '../support/worker.ts'

const SENT = 10_000
const UNIQUE = 7_000
/** Event Grid sends what it has together; ACR's webhook sends each event alone. */
const TOGETHER = 100
const LANES = 6
const KILLS = 3
const SEED = 11
const RULES = { pricing: 'supersede', safety: 'queue', routing: 'reject' } as const
const VERSIONS = ['v2', 'v3', 'v4', 'v5']
/** Outcomes that are said of an event once, however often it came. */
const TAKEN = ['rollout', 'queued', 'superseded', 'rejected']

/** All traffic in one step, so that many rollouts end within seconds. */
function manifest(service: string, onNewRevision: string): string {
  return `
name: ${service}
environment: production
target: { subscription: 00000000-0000-0000-0000-000000000001, resourceGroup: rides, containerApp: ${service} }
image: { registry: ${REGISTRY_HOST}, repository: ${service}, tags: { glob: "v*" } }
onNewRevision: ${onNewRevision}
strategy: { canary: { steps: [{ setWeight: 100 }] } }
analysis: { interval: 1s, bucket: 1s }
drain: 1s
scaleDownDelay: 1s
watch: 1s
`
}

interface Event {
  readonly id: string
  readonly hook: 'acr' | 'event-grid'
  readonly body: object
}

/** One request of a registry. */
interface Post {
  readonly hook: Event['hook']
  readonly events: readonly Event[]
}

/** Event `n`, as ACR tells it itself or through Event Grid. */
function eventOf(n: number, repository: string, tag: string, digest: string): Event {
  const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  const timestamp = new Date(Date.UTC(2026, 0, 5) + n * 1000).toISOString()
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
  const target = { mediaType, size: 524, digest, length: 524, repository, tag }
  const request = { id, host: REGISTRY_HOST, method: 'PUT', useragent: 'docker/27.3.1' }
  const push = { id, timestamp, action: 'push', target, request }
  if (n % 20 === 0) return { id, hook: 'acr', body: push }
  const topic = '/subscriptions/0/resourceGroups/rides/providers/Microsoft.ContainerRegistry/registries/example'
  const eventType = 'Microsoft.ContainerRegistry.ImagePushed'
  const event = { id, topic, subject: `${repository}:${tag}`, eventType, eventTime: timestamp, data: push }
  return { id, hook: 'event-grid', body: { ...event, dataVersion: '1.0', metadataVersion: '1' } }
}

/** Images that are released among a crowd of nightly builds and of repositories that nobody knows. */
function eventsFor(stack: Stack): readonly Event[] {
  const released = VERSIONS.flatMap((tag) =>
    SERVICES.map((service) => ({ service, tag, digest: stack.azure.publish(service, tag, healthyProfile(tag)) })),
  )
  const every = Math.floor(UNIQUE / released.length)
  return Array.from({ length: UNIQUE }, (_, n) => {
    const release = n % every === 0 ? released[n / every] : undefined
    if (release !== undefined) return eventOf(n, release.service, release.tag, release.digest)
    const digest = `sha256:${createHash('sha256').update(String(n)).digest('hex')}`
    return eventOf(n, [...SERVICES, 'nobodys'][n % 4] ?? '', `nightly-${n}`, digest)
  })
}

/** Every event once, and copies of some up to `SENT`, in an order of chance; releases keep coming all the time. */
function shuffled(events: readonly Event[], random: () => number): readonly Event[] {
  const sent = [...events]
  while (sent.length < SENT) sent.push(events[Math.floor(random() * events.length)] as Event)
  for (let n = sent.length - 1; n > 0; n -= 1) {
    const other = Math.floor(random() * (n + 1))
    ;[sent[n], sent[other]] = [sent[other] as Event, sent[n] as Event]
  }
  return sent
}

/** In requests, as each kind of registry makes them; a batch goes out where its last event stands. */
function posted(events: readonly Event[]): readonly Post[] {
  const posts: Post[] = []
  let batch: Event[] = []
  for (const event of events) {
    if (event.hook === 'acr') posts.push({ hook: 'acr', events: [event] })
    else batch.push(event)
    if (batch.length < TOGETHER) continue
    posts.push({ hook: 'event-grid', events: batch })
    batch = []
  }
  return batch.length === 0 ? posts : [...posts, { hook: 'event-grid', events: batch }]
}

/** Posts like a registry that goes on until it hears 202; resolves to how often each event was sent. */
async function post(posts: readonly Post[], { local }: Stack, workers: Workers, killAt: readonly number[]) {
  const sent = new Map<string, number>()
  // One after the other: a worker that is only starting cannot be killed.
  let killing = Promise.resolve()
  let next = 0
  const lane = async (lane: number): Promise<void> => {
    while (next < posts.length) {
      const turn = killAt.indexOf(next)
      const { hook, events } = posts[next++] as Post
      const body = JSON.stringify(hook === 'acr' ? events[0]?.body : events.map((event) => event.body))
      if (turn >= 0) killing = killing.then(() => workers.kill(0))
      for (let tries = lane; ; tries += 1) {
        for (const { id } of events) sent.set(id, (sent.get(id) ?? 0) + 1)
        const url = `${tries % 2 === 0 ? local.api : workers.urls[0]}/hooks/${hook}`
        const headers = {
          'content-type': 'application/json',
          'x-slipway-key': local.hookKey,
          'aeg-event-type': 'Notification',
        }
        const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => null)
        const said = (await answer?.text()) ?? ''
        if (answer?.status === 202) break
        if (answer !== null && answer.status < 500)
          throw new Error(`${hook} answered ${answer.status}: ${said.slice(0, 300)}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)))
  await killing
  return sent
}

interface Ended {
  readonly outcome: string
  readonly rollout: string | null
}

function entryTo({ azure }: Stack) {
  const token = azure.identity.issue('https://storage.azure.com')
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }
  // The clients hand their options on to the transport, which knows tlsOptions; their own types do not say so.
  return { credential, options: { tlsOptions: { ca: azure.tls.ca } } as object }
}

/** Messages that wait, or that somebody has in hand. */
async function leftInQueue(stack: Stack): Promise<number> {
  const { credential, options } = entryTo(stack)
  const queue = new QueueClient(`${stack.azure.azurite.queueUrl}/slipway-intake`, credential, options)
  return (await queue.getProperties()).approximateMessagesCount ?? 0
}

/** What the log of events says of each event, by its id. */
async function endsOf(stack: Stack): Promise<ReadonlyMap<string, readonly Ended[]>> {
  const { credential, options } = entryTo(stack)
  const table = new TableClient(stack.azure.azurite.tableUrl, 'SlipwayEvents', credential, options)
  const ends = new Map<string, Ended[]>()
  const store = createTableStore({ tables: { state: table, index: table, events: table } })
  let from: string | null = null
  do {
    const page: Page<EventRecord> = await store.page(1000, from)
    for (const { id, outcome, rollout } of page.items) {
      const event = id.split('@')[0] ?? ''
      ends.set(event, [...(ends.get(event) ?? []), { outcome, rollout }])
    }
    from = page.next
  } while (from !== null)
  return ends
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 150_000; !(await look()); ) {
    if (Date.now() > end) throw new Error(`it did not happen that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

test('of ten thousand events, a third copies, none is lost and none acted on twice, while workers are killed', {
  timeout: 300_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-events-'))
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const stack = await startStack(folder, { SLIPWAY_MANIFESTS: '', ...SHORT_LEASE })
    closing.push(stack.close)
    const authorization = `Bearer ${await localToken(stack.local)}`
    for (const service of SERVICES) {
      const stored = await fetch(`${stack.local.api}/v1/services/${service}/manifest`, {
        method: 'PUT',
        headers: { 'content-type': 'application/yaml', authorization },
        body: manifest(service, RULES[service]),
      })
      expect({ status: stored.status, said: await stored.text() }).toMatchObject({ status: 201 })
    }
    const workers = await startWorkers(stack, folder, 1)
    closing.push(workers.close)
    const random = seededRandom(SEED, 'events')
    const events = eventsFor(stack)
    const posts = posted(shuffled(events, random))
    const killAt = Array.from({ length: KILLS }, (_, n) => Math.floor(((n + random()) * posts.length) / KILLS))
    const sent = await post(posts, stack, workers, killAt)

    // To ask the log itself, again and again, would be most of the work that storage has.
    await until('every message was acted on', async () => (await leftInQueue(stack)) === 0)
    const client = createClient(stack.local)
    for (const service of SERVICES) {
      await until(`${service} came to rest`, async () => (await client.status(service)).phase === 'finished')
    }

    const ends = await endsOf(stack)
    expect(ends.size).toBe(UNIQUE)
    for (const { id } of events) {
      const ended = ends.get(id) ?? []
      expect(ended.length).toBeLessThanOrEqual(sent.get(id) ?? 0)
      expect(ended.filter(({ outcome }) => TAKEN.includes(outcome)).length).toBeLessThanOrEqual(1)
    }
    for (const service of SERVICES) {
      const target = targetOf(service)
      const images = stack.azure.world.ingress(target).revisions.map(({ image }) => image)
      expect(new Set(images).size).toBe(images.length)
      const answer = await fetch(`${stack.local.api}/v1/audit/verify?environment=production&service=${service}`, {
        headers: { authorization },
      })
      expect(await answer.json()).toMatchObject({ intact: true, nextLink: null })
      const listed = await fetch(`${stack.local.api}/v1/services/${service}/rollouts?limit=100`, {
        headers: { authorization },
      })
      const { items } = (await listed.json()) as { items: { push: { digest: string } }[] }
      const digests = items.map(({ push }) => push.digest)
      expect(new Set(digests).size).toBe(digests.length)
      expect(digests.length).toBeGreaterThan(0)
    }
  } finally {
    for (const close of closing.reverse()) await close()
  }
})
