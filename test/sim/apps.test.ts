import { describe, expect, it } from 'vitest'
import type { Action, AppSeen, Observed } from '../../lib/core/app.ts'
import type { Target } from '../../lib/core/service.ts'
import { Fault } from '../../lib/errors.ts'
import { createSimApps } from '../../sim/apps.ts'
import { shop, stage } from './world/stage.ts'

const create: Action = { kind: 'create-revision', from: 'shop--first', suffix: 'v2', image: 'shop@sha256:2' }

async function seenBy(observed: Promise<readonly Observed[]>): Promise<AppSeen> {
  const [first] = await observed
  return first?.kind === 'seen' ? first.app : (expect.unreachable('the app was not seen') as never)
}

async function faultOf(deed: Promise<unknown>): Promise<Fault> {
  const error = await deed.then(
    () => expect.unreachable('no Fault was thrown'),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(Fault)
  return error as Fault
}

describe('Apps of a world', () => {
  it('are seen in order, also those that are not there', async () => {
    const { world } = stage()
    const other: Target = { ...shop, app: 'other' }
    const [one, two] = await createSimApps(world).observe([other, shop])
    expect(one).toMatchObject({ kind: 'unseen', fault: { kind: 'not-found' } })
    expect(two).toMatchObject({
      kind: 'seen',
      app: { mode: 'Multiple', location: 'West Europe', latestRevision: 'shop--first' },
    })
  })

  it('cost one get and one list of revisions for one app, and one list for all apps of a resource group', async () => {
    const { world } = stage()
    await createSimApps(world).observe([shop])
    expect(world.reads).toMatchObject({ get: 1, list: 0, listRevisions: 1 })
    const second = { ...shop, app: 'second' }
    world.addApp({ target: second, image: 'x' })
    await createSimApps(world).observe([shop, second])
    expect(world.reads).toMatchObject({ get: 1, list: 1, listRevisions: 3 })
  })

  it('are unseen together when their list is refused, and alone when their own look is', async () => {
    const { world } = stage()
    const second = { ...shop, app: 'second' }
    world.addApp({ target: second, image: 'x' })
    const refusal = { status: 429, code: 'TooManyRequests', message: 'slow down', retryAfterS: 3 }
    world.inject({ on: 'list', refusal })
    const together = await createSimApps(world).observe([shop, second])
    expect(together.map(({ kind }) => kind)).toEqual(['unseen', 'unseen'])
    expect(together[0]).toMatchObject({ fault: { kind: 'throttled', retryAfterMs: 3000 } })
    world.inject({ on: 'listRevisions', target: shop, refusal })
    expect((await createSimApps(world).observe([shop, second])).map(({ kind }) => kind)).toEqual(['unseen', 'seen'])
  })
})

describe('A list that is denied', () => {
  it('is asked for once, and replaced by one get per app ever after', async () => {
    const { world } = stage()
    const second = { ...shop, app: 'second' }
    world.addApp({ target: second, image: 'x' })
    world.inject({ on: 'list', refusal: { status: 403, code: 'AuthorizationFailed', message: 'no' } })
    const apps = createSimApps(world)
    for (const gets of [2, 4]) {
      expect((await apps.observe([shop, second])).map(({ kind }) => kind)).toEqual(['seen', 'seen'])
      expect(world.reads).toMatchObject({ list: 1, get: gets })
    }
  })
})

describe('A new revision', () => {
  it('is a copy of the one it is made from, whatever is the latest, with image and suffix changed', async () => {
    const { world, clock } = stage({
      secrets: [{ name: 'key', value: 'hush' }],
      environmentVariables: [
        { name: 'KEY', secretRef: 'key' },
        { name: 'MODE', value: 'fast' },
      ],
    })
    world.edit(shop, (hand) => hand.deploy('shop:experiment', 'experiment'))
    clock.advance(10_000)
    const apps = createSimApps(world)
    await apps.perform(shop, create)
    clock.advance(10_000)
    const made = world.getRevision(shop, 'shop--v2') as { properties: { template: unknown } }
    const from = world.getRevision(shop, 'shop--first') as { properties: { template: Record<string, unknown> } }
    const containers = (from.properties.template.containers as object[]).map((each) => ({
      ...each,
      image: 'shop@sha256:2',
    }))
    expect(made.properties.template).toEqual({ ...from.properties.template, containers, revisionSuffix: 'v2' })
    expect((await seenBy(apps.observe([shop]))).provisioning).toBe('Succeeded')
  })

  it('changes only the named container, and refuses to guess', async () => {
    const { world, clock } = stage({ containers: [{ name: 'proxy', image: 'envoy:1' }] })
    const apps = createSimApps(world)
    expect(await faultOf(apps.perform(shop, create))).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('shop, proxy'),
    })
    await apps.perform({ ...shop, container: 'proxy' }, create)
    clock.advance(10_000)
    expect(world.see({ ...shop, container: 'shop' }).revisions.at(-1)?.image).toBe('shop:1')
  })
})

describe('Deeds', () => {
  it('set traffic, switch revisions, wake sleepers and repair a failed template', async () => {
    const { world, clock } = stage({ minReplicas: 0 })
    const apps = createSimApps(world)
    world.behave('sha256:bad', { never: 'pull-fails' })
    await apps.perform(shop, { ...create, image: 'shop@sha256:bad' })
    clock.advance(10_000)
    expect((await seenBy(apps.observe([shop]))).provisioning).toBe('Failed')
    const pinned = { revision: 'shop--first', weight: 100, label: 'stable' }
    await apps.perform(shop, { kind: 'repair', from: 'shop--first', suffix: 'fix', traffic: [pinned] })
    clock.advance(400_000)
    expect(await seenBy(apps.observe([shop]))).toMatchObject({ provisioning: 'Succeeded', traffic: [pinned] })

    const sleeper = { kind: 'wake', revision: 'shop--fix', fqdn: 'shop--fix.example' } as const
    expect(world.see(shop).revisions[1]).toMatchObject({ image: 'shop:1', running: 'ScaledToZero' })
    await apps.perform(shop, sleeper)
    expect(world.see(shop).revisions[1]?.running).toBe('Activating')
    await apps.perform(shop, { kind: 'deactivate', revision: 'shop--fix' })
    expect(world.see(shop).revisions[1]?.active).toBe(false)
    await apps.perform(shop, { kind: 'activate', revision: 'shop--fix' })
    const split = [
      { revision: 'shop--first', weight: 60, label: null },
      { revision: 'shop--fix', weight: 40, label: null },
    ]
    await apps.perform(shop, { kind: 'set-traffic', traffic: split })
    clock.advance(10_000)
    expect((await seenBy(apps.observe([shop]))).traffic).toEqual(split)
  })

  it('never write traffic that follows the latest revision', async () => {
    const { world } = stage()
    const traffic = [{ revision: null, weight: 100, label: null }]
    expect((await faultOf(createSimApps(world).perform(shop, { kind: 'set-traffic', traffic }))).kind).toBe('malformed')
    expect(world.log).toEqual([])
  })

  it.each([
    [404, 'not-found'],
    [409, 'conflict'],
    [429, 'throttled'],
    [401, 'denied'],
    [403, 'denied'],
    [400, 'malformed'],
    [408, 'unavailable'],
    [503, 'unavailable'],
  ])('throw for a %i the Fault %s', async (status, kind) => {
    const { world } = stage()
    world.inject({ on: 'write', refusal: { status, code: 'Code', message: 'words', retryAfterS: 4 } })
    const fault = await faultOf(createSimApps(world).perform(shop, { kind: 'deactivate', revision: 'shop--first' }))
    expect(fault).toMatchObject({ kind, retryAfterMs: 4000, message: 'Code: words' })
  })
})
