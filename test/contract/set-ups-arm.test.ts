import { afterEach, describe, expect, it } from 'vitest'
import { createArmSetUps } from '../../lib/adapters/apps/arm-set-ups.ts'
import type { SetUps } from '../../lib/ports.ts'
import { type ArmServer, createArmServer } from '../../sim/azure/arm.ts'
import { createInsights, type Insights } from '../../sim/azure/arm-insights.ts'
import { handClock } from '../../sim/clock.ts'
import type { World } from '../../sim/world/types.ts'
import { createWorld } from '../../sim/world/world.ts'

const TOKEN = `e30.${Buffer.from(JSON.stringify({ oid: 'the-principal' })).toString('base64url')}.sig`
const target = {
  subscriptionId: '00000000-0000-0000-0000-000000000001',
  resourceGroup: 'rides',
  app: 'pricing',
  container: null,
}
const PROVIDERS = `/subscriptions/${target.subscriptionId}/resourceGroups/rides/providers`
const ENVIRONMENT = `${PROVIDERS}/Microsoft.App/managedEnvironments/environment`
const WORKSPACE = `${PROVIDERS}/Microsoft.OperationalInsights/workspaces/logs`

interface Scene {
  readonly world: World
  readonly insights: Insights
  readonly setUps: SetUps
}

let server: ArmServer | null = null

afterEach(() => server?.close())

async function scene(token = TOKEN, minReplicas = 1): Promise<Scene> {
  const clock = handClock(Date.UTC(2026, 0, 5, 12))
  const world = createWorld({ clock })
  world.addApp({ target, image: 'registry.example.com/pricing:v1', suffix: 'v1', minReplicas })
  const insights = createInsights()
  server = await createArmServer({ world, clock, insights, accept: (given) => given === TOKEN })
  return { world, insights, setUps: createArmSetUps({ endpoint: server.url, token: async () => token, clock }) }
}

describe('set-ups through ARM', () => {
  it('tell what an app is made of, and what this identity may do to it', async () => {
    const { setUps, insights } = await scene()
    insights.permit(target, [{ actions: ['Microsoft.App/*/read'], notActions: ['Microsoft.App/x/read'] }])
    expect(await setUps.app(target, 'pricing--v1')).toEqual({
      environmentId: ENVIRONMENT,
      hasIngress: true,
      minReplicas: 1,
      registries: [],
      rights: [{ actions: ['Microsoft.App/*/read'], notActions: ['Microsoft.App/x/read'] }],
    })
    expect((await setUps.app(target, null)).minReplicas).toBe(1)
  })

  it('take a scale that is left out for one that may go to zero', async () => {
    const { setUps } = await scene(TOKEN, 0)
    expect((await setUps.app(target, 'pricing--v1')).minReplicas).toBe(0)
  })

  it('do not know the rights where nobody may ask for them', async () => {
    const { setUps, insights } = await scene()
    insights.deny('/permissions')
    expect((await setUps.app(target, null)).rights).toBeNull()
  })

  it('tell where the log of a managed environment goes: what is switched on, and to which workspace', async () => {
    const { setUps, insights } = await scene()
    insights.workspace(WORKSPACE, 'the-guid')
    insights.diagnose({
      environmentId: ENVIRONMENT,
      workspaceId: WORKSPACE,
      categories: ['ContainerAppHTTPLogs', 'allLogs'],
    })
    insights.diagnose({ environmentId: ENVIRONMENT, workspaceId: `${WORKSPACE}-2`, categories: ['x'], enabled: false })
    insights.diagnose({ environmentId: ENVIRONMENT, workspaceId: '', categories: ['to a storage account'] })
    expect(await setUps.logRoutes(ENVIRONMENT)).toEqual([
      { workspace: WORKSPACE, customerId: 'the-guid', categories: ['ContainerAppHTTPLogs', 'allLogs'] },
      { workspace: `${WORKSPACE}-2`, customerId: null, categories: [] },
    ])
  })

  it('say as Faults what ARM refuses', async () => {
    const { setUps, insights, world } = await scene()
    insights.deny('/diagnosticSettings')
    await expect(setUps.logRoutes(ENVIRONMENT)).rejects.toMatchObject({ name: 'Fault', kind: 'denied' })
    await expect(setUps.app({ ...target, app: 'nobody' }, null)).rejects.toMatchObject({ kind: 'not-found' })
    world.inject({ on: 'get', refusal: { status: 429, code: 'Throttled', message: 'later', retryAfterS: 7 } })
    await expect(setUps.app(target, null)).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 7_000 })
    world.inject({ on: 'get', refusal: { status: 0, code: '', message: '' } })
    await expect(setUps.app(target, null)).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('are denied with a wrong token, which the message does not hold', async () => {
    const { setUps } = await scene('wrong-token')
    const fault = await setUps.app(target, null).catch((error: unknown) => error)
    expect(fault).toMatchObject({ kind: 'denied' })
    expect(String(fault)).not.toContain('wrong-token')
  })

  it('know who this identity is by its token, and that some tokens do not say', async () => {
    expect(await (await scene()).setUps.principal()).toBe('the-principal')
    await server?.close()
    expect(await (await scene('opaque')).setUps.principal()).toBeNull()
    await server?.close()
    expect(await (await scene('e30.e30.sig')).setUps.principal()).toBeNull()
  })
})

describe('set-ups and answers that are not as they should be', () => {
  const clock = { now: () => 0 }
  const over = (answer: () => Promise<Response>) =>
    createArmSetUps({ endpoint: 'https://arm.example', token: async () => TOKEN, clock, fetch: answer })

  it.each([
    ['no JSON', async () => new Response('<html>'), 'malformed'],
    [
      'a redirect',
      async () => new Response(null, { status: 302, headers: { location: 'https://elsewhere' } }),
      'malformed',
    ],
    ['silence', () => Promise.reject(new DOMException('late', 'TimeoutError')), 'unavailable'],
    ['a lost connection', () => Promise.reject(new TypeError('fetch failed')), 'unavailable'],
  ])('%s is a Fault', async (_, answer, kind) => {
    await expect(over(answer).logRoutes(ENVIRONMENT)).rejects.toMatchObject({ name: 'Fault', kind })
  })

  it('nothing where something is expected counts as empty', async () => {
    const empty = over(async () => new Response('[]'))
    expect(await empty.logRoutes(ENVIRONMENT)).toEqual([])
    expect(await empty.app(target, null)).toEqual({
      environmentId: '',
      hasIngress: false,
      minReplicas: 0,
      registries: [],
      rights: [],
    })
  })

  it('a resource id out of an answer never takes the token to another host', async () => {
    const asked: string[] = []
    const properties = { workspaceId: '@elsewhere.example/steal', logs: [] }
    const setUps = createArmSetUps({
      endpoint: 'https://arm.example',
      token: async () => TOKEN,
      clock,
      fetch: async (url) => {
        asked.push(String(url))
        return new Response(JSON.stringify({ value: [{ properties }] }))
      },
    })
    expect(await setUps.logRoutes(ENVIRONMENT)).toMatchObject([{ customerId: null }])
    expect(asked.map((url) => new URL(url).host)).toEqual(['arm.example'])
  })
})
