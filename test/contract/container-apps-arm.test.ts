import { ContainerAppsAPIClient } from '@azure/arm-appcontainers'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { armClientOptions, createArmApps } from '../../lib/adapters/apps/arm.ts'
import type { WakeFetch } from '../../lib/adapters/apps/wake.ts'
import { type ArmServer, createArmServer } from '../../sim/azure/arm.ts'
import { createLocalTls, type LocalTls } from '../../sim/azure/tls.ts'
import type { World } from '../../sim/world/types.ts'
import {
  type Connect,
  create,
  done,
  FIRST,
  faultOf,
  look,
  scene,
  seen,
  traffic,
  web,
  weights,
  wirePart,
} from './container-apps.contract.ts'
import { deedContract } from './container-apps-deed.contract.ts'
import { lookContract } from './container-apps-look.contract.ts'

const TOKEN = 'token-of-the-identity'
const servers: ArmServer[] = []
let tls: LocalTls

beforeAll(async () => {
  tls = await createLocalTls()
})

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

/** The real SDK over https, in front of a served world. */
function over(options: { readonly pageSize?: number; readonly token?: string } = {}): Connect {
  return async (world, clock) => {
    const accept = (token: string | null) => token === TOKEN
    const { pageSize = 50, token = TOKEN } = options
    const server = await createArmServer({ world, clock, accept, tls, pageSize })
    servers.push(server)
    const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }
    const sdk = armClientOptions({ endpoint: server.url, tlsOptions: { ca: tls.ca } })
    return createArmApps({
      clock,
      client: (subscriptionId) => new ContainerAppsAPIClient(credential, subscriptionId, sdk),
      wake: wakerOf(world),
    })
  }
}

/** Stands in for ingress: a request to a revision's address reaches that revision. */
function wakerOf(world: World): WakeFetch {
  return async (url) => {
    const revision = world.see(web).revisions.find(({ fqdn }) => url === `https://${fqdn}/`)
    if (revision === undefined) throw new TypeError(`nobody is at ${url}`)
    world.wake(web, revision.name)
    return { status: 200 }
  }
}

describe('container apps through the SDK over https', () => {
  lookContract(over())
  deedContract(over())
})

describe('the plug to ARM', () => {
  it('reads every page of apps and of revisions', async () => {
    const set = await scene(over({ pageSize: 2 }))
    const others = ['a', 'b', 'c', 'd', 'e'].map((app) => ({ ...web, app }))
    for (const target of others) set.world.addApp({ target, image: 'x:1' })
    for (const suffix of ['v2', 'v3', 'v4']) await done(set, create(suffix))
    const looks = await set.apps.observe([web, ...others])
    expect(looks.map((observed) => seen(observed).target.app)).toEqual(['web', 'a', 'b', 'c', 'd', 'e'])
    expect(seen(looks[0]).revisions.map(({ name }) => name)).toEqual([FIRST, 'web--v2', 'web--v3', 'web--v4'])
  })

  it('lets no setting of the newest template shine through into a copy of an older one', async () => {
    const set = await scene(over())
    const shining = { terminationGracePeriodSeconds: 600, scale: { cooldownPeriod: 5 }, volumes: [{ name: 'scratch' }] }
    set.world.patch(web, { properties: { template: { revisionSuffix: 'shiny', ...shining } } })
    set.clock.advance(20_000)
    await look(set)
    await done(set, create('v2'))
    const made = wirePart(set.world.getRevision(web, 'web--v2'), 'properties', 'template') as Record<string, unknown>
    const from = wirePart(set.world.getRevision(web, FIRST), 'properties', 'template') as Record<string, unknown>
    expect(made.terminationGracePeriodSeconds).toEqual(from.terminationGracePeriodSeconds)
    expect(made.scale).toEqual(from.scale)
    expect(made.volumes ?? []).toEqual(from.volumes ?? [])
  })

  it('says unavailable when the connection breaks under a write, whether the write happened or not', async () => {
    const set = await scene(over())
    await done(set, create('v2'))
    const refusal = { status: 0, code: 'Reset', message: 'the connection breaks' }
    set.world.inject({ on: 'patch', refusal, applied: true })
    expect(await faultOf(set.apps.perform(web, traffic({ first: 90, v2: 10 })))).toMatchObject({ kind: 'unavailable' })
    set.clock.advance(20_000)
    expect(weights(await look(set))).toEqual({ first: 90, v2: 10 })
  })

  it('says denied when the token is not taken', async () => {
    const set = await scene(over({ token: 'of-somebody-else' }))
    expect(await set.apps.observe([web])).toMatchObject([{ kind: 'unseen', fault: { kind: 'denied' } }])
    const fault = await faultOf(set.apps.perform(web, { kind: 'activate', revision: FIRST }))
    expect(fault.kind).toBe('denied')
    expect(fault.message).not.toContain('of-somebody-else')
  })

  it("tells a crashed revision's story in Azure's words", async () => {
    const set = await scene(over())
    set.world.behave('web@sha256:2', { never: 'crash' })
    await done(set, create('v2'))
    set.clock.advance(600_000)
    const revision = (await look(set)).revisions.find(({ name }) => name === 'web--v2')
    expect(revision?.error).toContain('Deployment Progress Deadline Exceeded')
  })
})
