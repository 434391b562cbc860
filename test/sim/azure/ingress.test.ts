import { get } from 'node:https'
import { afterEach, expect, test, vi } from 'vitest'
import type { Target } from '../../../lib/core/service.ts'
import { type AccessRecord, createAccessLog } from '../../../sim/azure/access-log.ts'
import { healthyProfile, type ImageProfile } from '../../../sim/azure/image-profile.ts'
import { createIngress, type Ingress } from '../../../sim/azure/ingress.ts'
import { createLocalTls, type LocalTls } from '../../../sim/azure/tls.ts'
import { handClock, type SimClock } from '../../../sim/clock.ts'
import { createLoad, type Load } from '../../../sim/load.ts'
import type { World } from '../../../sim/world/types.ts'
import { createWorld } from '../../../sim/world/world.ts'

const shop: Target = { subscriptionId: 'sub', resourceGroup: 'rg', app: 'shop', container: null }

interface Scene {
  readonly clock: SimClock
  readonly world: World
  readonly ingress: Ingress
  readonly tls: LocalTls
  readonly profiles: Map<string, ImageProfile>
  /** Images of the requests that reached a revision, oldest first. */
  readonly reached: string[]
  /** Plain HTTP address of the app, or of a revision by its suffix. */
  url(suffix?: string): string
  records(): readonly AccessRecord[]
  load(): Load
}

const left: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of left.splice(0).reverse()) await one.close()
})

/** An app whose revisions `first` and `second` are ready; all traffic on the first. */
async function scene(timeoutMs?: number): Promise<Scene> {
  const clock = handClock(Date.UTC(2026, 0, 15, 12))
  const world = createWorld({ clock })
  world.addApp({ target: shop, image: 'shop:1' })
  world.edit(shop, (hand) => hand.deploy('shop:2', 'second'))
  clock.advance(60_000)
  const profiles = new Map<string, ImageProfile>()
  const reached: string[] = []
  const profileOf = (image: string) => {
    reached.push(image)
    return profiles.get(image) ?? { ...healthyProfile(image), medianMs: 3, p95Ms: 9 }
  }
  const [tls, log] = [await createLocalTls(), createAccessLog()]
  const patience = timeoutMs === undefined ? {} : { timeoutMs }
  const ingress = await createIngress({ view: world, clock, tls, log, profileOf, ...patience })
  left.push(ingress)
  const { fqdn } = world.ingress(shop)
  const url = (suffix?: string) =>
    `http://${ingress.addressOf(suffix === undefined ? fqdn : fqdn.replace('shop.', `shop--${suffix}.`))}`
  const records = () => {
    const found: AccessRecord[] = []
    log.scan(0, Number.POSITIVE_INFINITY, (record) => found.push(record))
    return found
  }
  const load = () => {
    const made = createLoad({ streams: [{ name: 'shop', url: url(), rps: 250 }], clock })
    left.push(made)
    return made
  }
  return { clock, world, ingress, tls, profiles, reached, url, records, load }
}

function give({ world }: Scene, weights: Record<string, number>): void {
  const entries = Object.entries(weights).map(([suffix, weight]) => ({ revisionName: `shop--${suffix}`, weight }))
  world.edit(shop, (hand) => hand.traffic(entries))
}

/** Waits until the load has got `more` further good answers. */
async function awaitMore(load: Load, more: number): Promise<void> {
  const before = load.counts().shop?.ok ?? 0
  await vi.waitUntil(() => (load.counts().shop?.ok ?? 0) >= before + more, 30_000)
}

test('requests are split by weight, between revisions that say who they are', async () => {
  const stage = await scene()
  give(stage, { first: 90, second: 10 })
  const load = stage.load()
  await awaitMore(load, 300)
  await load.close()
  const { ok = 0, byVersion = {} } = load.counts().shop ?? {}
  expect(load.failures()).toEqual([])
  expect(Math.abs((byVersion['shop:2'] ?? 0) - ok * 0.1)).toBeLessThan(5)
  expect((byVersion['shop:1'] ?? 0) + (byVersion['shop:2'] ?? 0)).toBe(ok)
})

test('not one request fails while weights move and the old revision is deactivated', async () => {
  const stage = await scene()
  stage.profiles.set('shop:1', { version: '1', medianMs: 120, p95Ms: 200, errorRate: 0 })
  const load = stage.load()
  await awaitMore(load, 50)
  for (const weight of [10, 50]) {
    give(stage, { first: 100 - weight, second: weight })
    await awaitMore(load, 50)
  }
  give(stage, { second: 100 })
  stage.world.deactivate(shop, 'shop--first')
  await stage.ingress.follow()
  await awaitMore(load, 100)
  await load.close()
  expect(load.failures()).toEqual([])
  const { sent, ok, byVersion } = load.counts().shop ?? {}
  expect(ok).toBe(sent)
  expect(Object.keys(byVersion ?? {}).toSorted()).toEqual(['1', 'shop:2'])
  expect(stage.records().filter(({ StatusCode }) => StatusCode !== 200)).toEqual([])
})

test('a request that is open when its revision is deactivated gets its answer', async () => {
  const stage = await scene()
  stage.profiles.set('shop:1', { version: '1', medianMs: 1000, p95Ms: 1000, errorRate: 0 })
  const answer = fetch(stage.url())
  await vi.waitUntil(() => stage.reached.includes('shop:1'), 20_000)
  give(stage, { second: 100 })
  stage.world.deactivate(shop, 'shop--first')
  await stage.ingress.follow()
  expect(stage.ingress.scrapeGroups()[0]?.targets).toHaveLength(1)
  expect((await answer).headers.get('x-revision')).toBe('shop--first')
  expect((await fetch(stage.url('first'))).status).toBe(404)
})

async function scrape({ ingress }: Scene): Promise<string> {
  const groups = (await (await fetch(`${ingress.url}/prometheus/targets`)).json()) as { targets: string[] }[]
  const texts = await Promise.all(
    (groups[0]?.targets ?? []).map(async (host) => (await fetch(`http://${host}/metrics`)).text()),
  )
  return texts.join('\n')
}

test('each revision answers under its own address, without weight too, over HTTP and HTTPS', async () => {
  const stage = await scene()
  expect((await fetch(stage.url('second'))).headers.get('x-revision')).toBe('shop--second')
  const overTls = await new Promise((resolve, reject) => {
    const asked = get(stage.url('first').replace('http:', 'https:'), { ca: stage.tls.ca }, (answer) => {
      answer.resume()
      resolve(answer.headers['x-revision'])
    })
    asked.once('error', reject)
  })
  expect(overTls).toBe('shop--first')
})

test('weight on an inactive revision is a 404 for its share of the requests', async () => {
  const stage = await scene()
  give(stage, { first: 50, second: 50 })
  stage.world.deactivate(shop, 'shop--second')
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(stage.url())).status))
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(8)
  expect(statuses.filter((status) => status === 404).length).toBeGreaterThanOrEqual(8)
  expect(stage.records().find(({ StatusCode }) => StatusCode === 404)).toMatchObject({
    RevisionName: 'shop--second',
    ResponseFlags: 'NR',
    UpstreamRequestAttemptCount: 0,
  })
})

test('weight on a revision that never gets ready is a time-out', async () => {
  const stage = await scene(50)
  stage.world.behave('shop:3', { never: 'crash' })
  stage.world.edit(shop, (hand) => hand.deploy('shop:3', 'third'))
  stage.clock.advance(60_000)
  give(stage, { third: 100 })
  expect((await fetch(stage.url())).status).toBe(504)
  expect(stage.records()).toMatchObject([{ RevisionName: 'shop--third', StatusCode: 504, ResponseFlags: 'UT' }])
})

test('a client that leaves before it got an answer is logged as status 0 of the revision it was sent to', async () => {
  const stage = await scene()
  stage.profiles.set('shop:1', { version: '1', medianMs: 30_000, p95Ms: 30_000, errorRate: 0 })
  stage.world.behave('shop:3', { never: 'crash' })
  stage.world.edit(shop, (hand) => hand.deploy('shop:3', 'third'))
  stage.clock.advance(60_000)
  for (const suffix of ['first', 'third']) {
    await stage.ingress.follow()
    await expect(fetch(stage.url(suffix), { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/)
  }
  await vi.waitUntil(() => stage.records().length === 2, 20_000)
  expect(stage.records()).toMatchObject([
    { RevisionName: 'shop--first', StatusCode: 0, ResponseFlags: 'DC' },
    { RevisionName: 'shop--third', StatusCode: 0, ResponseFlags: 'DC' },
  ])
})

test('a revision that has scaled to zero wakes for a request, which waits for it', async () => {
  const stage = await scene()
  stage.world.behave('shop:4', { scaleToZero: true, readyAfterMs: 5000 })
  stage.world.edit(shop, (hand) => hand.deploy('shop:4', 'fourth'))
  stage.clock.advance(60_000)
  await stage.ingress.follow()
  const state = () => stage.world.ingress(shop).revisions.find(({ name }) => name === 'shop--fourth')?.state
  expect(state()).toBe('asleep')
  const answer = fetch(stage.url('fourth'))
  await vi.waitUntil(() => state() === 'starting', 20_000)
  stage.clock.advance(60_000)
  expect((await answer).headers.get('x-revision')).toBe('shop--fourth')
})

test('what a profile says is what clients and Prometheus see', async () => {
  const stage = await scene()
  stage.profiles.set('shop:1', { version: '1', medianMs: 3, p95Ms: 9, errorRate: 1 })
  const bad = await fetch(stage.url(), { method: 'POST', body: 'x'.repeat(1000) })
  expect([bad.status, bad.headers.get('x-version')]).toEqual([500, '1'])
  const good = await fetch(`${stage.url('second')}/items?page=2`)
  expect(await good.json()).toEqual({
    service: 'shop',
    revision: 'shop--second',
    version: 'shop:2',
    path: '/items?page=2',
  })
  const metrics = await scrape(stage)
  expect(metrics).toContain('http_requests_total{service="shop",revision="shop--first",status="5xx"} 1')
  expect(metrics).toContain('http_requests_total{service="shop",revision="shop--second",status="2xx"} 1')
  const [first, second] = stage.records()
  expect(first).toMatchObject({ Method: 'POST', StatusCode: 500, BytesReceived: 1000, ContainerAppName: 'shop' })
  expect(second).toMatchObject({ Path: '/items?page=2', StatusCode: 200, ResponseCodeDetails: 'via_upstream' })
})

test('a new app is reached without a restart, and a removed one no longer', async () => {
  const stage = await scene()
  const other: Target = { ...shop, app: 'other' }
  stage.world.addApp({ target: other, image: 'other:1' })
  stage.clock.advance(60_000)
  await stage.ingress.follow()
  const { fqdn } = stage.world.ingress(other)
  const address = `http://${stage.ingress.addressOf(fqdn)}`
  expect((await fetch(address)).headers.get('x-version')).toBe('other:1')
  stage.world.removeApp(other)
  await stage.ingress.follow()
  expect(stage.ingress.addressOf(fqdn)).toBeNull()
  await expect(fetch(address)).rejects.toThrow()
})
