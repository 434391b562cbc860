import { describe, expect, it } from 'vitest'
import type { Lie } from '../../../sim/world/types.ts'
import { NOON, patched, refusalOf, revisionOf, shop, stage, trafficOf } from './stage.ts'

const MINUTE = 60_000

/** An app with two revisions and all traffic at the first, about which ARM lies from now on. */
function lying(lie: Lie) {
  const at = stage()
  patched(at, revisionOf('shop:2', 'v2'))
  at.world.lie(shop, lie)
  return at
}

const half = trafficOf({ first: 50, v2: 50 })
const EVEN = { 'shop--first': 50, 'shop--v2': 50 }
const ALL = { 'shop--first': 100 }

describe('An operation that lies', () => {
  it.each([
    ['unapplied', 'Succeeded', 'Succeeded'],
    ['failed', 'Failed', 'Failed'],
    ['canceled', 'Canceled', 'Canceled'],
  ] as const)('%s: ends as %s, the app says %s, and nothing is done or kept', (kind, status, provisioning) => {
    const at = lying({ kind })
    expect(patched(at, half).status).toBe(status)
    expect(patched(at, revisionOf('shop:3', 'v3')).status).toBe(status)
    expect(at.world.see(shop).provisioning).toBe(provisioning)
    expect(at.world.ingress(shop).weights).toEqual(ALL)
    at.world.lie(shop, null)
    expect(patched(at, half)).toMatchObject({ status: 'Succeeded', error: null })
    expect(at.world.see(shop).provisioning).toBe('Succeeded')
    expect(at.world.ingress(shop).weights).toEqual(EVEN)
    expect(at.world.ingress(shop).revisions.map(({ name }) => name)).toEqual(['shop--first', 'shop--v2'])
  })

  it('unapplied: a revision that is to be switched off stays on', () => {
    const { world } = lying({ kind: 'unapplied' })
    world.deactivate(shop, 'shop--v2')
    expect(world.ingress(shop).revisions.map(({ active }) => active)).toEqual([true, true])
  })

  it('slow: runs for as long as was said, refuses others meanwhile, and is done then', () => {
    const at = lying({ kind: 'slow', ms: 9 * MINUTE })
    expect(patched(at, revisionOf('shop:3', 'v3'), 9 * MINUTE - 1).status).toBe('InProgress')
    expect(refusalOf(() => at.world.patch(shop, half)).code).toBe('ContainerAppOperationInProgress')
    at.clock.advance(1)
    expect(at.world.see(shop)).toMatchObject({ provisioning: 'Succeeded', latestRevision: 'shop--v3' })
  })

  it('endless: never ends, and is canceled when the lie is taken back', () => {
    const at = lying({ kind: 'endless' })
    const { operationId } = at.world.patch(shop, half)
    at.clock.advance(48 * 60 * MINUTE)
    expect(at.world.operation(operationId).status).toBe('InProgress')
    at.world.lie(shop, null)
    expect(at.world.operation(operationId).status).toBe('Canceled')
    expect(at.world.ingress(shop).weights).toEqual(ALL)
  })

  it('late: says that it is done, and comes true at its time, behind what runs then', () => {
    const at = lying({ kind: 'late', ms: 10 * MINUTE })
    expect(patched(at, half).status).toBe('Succeeded')
    at.world.lie(shop, { kind: 'slow', ms: 5 * MINUTE })
    at.clock.advance(7 * MINUTE)
    at.world.patch(shop, trafficOf({ first: 90, v2: 10 }))
    at.clock.advance(4 * MINUTE)
    expect(at.world.ingress(shop).weights).toEqual(ALL)
    at.clock.advance(2 * MINUTE)
    expect(at.world.ingress(shop).weights).toEqual(EVEN)
    const dealt = at.world.segments(shop, NOON, at.clock.now())
    expect(dealt.map(({ weights }) => weights['shop--v2'] ?? 0)).toEqual([0, 10, 50])
  })
})

describe('A read that is stale', () => {
  it('shows what was before the last write, by chance and for so long, and ingress never does', () => {
    const at = lying({ kind: 'stale', ms: 2 * MINUTE })
    patched(at, half)
    const looks = Array.from({ length: 40 }, () => at.world.see(shop).traffic.length)
    expect(new Set(looks)).toEqual(new Set([1, 2]))
    expect(at.world.ingress(shop).weights).toEqual(EVEN)
    at.clock.set(NOON + 10 * MINUTE)
    expect(new Set(Array.from({ length: 40 }, () => at.world.see(shop).traffic.length))).toEqual(new Set([2]))
  })

  it('lists and single reads of ARM can be stale too', () => {
    const at = lying({ kind: 'stale', ms: 2 * MINUTE })
    patched(at, revisionOf('shop:3', 'v3'))
    const names = () => at.world.listRevisions(shop).length
    expect(new Set(Array.from({ length: 40 }, names))).toEqual(new Set([2, 3]))
    const latest = () => (at.world.get(shop).properties as { latestRevisionName: string }).latestRevisionName
    expect(new Set(Array.from({ length: 40 }, latest))).toEqual(new Set(['shop--v2', 'shop--v3']))
  })
})
