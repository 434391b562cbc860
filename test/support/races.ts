import { expect } from 'vitest'
import type { Verb } from '../../lib/core/facts.ts'
import { obeyCommand } from '../../lib/engine/command.ts'
import { addFreeze, liftFreeze } from '../../lib/engine/freeze.ts'
import { storeManifest } from '../../lib/engine/manifest.ts'
import { receive } from '../../lib/engine/receive.ts'
import { sweep } from '../../lib/engine/sweep.ts'
import type { Wheel } from '../../lib/engine/wheel.ts'
import { byWorkers } from '../../sim/choose.ts'
import type { Stage } from '../../sim/runner.ts'
import type { Chooser, Parked } from '../../sim/schedule.ts'
import { createSchedule } from '../../sim/schedule.ts'
import { aCommand } from './builders.ts'
import { setScene } from './scenes.ts'
import { expectSound, HOUR, kinds, MINUTE, PRICING, plan, pricingManifest, version, weights } from './story.ts'

/** What one worker does in a race. */
type Work = (wheel: Wheel, stage: Stage) => Promise<unknown>

/** A moment of a rollout's life, and what several workers do then at once. */
export interface Race {
  readonly name: string
  readonly at: Moment
  readonly works: readonly Work[]
  /** What must hold when everything has settled, beside what always must. */
  readonly expects: (stage: Stage, answers: readonly unknown[]) => void
}

type Moment = keyof typeof MOMENTS

/** How a stage comes to each moment; the sweep that is due then has not run yet. */
const MOMENTS = {
  'nothing runs': async () => {},
  'the canary is to be made': async (stage: Stage) => void (await stage.push(version(2))),
  'the canary is ready': async (stage: Stage) => {
    await stage.push(version(2))
    await stage.runUntil('it is awaited', () => stage.rollout(PRICING).phase.kind === 'provisioning', HOUR)
    await asleep(stage, MINUTE)
  },
  'the first bake is over': async (stage: Stage) => {
    await bakes(stage)
    await asleep(stage, 6 * MINUTE)
  },
  'the canary breaks': async (stage: Stage) => {
    stage.metrics.profile(version(2).digest, { rps: 400, p95Ms: 900, errorRate: 0.0002 })
    await bakes(stage)
    await asleep(stage, 6 * MINUTE)
  },
  'the gate waits': async (stage: Stage) => {
    await bakes(stage)
    await stage.runUntil('the gate waits', () => stage.rollout(PRICING).phase.kind === 'paused', HOUR)
    await asleep(stage, 2 * MINUTE)
  },
  'the promotion is watched': async (stage: Stage) => {
    await stage.push(version(2))
    await stage.runUntil('it is promoted', () => stage.rollout(PRICING).phase.kind === 'finished', HOUR)
    await asleep(stage, MINUTE)
  },
} satisfies Record<string, (stage: Stage) => Promise<void>>

const canary = (stage: Stage) => weights(stage)[stage.rollout(PRICING).canary] ?? 0

async function bakes(stage: Stage): Promise<void> {
  await stage.push(version(2))
  await stage.runUntil('the canary has traffic', () => canary(stage) === 20, HOUR)
  await stage.run(20_000)
}

/** Time in which nobody looks. */
async function asleep(stage: Stage, ms: number): Promise<void> {
  stage.wakes.timer = false
  stage.wakes.bell = false
  await stage.run(ms)
  stage.wakes.timer = true
  stage.wakes.bell = true
}

const swept: Work = (wheel) => sweep(wheel, 'production')
const ask =
  (verb: Verb, id: string = verb, actor = 'olga'): Work =>
  (wheel) =>
    obeyCommand(wheel, PRICING, aCommand(verb, { id, actor, actorId: actor }))
const undoTo =
  (to: string): Work =>
  (wheel) =>
    obeyCommand(wheel, PRICING, aCommand('undo', { id: 'undo', to }))
const approve =
  (actor: string): Work =>
  (wheel) =>
    obeyCommand(
      wheel,
      PRICING,
      aCommand('approve', { id: `yes-${actor}`, actor, actorId: actor, step: 1, digest: version(2).digest }),
    )
const delivered =
  (n: number): Work =>
  (wheel, stage) =>
    receive(wheel, { kind: 'push', push: version(n), receivedAt: stage.clock.now() })
const declared: Work = (wheel) => storeManifest(wheel, { ...shortened(), drainMs: 2 * MINUTE }, 'tester')
const STOP = { id: 'stop', environment: 'production', services: null, time: { kind: 'stop' }, reason: 'wait' } as const
const frozen: Work = (wheel) => addFreeze(wheel, STOP, 'kim')

function shortened() {
  return pricingManifest({ stages: plan([20, 0.05], [100, 0]) })
}

const count = (stage: Stage, kind: string) => kinds(stage).filter((one) => one === kind).length
const tags = (stage: Stage) =>
  stage.store
    .auditOf(PRICING)
    .filter(({ kind }) => kind === 'rollout-started')
    .map(({ detail }) => (detail as { push?: { tag?: string } } | null)?.push?.tag)
const ends =
  (...outcomes: readonly string[]): Race['expects'] =>
  (stage) => {
    const { phase } = stage.rollout(PRICING)
    expect(outcomes).toContain(phase.kind === 'finished' ? phase.outcome : phase.kind)
  }
const endsAborted: Race['expects'] = (stage, answers) => {
  ends('aborted')(stage, answers)
  expect(count(stage, 'finished')).toBe(1)
}
const startsEach =
  (...expected: readonly string[]): Race['expects'] =>
  (stage) =>
    expect(tags(stage)).toEqual(expected)
const both =
  (...all: readonly Race['expects'][]): Race['expects'] =>
  (stage, answers) => {
    for (const one of all) one(stage, answers)
  }

const race = (name: string, at: Moment, works: readonly Work[], expects: Race['expects']): Race => ({
  name: `${name}, when ${at}`,
  at,
  works,
  expects,
})

/** Every pair (and some threes) of what two workers may do at once, at the moments where it matters. */
export const RACES: readonly Race[] = [
  race('sweep and sweep', 'the canary is to be made', [swept, swept], ends('promoted')),
  race('sweep and sweep', 'the canary is ready', [swept, swept], ends('promoted')),
  race('sweep and sweep', 'the first bake is over', [swept, swept], both(ends('promoted'), startsEach('v2'))),
  race('sweep and sweep', 'the canary breaks', [swept, swept], ends('rolled-back')),
  race('three sweeps', 'the first bake is over', [swept, swept, swept], ends('promoted')),
  race('sweep and abort', 'the canary is to be made', [swept, ask('abort')], endsAborted),
  race('sweep and abort', 'the canary is ready', [swept, ask('abort')], endsAborted),
  race('sweep and abort', 'the first bake is over', [swept, ask('abort')], endsAborted),
  race('sweep and abort', 'the canary breaks', [swept, ask('abort')], ends('aborted', 'rolled-back')),
  race('two sweeps and abort', 'the first bake is over', [swept, swept, ask('abort')], endsAborted),
  race('sweep and promote-full', 'the first bake is over', [swept, ask('promote-full')], ends('promoted')),
  race('sweep and pause', 'the first bake is over', [swept, ask('pause')], ends('paused', 'promoted')),
  race('sweep and promote', 'the gate waits', [swept, ask('promote')], ends('promoted')),
  race('two approvals and a sweep', 'the gate waits', [approve('ada'), approve('bo'), swept], (stage) => {
    expect(count(stage, 'approved')).toBe(2)
    ends('promoted')(stage, [])
  }),
  race('one approval twice', 'the gate waits', [approve('ada'), approve('ada')], (stage) => {
    expect(count(stage, 'approved')).toBe(1)
    ends('paused')(stage, [])
  }),
  race('promote and abort', 'the gate waits', [ask('promote-full'), ask('abort')], ends('aborted', 'promoted')),
  race('abort and abort', 'the first bake is over', [ask('abort', 'one'), ask('abort', 'two', 'kim')], endsAborted),
  race('the same abort twice', 'the first bake is over', [ask('abort'), ask('abort')], endsAborted),
  race('the same push twice', 'nothing runs', [delivered(2), delivered(2)], startsEach('v2')),
  race('the same push thrice', 'nothing runs', [delivered(2), delivered(2), delivered(2)], startsEach('v2')),
  race('two pushes', 'nothing runs', [delivered(2), delivered(3)], (stage) => {
    expect([['v3'], ['v2', 'v3']]).toContainEqual(tags(stage))
    ends('promoted')(stage, [])
  }),
  race('sweep and a newer push', 'the first bake is over', [swept, delivered(3)], startsEach('v2', 'v3')),
  race('sweep and a newer push', 'the canary is to be made', [swept, delivered(3)], startsEach('v2', 'v3')),
  race('two newer pushes and a sweep', 'the canary is ready', [delivered(3), delivered(4), swept], (stage) => {
    expect(tags(stage).at(-1)).toBe('v4')
  }),
  race('abort and a newer push', 'the first bake is over', [ask('abort'), delivered(3)], startsEach('v2', 'v3')),
  race('sweep and a manifest', 'the first bake is over', [swept, declared], (stage) => {
    expect(count(stage, 'manifest-stored')).toBe(2)
    ends('promoted')(stage, [])
  }),
  race('push and a manifest', 'nothing runs', [delivered(2), declared], startsEach('v2')),
  race('sweep and a freeze', 'the first bake is over', [swept, frozen], (stage) => {
    expect(stage.store.environmentAudit('production').map(({ kind }) => kind)).toEqual([
      'freeze-added',
      'freeze-lifted',
    ])
  }),
  race('the same freeze twice', 'the first bake is over', [frozen, frozen, swept], (stage) => {
    expect(stage.store.environmentAudit('production').map(({ kind }) => kind)).toEqual([
      'freeze-added',
      'freeze-lifted',
    ])
  }),
  race('undo and sweep', 'the promotion is watched', [ask('undo'), swept], startsEach('v2', 'pricing--v1')),
  race(
    'undo and undo',
    'the promotion is watched',
    [ask('undo', 'one'), ask('undo', 'two', 'kim')],
    startsEach('v2', 'pricing--v1'),
  ),
  race('undo and a newer push', 'the promotion is watched', [ask('undo'), delivered(3)], (stage, answers) => {
    // Where the push was first, the undo is refused in words: what it meant serves no longer.
    const isRefused = (answers[0] as { readonly kind: string }).kind === 'refused'
    expect(tags(stage)).toEqual(isRefused ? ['v2', 'v3'] : ['v2', 'pricing--v1', 'v3'])
  }),
  race('undo to a name and a newer push', 'the first bake is over', [undoTo('pricing--v1'), delivered(3)], (stage) => {
    expect(tags(stage)[0]).toBe('v2')
    expect(tags(stage)).toContain('pricing--v1')
    expect(new Set(tags(stage)).size).toBe(tags(stage).length)
  }),
]

/** What a race came to. */
export interface Raced {
  readonly stage: Stage
  readonly passed: readonly Parked[]
}

/**
 * Runs a race in the order that is chosen, lets the world come to rest, and checks what must hold. `plant` puts a bug between
 * each worker and its sockets, to show that it is found.
 */
export async function runRace(race: Race, choose: Chooser, plant = (wheel: Wheel): Wheel => wheel): Promise<Raced> {
  const isGated = race.at === 'the gate waits'
  const approvals = race.name.includes('approval')
    ? { required: 2, from: null, notAuthor: false, validForMs: null }
    : null
  const stages = plan([20, 0.05, isGated], [100, 0])
  const stage = await setScene({ ...NO_SCENE, manifest: { stages, approvals } }, 1)
  await MOMENTS[race.at](stage)
  const schedule = createSchedule({ choose })
  const answers = race.works.map((work) => {
    const worker = schedule.worker(stage.wheel)
    return schedule.start(worker, () => work(plant(worker.sockets), stage))
  })
  const settled = Promise.allSettled(answers)
  await schedule.settle()
  const fulfilled = (await settled).map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
  expectNothingBroken(fulfilled)
  await stage.run(8 * MINUTE)
  if (race.works.includes(frozen)) await liftFreeze(stage.wheel, 'production', 'stop', { by: 'kim', reason: '' })
  await stage.run(32 * MINUTE)
  race.expects(stage, fulfilled)
  expectAtRest(stage)
  return { stage, passed: schedule.passed }
}

const NO_SCENE = { name: '', outcome: 'promoted', rollouts: 1, serving: 2, tell: async () => {} } as const

function expectNothingBroken(answers: readonly unknown[]): void {
  const turned = answers.flat() as readonly { readonly result?: string; readonly error?: unknown }[]
  expect(turned.filter((one) => one?.result === 'broken')).toEqual([])
}

/** What always holds in the end: users meet what the state says, everything was told once, and the chain is whole. */
function expectAtRest(stage: Stage): void {
  expectSound(stage)
  const { phase, canary: name, stable, id } = stage.rollout(PRICING)
  if (phase.kind === 'finished') {
    const serving = phase.outcome === 'promoted' || phase.outcome === 'unchanged' ? name : stable
    if (phase.outcome !== 'unchanged') expect(weights(stage)).toEqual({ [serving ?? 'pricing--v1']: 100 })
  }
  const rows = stage.store.auditOf(PRICING)
  const once = rows
    .filter(({ kind }) => kind === 'rollout-started' || kind === 'finished')
    .map(({ kind, rollout }) => `${kind} ${rollout}`)
  expect(once).toEqual([...new Set(once)])
  expect(rows.filter(({ kind }) => kind === 'rollout-started')).toHaveLength(stage.rollout(PRICING).number)
  expect(id).toBe(`pricing-${stage.rollout(PRICING).number}`)
  expectNoWayBack(stage)
}

/** Once a rollout has ended badly, its canary is without traffic within two minutes, and stays so. */
function expectNoWayBack(stage: Stage): void {
  const rows = stage.store.auditOf(PRICING)
  for (const { rollout, happenedAt } of rows.filter(({ kind }) => kind === 'rollback-started')) {
    const started = rows.find((row) => row.rollout === rollout && row.kind === 'rollout-started')
    const digest = (started?.detail as { push?: { digest?: string } } | null)?.push?.digest ?? ''
    const number = Number(rollout?.split('-').at(-1))
    const name = `pricing--r${number}-${digest.replace('sha256:', '').slice(0, 8)}`
    const later = stage.world.segments(pricingManifest().target, happenedAt + 2 * MINUTE, stage.clock.now())
    expect(later.filter((segment) => (segment.weights[name] ?? 0) > 0)).toEqual([])
  }
}

/** Writes of each worker when nobody is interrupted: what the pairs are made of. */
export async function writesOf(race: Race): Promise<readonly number[]> {
  const counts: number[] = []
  for (const [worker] of race.works.entries()) {
    const others = race.works.map((_, index) => index).filter((index) => index !== worker)
    const { passed } = await runRace(race, byWorkers([worker, ...others]))
    counts.push(passed.filter((gate) => gate.worker === worker && gate.write > 0).length)
  }
  return counts
}
