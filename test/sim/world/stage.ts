import { expect } from 'vitest'
import type { Target } from '../../../lib/core/service.ts'
import { handClock, type SimClock } from '../../../sim/clock.ts'
import { ArmRefusal } from '../../../sim/world/refusal.ts'
import type { AppSpec, World } from '../../../sim/world/types.ts'
import { createWorld } from '../../../sim/world/world.ts'

/** Noon of a day in the past: where every stage begins. */
export const NOON = Date.UTC(2026, 0, 15, 12)

/** The app on every stage. */
export const shop: Target = { subscriptionId: 'sub', resourceGroup: 'rg', app: 'shop', container: null }

/** A world with one app, `shop`, that runs `shop:1` as revision `shop--first`. */
export function stage(spec: Partial<AppSpec> = {}): { world: World; clock: SimClock } {
  const clock = handClock(NOON)
  const world = createWorld({ clock })
  world.addApp({ target: shop, image: 'shop:1', ...spec })
  return { world, clock }
}

/** The body of a patch that asks for a revision of this image. */
export function revisionOf(image: string, revisionSuffix?: string): unknown {
  const containers = [{ name: 'shop', image, resources: { cpu: 0.5, memory: '1Gi' } }]
  const template = revisionSuffix === undefined ? { containers } : { containers, revisionSuffix }
  return { properties: { template } }
}

/** The body of a patch that makes the traffic this, percent by revision suffix. */
export function trafficOf(weights: Readonly<Record<string, number>>): unknown {
  const traffic = Object.entries(weights).map(([suffix, weight]) => ({ revisionName: `shop--${suffix}`, weight }))
  return { properties: { configuration: { ingress: { traffic } } } }
}

/** Patches and lets the operation end (`ms` later); gives back how it ended. */
export function patched({ world, clock }: { world: World; clock: SimClock }, body: unknown, ms = 10_000) {
  const { operationId } = world.patch(shop, body)
  clock.advance(ms)
  return world.operation(operationId)
}

/** The refusal that a deed meets; fails the test when there is none. */
export function refusalOf(deed: () => unknown): ArmRefusal {
  try {
    deed()
  } catch (refusal) {
    if (refusal instanceof ArmRefusal) return refusal
    throw refusal
  }
  return expect.unreachable('the deed was not refused') as never
}

/** How the revision `shop--<suffix>` is seen now. */
export function seen(world: World, suffix: string) {
  const revision = world.see(shop).revisions.find(({ name }) => name === `shop--${suffix}`)
  return revision ?? (expect.unreachable(`there is no revision shop--${suffix}`) as never)
}
