import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TableClient } from '@azure/data-tables'
import { expect, test } from 'vitest'
import { createTableStore } from '../../lib/adapters/store/table.ts'
import type { EventRecord, Page } from '../../lib/ports.ts'
import { healthyProfile, seededRandom } from '../../sim/azure/image-profile.ts'
import { createClient } from '../../sim/start/client.ts'
import { REGISTRY_HOST, targetOf } from '../../sim/start/local-azure.ts'
import { SERVICES, type Stack, startStack } from '../../sim/start/stack.ts'
import { localToken } from '../../sim/start/token.ts'
import { SHORT_LEASE, startWorkers, type Workers } from '../support/worker.ts'

const POSTS = 10_000
const UNIQUE = 7_000
const LANES = 24
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
drain: 1s
scaleDownDelay: 1s
watch: 1s
`
}

interface Event {
  readonly id: string
  readonly hook: 'acr' | 'event-grid'
  readonly text: string
}

/** Event `n`, as ACR tells it itself or through Event Grid. */
function eventOf(n: number, repository: string, tag: string, digest: string): Event {
  const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  const timestamp = new Date(Date.UTC(2026, 0, 5) + n * 1000).toISOString()
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
  const target = { mediaType, size: 524, digest, length: 524, repository, tag }
  const request = { id, host: REGISTRY_HOST, method: 'PUT', useragent: 'docker/27.3.1' }
  const push = { id, timestamp, action: 'push', target, request }
  if (n % 2 === 0) return { id, hook: 'acr', text: JSON.stringify(push) }
  const topic = '/subscriptions/0/resourceGroups/rides/providers/Microsoft.ContainerRegistry/registries/example'
  const eventType = 'Microsoft.ContainerRegistry.ImagePushed'
  const event = { id, topic, subject: `${repository}:${tag}`, eventType, eventTime: timestamp, data: push }
  return { id, hook: 'event-grid', text: JSON.stringify([{ ...event, dataVersion: '1.0', metadataVersion: '1' }]) }
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

/** Every event once, and copies of some up to `POSTS`, in an order of chance; releases keep coming all the time. */
function shuffled(events: readonly Event[], random: () => number): readonly Event[] {
  const posts = [...events]
  while (posts.length < POSTS) posts.push(events[Math.floor(random() * events.length)] as Event)
  for (let n = posts.length - 1; n > 0; n -= 1) {
    const other = Math.floor(random() * (n + 1))
    ;[posts[n], posts[other]] = [posts[other] as Event, posts[n] as Event]
  }
  return posts
}

/** Posts like a registry that goes on until it hears 202; resolves to how often each event was sent. */
async function post(events: readonly Event[], { local }: Stack, workers: Workers, killAt: readonly number[]) {
  const sent = new Map<string, number>()
  const kills: Promise<void>[] = []
  let next = 0
  const lane = async (lane: number): Promise<void> => {
    while (next < events.length) {
      const turn = killAt.indexOf(next)
      const event = events[next++] as Event
      if (turn >= 0) kills.push(workers.kill(0))
      for (let tries = lane; ; tries += 1) {
        sent.set(event.id, (sent.get(event.id) ?? 0) + 1)
        const url = `${tries % 2 === 0 ? local.api : workers.urls[0]}/hooks/${event.hook}`
        const headers = {
          'content-type': 'application/json',
          'x-slipway-key': local.hookKey,
          'aeg-event-type': 'Notification',
        }
        const answer = await fetch(url, { method: 'POST', headers, body: event.text }).catch(() => null)
        await answer?.arrayBuffer()
        if (answer?.status === 202) break
        if (answer !== null && answer.status < 500) throw new Error(`${event.hook} answered ${answer.status}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)))
  await Promise.all(kills)
  return sent
}

interface Ended {
  readonly outcome: string
  readonly rollout: string | null
}

/** What the log of events says of each event, by its id. */
async function endsOf({ azure }: Stack): Promise<ReadonlyMap<string, readonly Ended[]>> {
  const token = azure.identity.issue('https://storage.azure.com')
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }
  const table = new TableClient(azure.azurite.tableUrl, 'SlipwayEvents', credential, {
    tlsOptions: { ca: azure.tls.ca },
  })
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
    await new Promise((resolve) => setTimeout(resolve, 2_000))
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
    const killAt = Array.from({ length: KILLS }, (_, n) => Math.floor(((n + random()) * POSTS) / KILLS))
    const sent = await post(shuffled(events, random), stack, workers, killAt)

    await until('every event had its end', async () => (await endsOf(stack)).size === UNIQUE)
    const client = createClient(stack.local)
    for (const service of SERVICES) {
      await until(`${service} came to rest`, async () => (await client.status(service)).phase === 'finished')
    }

    const ends = await endsOf(stack)
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
