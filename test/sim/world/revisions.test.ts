import { describe, expect, it } from 'vitest'
import { isReady } from '../../../lib/core/app.ts'
import { NOON, patched, refusalOf, revisionOf, seen, shop, stage, trafficOf } from './stage.ts'

const MINUTE = 60_000

describe('A new revision', () => {
  it('is provisioned before it is ready, and ready after the time its image needs', () => {
    const { world, clock } = stage()
    world.behave('shop:2', { readyAfterMs: 20_000 })
    world.patch(shop, revisionOf('shop:2', 'v2'))
    clock.set(NOON + 19_999)
    expect(seen(world, 'v2')).toMatchObject({ provisioning: 'Provisioned', health: 'None', running: 'Activating' })
    clock.set(NOON + 20_000)
    expect(seen(world, 'v2')).toMatchObject({ health: 'Healthy', running: 'Running', replicas: 1 })
    expect(isReady(seen(world, 'v2'))).toBe(true)
  })

  it('that crashes is Provisioned all the same, takes traffic, and is never healthy', () => {
    const at = stage()
    at.world.behave('sha256:bad', { never: 'crash' })
    const words: string[] = []
    expect(patched(at, revisionOf('shop@sha256:bad', 'v2')).status).toBe('Succeeded')
    for (const s of [10, 40, 70]) {
      at.clock.set(NOON + s * 1000)
      const { provisioning, health, running } = seen(at.world, 'v2')
      words.push(`${provisioning} ${health} ${running}`)
    }
    expect(words).toEqual([
      'Provisioned None Activating',
      'Provisioned Unhealthy Degraded',
      'Provisioned Unhealthy Failed',
    ])
    expect(seen(at.world, 'v2').error).toContain('Deployment Progress Deadline Exceeded')
    expect(patched(at, trafficOf({ first: 50, v2: 50 })).status).toBe('Succeeded')
    expect(at.world.ingress(shop).weights).toEqual({ 'shop--first': 50, 'shop--v2': 50 })
  })

  it('may run at its highest scale, which is healthy', () => {
    const at = stage()
    const body = revisionOf('shop:2', 'v2') as { properties: { template: object } }
    Object.assign(body.properties.template, { scale: { minReplicas: 3, maxReplicas: 3 } })
    patched(at, body)
    expect(seen(at.world, 'v2')).toMatchObject({ running: 'RunningAtMaxScale', replicas: 3 })
    expect(at.world.listReplicas(shop, 'shop--v2')).toHaveLength(3)
  })
})

describe('An image that is found to be bad later', () => {
  it('brings down the revisions that run it', () => {
    const { world } = stage()
    world.behave('shop:1', { never: 'crash' })
    expect(seen(world, 'first')).toMatchObject({ health: 'Unhealthy', running: 'Failed' })
    expect(world.ingress(shop).revisions[0]?.state).toBe('broken')
  })

  it('and can no longer be pulled leaves them alone until they start anew', () => {
    const { world, clock } = stage()
    world.behave('shop:1', { never: 'pull-fails' })
    expect(isReady(seen(world, 'first'))).toBe(true)
    world.restart(shop, 'shop--first')
    clock.advance(10 * MINUTE)
    expect(seen(world, 'first').running).toBe('Failed')
  })
})

describe('A revision without weight that may scale to zero', () => {
  const asleep = () => {
    const at = stage({ minReplicas: 0 })
    patched(at, revisionOf('shop:2', 'v2'))
    at.clock.advance(5 * MINUTE)
    return at
  }

  it('sleeps five minutes after it was ready, while the one with traffic stays up', () => {
    const { world } = asleep()
    expect(seen(world, 'v2')).toMatchObject({ running: 'ScaledToZero', replicas: 0 })
    expect(seen(world, 'first')).toMatchObject({ running: 'Running', replicas: 1 })
  })

  it('wakes for a request, is ready later, and sleeps again when nobody asks', () => {
    const { world, clock } = asleep()
    world.touch(shop, 'shop--v2')
    expect(seen(world, 'v2').running).toBe('Activating')
    clock.advance(5_000)
    expect(isReady(seen(world, 'v2'))).toBe(true)
    clock.advance(5 * MINUTE)
    expect(seen(world, 'v2').running).toBe('ScaledToZero')
  })

  it('wakes when it is given weight and sleeps after the weight is gone', () => {
    const at = asleep()
    patched(at, trafficOf({ first: 90, v2: 10 }), 2_000)
    expect(seen(at.world, 'v2')).toMatchObject({ running: 'Activating', health: 'None' })
    at.clock.advance(60 * MINUTE)
    expect(isReady(seen(at.world, 'v2'))).toBe(true)
    patched(at, trafficOf({ first: 100, v2: 0 }))
    expect(seen(at.world, 'v2').running).toBe('Running')
    at.clock.advance(5 * MINUTE)
    expect(seen(at.world, 'v2').running).toBe('ScaledToZero')
  })

  it('can be made to sleep from the start by its image', () => {
    const at = stage()
    at.world.behave('shop:2', { scaleToZero: true })
    patched(at, revisionOf('shop:2', 'v2'))
    expect(seen(at.world, 'v2').running).toBe('ScaledToZero')
    at.world.touch(shop, 'shop--v2')
    at.clock.advance(5_000)
    expect(isReady(seen(at.world, 'v2'))).toBe(true)
  })
})

describe('Switching revisions on and off', () => {
  it('stops a revision even when it has all traffic, and leaves it in the traffic list', () => {
    const { world, clock } = stage()
    world.deactivate(shop, 'shop--first')
    expect(seen(world, 'first')).toMatchObject({ active: false, running: 'Deprovisioning', replicas: 0 })
    clock.advance(MINUTE)
    expect(seen(world, 'first').running).toBe('Stopped')
    expect(world.see(shop).traffic).toEqual([{ revision: 'shop--first', weight: 100, label: null }])
    expect(world.ingress(shop).revisions[0]?.state).toBe('off')
  })

  it('does not refuse traffic to a revision that is off', () => {
    const at = stage()
    patched(at, revisionOf('shop:2', 'v2'))
    at.world.deactivate(shop, 'shop--v2')
    expect(patched(at, trafficOf({ v2: 100 })).status).toBe('Succeeded')
  })

  it('starts a revision anew when it is switched on or restarted, and leaves one alone that is on', () => {
    const { world, clock } = stage()
    world.deactivate(shop, 'shop--first')
    world.activate(shop, 'shop--first')
    expect(seen(world, 'first').running).toBe('Activating')
    clock.advance(5_000)
    world.activate(shop, 'shop--first')
    expect(isReady(seen(world, 'first'))).toBe(true)
    world.restart(shop, 'shop--first')
    expect(isReady(seen(world, 'first'))).toBe(false)
  })

  it('answers 404 for a revision that is not there', () => {
    const { world } = stage()
    expect(refusalOf(() => world.deactivate(shop, 'shop--other')).status).toBe(404)
    expect(refusalOf(() => world.getRevision(shop, 'shop--other')).status).toBe(404)
    expect(refusalOf(() => world.listReplicas(shop, 'shop--other')).status).toBe(404)
  })

  it('prunes inactive revisions beyond the limit, oldest first, but not promptly', () => {
    const at = stage()
    patched(at, { properties: { configuration: { maxInactiveRevisions: 2 } } })
    for (const suffix of ['a', 'b', 'c']) {
      patched(at, revisionOf(`shop:${suffix}`, suffix))
      at.world.deactivate(shop, `shop--${suffix}`)
    }
    at.clock.advance(19 * MINUTE)
    expect(at.world.see(shop).revisions).toHaveLength(4)
    at.clock.advance(2 * MINUTE)
    expect(at.world.see(shop).revisions.map(({ name }) => name)).toEqual(['shop--first', 'shop--b', 'shop--c'])
  })
})

describe('Looking', () => {
  it('gives the same object until something changes', () => {
    const { world, clock } = stage()
    const first = world.see(shop)
    clock.advance(MINUTE)
    expect(world.see({ ...shop })).toBe(first)
    world.restart(shop, 'shop--first')
    expect(world.see(shop)).not.toBe(first)
  })

  it('shows the image of the container that is asked for', () => {
    const { world } = stage({ containers: [{ name: 'proxy', image: 'envoy:1' }] })
    expect(world.see({ ...shop, container: 'proxy' }).revisions[0]?.image).toBe('envoy:1')
    expect(world.see({ ...shop, container: 'shop' }).revisions[0]?.image).toBe('shop:1')
    expect(world.see(shop).revisions[0]?.image).toBe('')
  })
})
