import { expect } from 'vitest'
import { obeyCommand } from '../../lib/engine/command.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { receive } from '../../lib/engine/receive.ts'
import { sweep } from '../../lib/engine/sweep.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { Fault } from '../../lib/errors.ts'
import { Crash } from '../../sim/crash.ts'
import { createStage } from '../../sim/runner.ts'
import type { Chooser, Fate, Parked } from '../../sim/schedule.ts'
import { aCommand } from './builders.ts'
import { pricingManifest, version } from './story.ts'
import { createRing, type Plugs, type Ring, type Rung, raceOn } from './wire-races.ts'

const ENVIRONMENT = 'production'

/** A scene that was set, what its workers do at once, and what must hold when all have ended. */
export interface Chore {
  readonly ring: Ring
  readonly works: readonly ((plugs: Plugs) => Promise<unknown>)[]
  readonly settle: (rung: Rung) => Promise<void>
}

/** A race of workers at what is no rollout's own row: claims, quarantine, the audit's keeping, people. */
export interface ChoreRace {
  readonly name: string
  readonly set: () => Promise<Chore>
}

/** What was thrown at all, but that somebody else was first. */
export const troubles = ({ answers }: Rung) =>
  answers.flatMap((one) =>
    'error' in one && !(one.error instanceof Fault && one.error.kind === 'conflict') ? [one.error] : [],
  )

const NAMES = ['pricing', 'safety', 'routing'] as const
type Name = (typeof NAMES)[number]

/** Three services to whose rollouts nobody has looked yet. */
async function givenDue() {
  const stage = createStage({ crash: 'never' })
  const ring = await createRing(stage.clock)
  const on = ({ store }: Plugs): Wheel => {
    return { ...stage.wheel, store, catalogue: store, events: store, freezes: store, buckets: store }
  }
  const manifestOf = (name: Name) => {
    const { target, image, ...rest } = pricingManifest()
    return { ...rest, name, target: { ...target, app: name }, image: { ...image, repository: name } }
  }
  const pushed = (name: Name, n: number) => version(n, { repository: name, eventId: `${name}-${n}` })
  for (const name of NAMES) {
    const manifest = manifestOf(name)
    stage.world.addApp({ target: manifest.target, image: 'registry.example.com/x:v1', suffix: 'v1' })
    await storeManifest(on(ring.plugs), manifest, 'tester')
    await receive(on(ring.plugs), { kind: 'push', push: pushed(name, 2), receivedAt: stage.clock.now() })
  }
  return { stage, ring, on, manifestOf, pushed }
}

type Due = Awaited<ReturnType<typeof givenDue>>

const kindsOf = async ({ ring }: Due, service: string) =>
  (await ring.plugs.store.page({ environment: ENVIRONMENT, service, limit: 100, from: null })).items.map(
    ({ kind }) => kind,
  )

/** Everybody was looked at once, whoever did it: each app got its revision, and each audit says so once. */
async function lookedAt(due: Due, names: readonly Name[] = NAMES): Promise<void> {
  const loaded = await due.ring.plugs.store.load(ENVIRONMENT, names)
  expect(loaded.map(({ rollout }) => rollout?.phase.kind)).toEqual(names.map(() => 'provisioning'))
  for (const name of names) {
    expect(due.stage.world.ingress(due.manifestOf(name).target).revisions).toHaveLength(2)
    const kinds = await kindsOf(due, name)
    expect(kinds.filter((kind) => kind === 'rollout-started')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'revision-requested').length).toBeLessThanOrEqual(1)
  }
}

const sweeps = (workers: number, how: { readonly slice: number; readonly isHelp?: boolean }): ChoreRace => ({
  name: `${workers} sweeps that share what is due, ${how.slice} at a time${how.isHelp ? ', called to help' : ''}`,
  set: async () => {
    const due = await givenDue()
    return {
      ring: due.ring,
      works: Array.from({ length: workers }, () => (plugs: Plugs) => sweep(due.on(plugs), ENVIRONMENT, how)),
      settle: async (rung) => {
        expect(troubles(rung)).toEqual([])
        await lookedAt(due)
      },
    }
  },
})

/** Time in which one worker does all that falls due. */
async function rest({ stage, ring, on }: Due, times = 12): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    stage.clock.advance(31_000)
    await sweep(on(ring.plugs), ENVIRONMENT)
  }
}

const sweepsBeside = (
  name: string,
  other: Name,
  work: (due: Due, wheel: Wheel) => Promise<unknown>,
  expects: (kinds: readonly string[]) => void,
): ChoreRace => ({
  name: `two sweeps that share what is due, and ${name}`,
  set: async () => {
    const due = await givenDue()
    const swept = (plugs: Plugs) => sweep(due.on(plugs), ENVIRONMENT, { slice: 1 })
    return {
      ring: due.ring,
      works: [swept, swept, (plugs) => work(due, due.on(plugs))],
      settle: async (rung) => {
        expect(troubles(rung)).toEqual([])
        await lookedAt(
          due,
          NAMES.filter((one) => one !== other),
        )
        await rest(due)
        expects((await kindsOf(due, other)).toReversed())
      },
    }
  },
})

const once = (kinds: readonly string[], ...kind: readonly string[]) =>
  expect(kinds.filter((one) => kind.includes(one))).toEqual(kind)

/** Sweeps whose claims are the only thing that keeps them apart. */
export const SWEEPS: readonly ChoreRace[] = [
  sweeps(2, { slice: 1 }),
  sweeps(3, { slice: 1 }),
  sweeps(2, { slice: 2 }),
  sweeps(3, { slice: 2, isHelp: true }),
  sweepsBeside(
    'an abort',
    'safety',
    (_, wheel) => obeyCommand(wheel, { environment: ENVIRONMENT, name: 'safety' }, aCommand('abort', { id: 'stop' })),
    (kinds) => once(kinds, 'rollout-started', 'finished'),
  ),
  sweepsBeside(
    'a newer push',
    'safety',
    ({ stage, pushed }, wheel) =>
      receive(wheel, { kind: 'push', push: pushed('safety', 3), receivedAt: stage.clock.now() }),
    (kinds) => once(kinds, 'rollout-started', 'finished', 'rollout-started'),
  ),
]

/** Two sweeps of which the first dies where `fate` says; false = it did not come so far. Whoever comes when its claims are over does what it left. */
export async function sweepDying(choose: Chooser, fate: (gate: Parked) => Fate): Promise<boolean> {
  const due = await givenDue()
  const swept = (plugs: Plugs) => sweep(due.on(plugs), ENVIRONMENT, { slice: 1 })
  const { answers } = await raceOn(due.ring, [swept, swept], choose, { fate })
  const thrown = answers.flatMap((one) => ('error' in one ? [one.error] : []))
  expect(thrown.filter((error) => !(error instanceof Crash))).toEqual([])
  await rest(due, 1)
  for (const name of NAMES) {
    expect(due.stage.world.ingress(due.manifestOf(name).target).revisions, name).toHaveLength(2)
    once(await kindsOf(due, name), 'rollout-started')
  }
  return thrown.length > 0
}
