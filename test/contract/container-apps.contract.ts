import { expect } from 'vitest'
import type { Action, AppSeen, Observed, TrafficEntry } from '../../lib/core/app.ts'
import type { Target } from '../../lib/core/service.ts'
import { Fault } from '../../lib/errors.ts'
import type { ContainerApps } from '../../lib/ports.ts'
import { handClock, type SimClock } from '../../sim/clock.ts'
import type { AppSpec, World } from '../../sim/world/types.ts'
import { createWorld } from '../../sim/world/world.ts'

/** Container apps under test, and the world behind them. */
export interface Scene {
  readonly apps: ContainerApps
  readonly world: World
  readonly clock: SimClock
}

/** Puts the plug under test in front of a world. */
export type Connect = (world: World, clock: SimClock) => ContainerApps | Promise<ContainerApps>

export const web: Target = { subscriptionId: 'sub-1', resourceGroup: 'rg-shop', app: 'web', container: null }
export const FIRST = 'web--first'
const NOON = Date.UTC(2026, 0, 15, 12)
/** Longer than any write takes in the world that is not stuck. */
export const SETTLED_MS = 20_000

/** A world with `web` at `web:1`, secrets and scale and all, behind the plug; `more` changes or adds to the app. */
export async function scene(connect: Connect, more: Partial<AppSpec> = {}): Promise<Scene> {
  const clock = handClock(NOON)
  const world = createWorld({ clock })
  world.addApp({
    target: web,
    image: 'web:1',
    secrets: [{ name: 'db-password', value: 'hush' }],
    environmentVariables: [
      { name: 'MODE', value: 'live' },
      { name: 'EMPTY', value: '' },
      { name: 'DB', secretRef: 'db-password' },
    ],
    ...more,
  })
  return { world, clock, apps: await connect(world, clock) }
}

export function create(suffix: string, image = 'web@sha256:2', from = FIRST): Action {
  return { kind: 'create-revision', from, suffix, image }
}

/** A wish for traffic, percent by revision suffix; `labels` gives labels to suffixes. */
export function traffic(weights: Record<string, number>, labels: Record<string, string> = {}): Action {
  return { kind: 'set-traffic', traffic: entries(weights, labels) }
}

export function entries(weights: Record<string, number>, labels: Record<string, string> = {}): TrafficEntry[] {
  const labelOf = new Map(Object.entries(labels).map(([label, suffix]) => [suffix, label]))
  return Object.entries(weights).map(([suffix, weight]) => ({
    revision: `web--${suffix}`,
    weight,
    label: labelOf.get(suffix) ?? null,
  }))
}

/** Does the deed and lets the world come to rest. */
export async function done({ apps, clock }: Scene, action: Action): Promise<void> {
  await apps.perform(web, action)
  clock.advance(SETTLED_MS)
}

/** `web` as a look shows it now. */
export async function look({ apps }: Scene): Promise<AppSeen> {
  const [observed] = await apps.observe([web])
  return seen(observed)
}

export function seen(observed: Observed | undefined): AppSeen {
  if (observed?.kind !== 'seen') throw new Error(`the app was not seen: ${JSON.stringify(observed)}`)
  return observed.app
}

/** The revision `web--<suffix>` in a look. */
export function revisionIn(app: AppSeen, suffix: string) {
  const found = app.revisions.find(({ name }) => name === `web--${suffix}`)
  if (found === undefined) throw new Error(`there is no revision web--${suffix}`)
  return found
}

/** Weight by revision suffix in a look; entries without weight are left out. */
export function weights(app: AppSeen): Record<string, number> {
  const heavy = app.traffic.filter(({ weight }) => weight > 0)
  return Object.fromEntries(heavy.map(({ revision, weight }) => [revision?.replace('web--', '') ?? 'latest', weight]))
}

/** The Fault that a deed ends with. */
export async function faultOf(deed: Promise<unknown>): Promise<Fault> {
  const error = await deed.then(
    () => new Error('it went through'),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(Fault)
  return error as Fault
}

/** A part of the app or of a revision as ARM shows it, for comparing before and after. */
export function wirePart(json: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], json)
}
