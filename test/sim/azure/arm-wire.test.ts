import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ArmServer, createArmServer } from '../../../sim/azure/arm.ts'
import type { SimClock } from '../../../sim/clock.ts'
import type { World } from '../../../sim/world/types.ts'
import { revisionOf, shop, stage, trafficOf } from '../world/stage.ts'
import { description, faultsIn } from './description.ts'

let world: World
let clock: SimClock
let server: ArmServer

beforeEach(async () => {
  ;({ world, clock } = stage({
    secrets: [{ name: 'key', value: 'hush' }],
    environmentVariables: [{ name: 'KEY', secretRef: 'key' }],
    containers: [{ name: 'proxy', image: 'envoy:1', resources: { cpu: 0.25, memory: '0.5Gi' } }],
  }))
  server = await createArmServer({ world, clock, accept: (token) => token === 'good', pageSize: 2 })
})
afterEach(() => server.close())

const VERSION = 'api-version=2026-07-01'

interface Call {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: string
}

/** Calls a described operation on `shop`, and holds its answer to the description. */
async function call(operationId: string, { body, headers, query = VERSION }: Call = {}, revision = 'shop--first') {
  const operation = description.operations[operationId]
  if (operation === undefined) throw new Error(`${operationId} is not described`)
  const values: Readonly<Record<string, string>> = {
    subscriptionId: 'sub',
    resourceGroupName: 'rg',
    containerAppName: 'shop',
    revisionName: revision,
  }
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
  const response = await fetch(`${server.url}${path}?${query}`, {
    method: operation.method.toUpperCase(),
    headers: { authorization: 'Bearer good', 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  const said = operation.responses[response.status] ?? operation.responses.default
  if (said?.schema !== undefined) expect(faultsIn(said.schema, answer), text).toEqual([])
  else expect(text).toBe('')
  for (const header of said?.headers ?? []) expect(response.headers.get(header), header).not.toBeNull()
  return { status: response.status, headers: response.headers, answer }
}

/** Looks at everything that can be looked at; `call` holds each answer to the description. */
async function lookAround(): Promise<void> {
  await call('ContainerApps_ListByResourceGroup')
  await call('ContainerApps_Get')
  await call('ContainerAppsRevisions_ListRevisions')
  for (const { name } of world.see(shop).revisions) {
    await call('ContainerAppsRevisions_GetRevision', {}, name)
    await call('ContainerAppsRevisionReplicas_ListReplicas', {}, name)
  }
}

describe('Every answer is as the description says', () => {
  it.each([
    ['at rest', () => {}],
    ['with a revision on its way', () => void world.patch(shop, revisionOf('shop:2', 'v2'))],
    ['after a revision was switched off', () => world.deactivate(shop, 'shop--first')],
    [
      'with labels, stickiness and tags',
      () => {
        world.edit(shop, (hand) => {
          hand.label('blue', 'shop--first')
          hand.sticky(true)
        })
        world.patch(shop, { tags: { team: 'a' }, properties: { configuration: { targetLabel: 'blue' } } })
      },
    ],
    ['in Labels mode', () => world.edit(shop, (hand) => hand.mode('Labels'))],
  ])('%s', async (_, prepare) => {
    prepare()
    await lookAround()
    clock.advance(20_000)
    await lookAround()
  })

  it.each(['crash', 'pull-fails', 'stuck'] as const)('while an image does not come up: %s', async (never) => {
    world.behave('shop:2', { never })
    world.patch(shop, revisionOf('shop:2', 'v2'))
    for (const ms of [0, 5_000, 30_000, 60_000, 600_000]) {
      clock.advance(ms)
      await lookAround()
    }
  })

  it('while a revision sleeps', async () => {
    world.behave('shop:2', { scaleToZero: true })
    world.patch(shop, revisionOf('shop:2', 'v2'))
    clock.advance(20_000)
    expect(world.see(shop).revisions[1]?.running).toBe('ScaledToZero')
    await lookAround()
  })

  it('when a write is taken or refused', async () => {
    await call('ContainerAppsRevisions_RestartRevision')
    await call('ContainerAppsRevisions_DeactivateRevision')
    await call('ContainerAppsRevisions_ActivateRevision')
    expect((await call('ContainerApps_Update', { body: trafficOf({ first: 99 }) })).status).toBe(400)
    expect((await call('ContainerApps_Update', { body: trafficOf({ first: 100 }) })).status).toBe(202)
    expect((await call('ContainerApps_Update', { body: {} })).status).toBe(409)
    expect((await call('ContainerAppsRevisions_GetRevision', {}, 'shop--other')).status).toBe(404)
  })
})

describe('A patch over the wire', () => {
  const poll = async (link: string | null) => {
    const response = await fetch(link ?? '', { headers: { authorization: 'Bearer good' } })
    const text = await response.text()
    return { status: response.status, headers: response.headers, answer: text === '' ? undefined : JSON.parse(text) }
  }

  it('is answered with both links, which lead to the state and to the result', async () => {
    const { headers } = await call('ContainerApps_Update', { body: trafficOf({ first: 100 }) })
    const [state, result] = [headers.get('azure-asyncoperation'), headers.get('location')]
    expect(state).toContain('/containerappOperationStatuses/')
    expect(result).toContain('/containerappOperationResults/')
    expect((await poll(state)).answer).toMatchObject({ status: 'InProgress', startTime: expect.any(String) })
    expect(await poll(result)).toMatchObject({ status: 202, answer: undefined })
    clock.advance(2_000)
    expect((await poll(state)).answer).toMatchObject({ status: 'Succeeded', endTime: expect.any(String) })
    const { status, answer } = await poll(result)
    expect(status).toBe(200)
    expect(faultsIn('ContainerApp', answer)).toEqual([])
  })

  it('whose operation fails tells it in the state, but answers 200 with the app at the other link', async () => {
    const { headers } = await call('ContainerApps_Update', { body: revisionOf('shop:2', 'first') })
    clock.advance(10_000)
    const { answer } = await poll(headers.get('azure-asyncoperation'))
    expect(answer).toMatchObject({ status: 'Failed', error: { code: 'ContainerAppOperationError' } })
    const result = await poll(headers.get('location'))
    expect(result).toMatchObject({ status: 200, answer: { properties: { provisioningState: 'Failed' } } })
  })

  it.each([
    [
      'another content type',
      { headers: { 'content-type': 'application/merge-patch+json' } },
      415,
      'UnsupportedMediaType',
    ],
    ['no version', { query: '' }, 400, 'MissingApiVersionParameter'],
    ['an unknown version', { query: 'api-version=2020-01-01' }, 400, 'InvalidApiVersionParameter'],
    ['no token', { headers: { authorization: '' } }, 401, 'AuthenticationFailed'],
    ['a body that is no object', { body: 'x' }, 400, 'InvalidRequestContent'],
  ])('with %s is refused', async (_, asked: Call, status, code) => {
    const refused = await call('ContainerApps_Update', { body: {}, ...asked })
    expect(refused).toMatchObject({ status, answer: { error: { code } } })
    expect(world.log).toEqual([])
  })
})

describe('The server', () => {
  it('reads the version also where its name is percent-encoded, and paths in any case', async () => {
    const base = `${server.url}/SUBSCRIPTIONS/SUB/resourcegroups/RG/providers/microsoft.app/containerapps/SHOP`
    const response = await fetch(`${base}?api%2Dversion=2026-07-01`, { headers: { authorization: 'Bearer good' } })
    expect(response.status).toBe(200)
  })

  it('shows how many calls are left, and less after each', async () => {
    const left = async () =>
      Number((await call('ContainerApps_Get')).headers.get('x-ms-ratelimit-remaining-subscription-reads'))
    expect(await left()).toBe(249)
    expect(await left()).toBe(248)
    clock.advance(10_000)
    expect(await left()).toBe(249)
    const { headers } = await call('ContainerAppsRevisions_RestartRevision')
    expect(headers.get('x-ms-ratelimit-remaining-subscription-writes')).toBe('199')
  })

  it('hands the wait of an injected refusal on', async () => {
    world.inject({ on: 'get', refusal: { status: 429, code: 'TooManyRequests', message: 'later', retryAfterS: 17 } })
    const { status, headers } = await call('ContainerApps_Get')
    expect(status).toBe(429)
    expect(headers.get('retry-after')).toBe('17')
  })

  it.each([
    ['DELETE', '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.App/containerApps/shop', 405],
    ['GET', '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Web/sites/shop', 404],
    ['GET', `/subscriptions/sub/providers/Microsoft.App/locations/x/containerappOperationStatuses/none`, 404],
  ])('answers %s %s with %i', async (method, path, status) => {
    const response = await fetch(`${server.url}${path}?${VERSION}`, {
      method,
      headers: { authorization: 'Bearer good' },
    })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } })
  })
})
