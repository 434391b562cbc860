import { describe, expect, it } from 'vitest'
import { NOON, patched, refusalOf, revisionOf, seen, shop, stage, trafficOf } from './stage.ts'

describe('Traffic', () => {
  it('is remembered over time, cut where it really changed', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', 'v2'))
    at.world.patch(shop, trafficOf({ first: 75, v2: 25 }))
    at.clock.advance(60_000)
    const changed = NOON + 10_000 + 1_500
    expect(at.world.segments(shop, NOON, NOON + 60_000)).toEqual([
      { from: NOON, to: changed, weights: { 'shop--first': 100 } },
      { from: changed, to: NOON + 60_000, weights: { 'shop--first': 75, 'shop--v2': 25 } },
    ])
    expect(at.world.segments(shop, NOON, changed)).toHaveLength(1)
    expect(at.world.segments(shop, changed, changed)).toEqual([])
  })

  it('that follows the latest revision is reported on the newest at once, but moves when that one is ready', () => {
    const at = stage({ latestRevisionTraffic: true })
    at.world.behave('shop:2', { readyAfterMs: 40_000 })
    patched(at, revisionOf('shop:2', 'v2'))
    const newest = at.world.getRevision(shop, 'shop--v2') as { properties: Record<string, unknown> }
    expect(newest.properties).toMatchObject({ trafficWeight: 100, runningState: 'Activating' })
    expect(at.world.see(shop).traffic).toEqual([{ revision: null, weight: 100, label: null }])
    expect(at.world.ingress(shop).weights).toEqual({ 'shop--first': 100 })
    at.clock.set(NOON + 40_000)
    expect(at.world.ingress(shop).weights).toEqual({ 'shop--v2': 100 })
    expect(at.world.segments(shop, NOON, NOON + 50_000).at(-1)?.from).toBe(NOON + 40_000)
  })

  it('in Single mode follows the latest whatever is written, and the old revision retires when the new one is ready', () => {
    const at = stage({ mode: 'Single' })
    patched(at, revisionOf('shop:2', 'v2'))
    expect(seen(at.world, 'first').active).toBe(false)
    expect(at.world.ingress(shop).weights).toEqual({ 'shop--v2': 100 })
    patched(at, trafficOf({ first: 100 }))
    expect(at.world.see(shop).traffic).toEqual([{ revision: null, weight: 100, label: null }])
  })

  it('in Labels mode keeps labelled revisions and the latest, and retires the others', () => {
    const at = stage({ labels: { blue: 'first' } })
    patched(at, revisionOf('shop:2', 'v2'))
    patched(at, revisionOf('shop:3', 'v3'))
    at.world.edit(shop, (hand) => hand.mode('Labels'))
    expect(
      at.world
        .see(shop)
        .revisions.filter(({ active }) => active)
        .map(({ name }) => name),
    ).toEqual(['shop--first', 'shop--v3'])
  })

  it('refuses one label on two revisions', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', 'v2'))
    const traffic = ['first', 'v2'].map((suffix) => ({ revisionName: `shop--${suffix}`, weight: 50, label: 'blue' }))
    const body = { properties: { configuration: { ingress: { traffic } } } }
    expect(refusalOf(() => at.world.patch(shop, body)).code).toBe('ContainerAppDuplicateLabel')
  })
})

describe('A foreign hand', () => {
  it('changes traffic, labels, stickiness and mode at once, and is logged as foreign', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', 'v2'))
    at.world.edit(shop, (hand) => {
      hand.label('blue', 'shop--v2')
      hand.sticky(true)
    })
    expect(at.world.see(shop)).toMatchObject({
      stickySessions: true,
      traffic: [
        { revision: 'shop--first', weight: 100, label: null },
        { revision: 'shop--v2', weight: 0, label: 'blue' },
      ],
    })
    expect(at.world.ingress(shop).labels).toEqual({ blue: 'shop--v2' })
    at.world.edit(shop, (hand) => {
      hand.unlabel('blue')
      hand.traffic([{ revisionName: 'shop--v2', weight: 100 }])
      hand.mode('Single')
    })
    expect(at.world.see(shop)).toMatchObject({
      mode: 'Single',
      traffic: [{ revision: 'shop--v2', weight: 100, label: null }],
    })
    expect(seen(at.world, 'first').active).toBe(false)
    expect(at.world.log.at(-1)).toMatchObject({ actor: 'foreign', kind: 'edit', traffic: { 'shop--v2': 100 } })
  })

  it('deploys a revision, which takes its time, and switches revisions', () => {
    const { world, clock } = stage()
    world.edit(shop, (hand) => hand.deploy('shop:hotfix', 'hotfix'))
    expect(world.see(shop).provisioning).toBe('InProgress')
    clock.advance(10_000)
    expect(seen(world, 'hotfix').health).toBe('Healthy')
    world.edit(shop, (hand) => hand.deactivate('shop--first'))
    expect(seen(world, 'first').active).toBe(false)
    world.edit(shop, (hand) => hand.activate('shop--first'))
    expect(seen(world, 'first').active).toBe(true)
  })

  it('that edits while an operation runs has the last word', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', 'v2'))
    at.world.patch(shop, trafficOf({ first: 90, v2: 10 }))
    at.world.edit(shop, (hand) => hand.traffic([{ revisionName: 'shop--v2', weight: 100 }]))
    at.clock.advance(10_000)
    expect(at.world.ingress(shop).weights).toEqual({ 'shop--v2': 100 })
  })

  it('meets the next write of Slipway where both edited: the patch builds on what the hand left', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', 'v2'))
    at.world.edit(shop, (hand) => hand.traffic([{ revisionName: 'shop--v2', weight: 100 }]))
    patched(at, { tags: { touched: 'yes' } })
    expect(at.world.ingress(shop).weights).toEqual({ 'shop--v2': 100 })
  })
})

describe('An injected trouble', () => {
  const busy = { status: 429, code: 'TooManyRequests', message: 'slow down', retryAfterS: 7 }

  it('refuses the next matching call once, and no other', () => {
    const { world } = stage()
    world.inject({ on: 'get', refusal: busy })
    expect(() => world.listRevisions(shop)).not.toThrow()
    expect(refusalOf(() => world.get(shop))).toMatchObject({ status: 429, retryAfterS: 7 })
    expect(() => world.get(shop)).not.toThrow()
    expect(world.reads).toMatchObject({ get: 2, listRevisions: 1 })
  })

  it('lasts for its time, for its app and for its kind of calls', () => {
    const { world, clock } = stage()
    const other = { ...shop, app: 'other' }
    world.addApp({ target: other, image: 'other:1' })
    world.inject({ on: 'read', target: shop, until: NOON + 1_000, refusal: busy })
    expect(() => world.get(other)).not.toThrow()
    expect(() => world.deactivate(shop, 'shop--first')).not.toThrow()
    expect(refusalOf(() => world.get(shop)).status).toBe(429)
    expect(refusalOf(() => world.listRevisions(shop)).status).toBe(429)
    clock.advance(1_000)
    expect(() => world.get(shop)).not.toThrow()
  })

  it('can let the write happen all the same', () => {
    const { world } = stage()
    world.inject({
      on: 'write',
      applied: true,
      refusal: { status: 503, code: 'ServiceUnavailable', message: 'no answer' },
    })
    expect(refusalOf(() => world.deactivate(shop, 'shop--first')).status).toBe(503)
    expect(seen(world, 'first').active).toBe(false)
    expect(world.log).toHaveLength(1)
  })

  it('is gone after it was taken back', () => {
    const { world } = stage()
    world.inject({ on: 'any', times: 5, refusal: busy })
    world.clearInjections()
    expect(() => world.get(shop)).not.toThrow()
  })
})

describe('The world', () => {
  it('holds apps that can be listed by resource group and taken away', () => {
    const { world } = stage()
    world.addApp({ target: { ...shop, resourceGroup: 'elsewhere' }, image: 'x' })
    expect(world.list('SUB', 'RG').map(({ name }) => name)).toEqual(['shop'])
    expect(world.findRevision('shop--first')).toHaveLength(2)
    world.removeApp(shop)
    expect(world.list('sub', 'rg')).toEqual([])
    expect(world.findRevision('shop--first')).toHaveLength(1)
    expect(() => world.addApp({ target: { ...shop, resourceGroup: 'elsewhere' }, image: 'x' })).toThrow(/already/)
  })
})
