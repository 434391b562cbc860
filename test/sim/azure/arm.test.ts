import { ContainerAppsAPIClient } from '@azure/arm-appcontainers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ArmServer, type ArmServerOptions, createArmServer } from '../../../sim/azure/arm.ts'
import { createLocalTls, type LocalTls } from '../../../sim/azure/tls.ts'
import type { SimClock } from '../../../sim/clock.ts'
import type { World } from '../../../sim/world/types.ts'
import { revisionOf, shop, stage, trafficOf } from '../world/stage.ts'
import { failureOf } from './trust.ts'

const GOOD = { getToken: async () => ({ token: 'good', expiresOnTimestamp: Date.now() + 3_600_000 }) }

let tls: LocalTls
let world: World
let clock: SimClock
const servers: ArmServer[] = []

beforeAll(async () => {
  tls = await createLocalTls()
})
beforeEach(() => {
  ;({ world, clock } = stage({
    secrets: [{ name: 'key', value: 'hush' }],
    environmentVariables: [
      { name: 'KEY', secretRef: 'key' },
      { name: 'MODE', value: 'fast' },
    ],
  }))
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
})

/** The real SDK in front of the world, over https. */
async function connect(options: Partial<ArmServerOptions> = {}, credential = GOOD) {
  const accept = (token: string | null) => token === 'good'
  const server = await createArmServer({ world, clock, accept, tls, ...options })
  servers.push(server)
  const clientOptions = { endpoint: server.url, tlsOptions: { ca: tls.ca }, retryOptions: { maxRetries: 0 } }
  return { server, client: new ContainerAppsAPIClient(credential, shop.subscriptionId, clientOptions) }
}

async function all<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const items: T[] = []
  for await (const item of pages) items.push(item)
  return items
}

describe('The SDK reads back what the world meant', () => {
  it('of an app: traffic, mode, names, secrets by name only', async () => {
    world.edit(shop, (hand) => {
      hand.label('blue', 'shop--first')
      hand.sticky(true)
    })
    const { client } = await connect()
    const app = await client.containerApps.get('rg', 'shop')
    expect(app).toMatchObject({
      name: 'shop',
      location: 'West Europe',
      provisioningState: 'Succeeded',
      latestRevisionName: 'shop--first',
      latestReadyRevisionName: 'shop--first',
      configuration: {
        activeRevisionsMode: 'Multiple',
        secrets: [{ name: 'key' }],
        ingress: {
          traffic: [{ revisionName: 'shop--first', weight: 100, label: 'blue' }],
          stickySessions: { affinity: 'sticky' },
        },
      },
      template: { revisionSuffix: 'first', scale: { minReplicas: 1 } },
    })
    expect(app.template?.containers?.[0]?.env).toEqual([
      { name: 'KEY', secretRef: 'key', value: '' },
      { name: 'MODE', value: 'fast' },
    ])
    expect(JSON.stringify(app)).not.toContain('hush')
  })

  it('of every revision, as the in-process look sees it', async () => {
    world.behave('shop:bad', { never: 'crash' })
    world.patch(shop, revisionOf('shop:bad', 'bad'))
    clock.advance(120_000)
    world.deactivate(shop, 'shop--first')
    const { client } = await connect()
    const read = await all(client.containerAppsRevisions.listRevisions('rg', 'shop'))
    const seen = read.map((revision) => ({
      name: revision.name,
      image: revision.template?.containers?.[0]?.image,
      active: revision.active,
      replicas: revision.replicas,
      provisioning: revision.provisioningState,
      health: revision.healthState,
      running: revision.runningState,
      fqdn: revision.fqdn,
      createdAt: revision.createdTime?.getTime(),
    }))
    expect(seen).toEqual(world.see(shop).revisions.map(({ error: _, ...rest }) => rest))
    const one = await client.containerAppsRevisions.getRevision('rg', 'shop', 'shop--bad')
    expect(one).toEqual(read[1])
  })

  it('of replicas', async () => {
    const { client } = await connect()
    const { value } = await client.containerAppsRevisionReplicas.listReplicas('rg', 'shop', 'shop--first')
    expect(value).toHaveLength(1)
    expect(value?.[0]).toMatchObject({
      runningState: 'Running',
      containers: [{ name: 'shop', ready: true, restartCount: 0 }],
    })
  })

  it('of long lists, page by page', async () => {
    for (const app of ['a', 'b', 'c', 'd']) world.addApp({ target: { ...shop, app }, image: 'x' })
    const { client } = await connect({ pageSize: 2 })
    const apps = await all(client.containerApps.listByResourceGroup('rg'))
    expect(apps.map(({ name }) => name)).toEqual(['shop', 'a', 'b', 'c', 'd'])
    expect(world.reads.list).toBe(3)
    world.patch(shop, revisionOf('shop:2', 'v2'))
    clock.advance(10_000)
    world.patch(shop, revisionOf('shop:3', 'v3'))
    expect(await all(client.containerAppsRevisions.listRevisions('rg', 'shop'))).toHaveLength(3)
  })
})

describe('The SDK writes', () => {
  it('a patch, follows its operation, and gets the app as it became', async () => {
    const { client } = await connect()
    const traffic = [{ revisionName: 'shop--first', weight: 100, label: 'live' }]
    const poller = client.containerApps.update('rg', 'shop', {
      location: 'West Europe',
      configuration: { ingress: { traffic } },
    })
    await poller.submitted()
    expect(world.log.at(-1)?.body).toEqual({
      location: 'West Europe',
      properties: { configuration: { ingress: { traffic } } },
    })
    clock.advance(2_000)
    const app = await poller
    expect(app.configuration?.ingress?.traffic).toEqual(traffic)
    expect(world.reads.operation).toBeGreaterThan(0)
  })

  it('a used suffix, which is taken at first and then fails as Azure says it', async () => {
    const { client } = await connect()
    const template = { revisionSuffix: 'first', containers: [{ name: 'shop', image: 'shop:2' }] }
    const poller = client.containerApps.update('rg', 'shop', { location: 'West Europe', template })
    await poller.submitted()
    clock.advance(10_000)
    expect((await failureOf(Promise.resolve(poller))).message).toContain('revision with suffix first already exists')
  })

  it('activate, deactivate and restart, which are done when they are answered', async () => {
    const { client } = await connect()
    await client.containerAppsRevisions.deactivateRevision('rg', 'shop', 'shop--first')
    expect(world.see(shop).revisions[0]?.active).toBe(false)
    await client.containerAppsRevisions.activateRevision('rg', 'shop', 'shop--first')
    await client.containerAppsRevisions.restartRevision('rg', 'shop', 'shop--first')
    expect(world.log.map(({ kind }) => kind)).toEqual(['deactivate', 'activate', 'restart'])
    expect(world.see(shop).revisions[0]?.running).toBe('Activating')
  })
})

describe('The SDK is refused', () => {
  it('without a good token', async () => {
    const { client } = await connect(
      {},
      { getToken: async () => ({ token: 'bad', expiresOnTimestamp: Date.now() + 3_600_000 }) },
    )
    const failure = await failureOf(client.containerApps.get('rg', 'shop'))
    expect(failure).toMatchObject({ statusCode: 401, code: 'InvalidAuthenticationToken' })
    expect(world.reads.get).toBe(0)
  })

  it('what is not there', async () => {
    const { client } = await connect()
    expect(await failureOf(client.containerApps.get('rg', 'other'))).toMatchObject({
      statusCode: 404,
      code: 'ResourceNotFound',
    })
  })

  it('a second write while the first runs', async () => {
    const { client } = await connect()
    world.patch(shop, trafficOf({ first: 100 }))
    const failure = await failureOf(client.containerAppsRevisions.activateRevision('rg', 'shop', 'shop--first'))
    expect(failure).toMatchObject({ statusCode: 409, code: 'ContainerAppOperationInProgress' })
    expect(failure.message).toMatch(/OperationId: '[0-9a-f-]{36}'/)
  })

  it('too many calls, once throttling is switched on, until the bucket has filled again', async () => {
    const { client, server } = await connect({ throttle: true })
    const url = `${server.url}/subscriptions/sub/resourceGroups/rg/providers/Microsoft.App/containerApps/shop`
    const spend = () => client.containerAppsRevisions.activateRevision('rg', 'shop', 'shop--first')
    for (let call = 0; call < 200; call += 1) await spend()
    const failure = await failureOf(spend())
    expect(failure).toMatchObject({ statusCode: 429, code: 'SubscriptionRequestsThrottled' })
    expect(await client.containerApps.get('rg', 'shop'), `${url} can still be read`).toBeDefined()
    clock.advance(1_000)
    await spend()
  })

  it('any answer, when the connection is cut', async () => {
    const { client } = await connect()
    world.inject({ on: 'get', refusal: { status: 0, code: 'Cut', message: 'cut' } })
    const failure = await failureOf(client.containerApps.get('rg', 'shop'))
    expect(failure.statusCode).toBeUndefined()
  })
})
