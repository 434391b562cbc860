import type { Outcome } from '../../lib/core/rollout.ts'
import type { Manifest } from '../../lib/core/service.ts'
import { addFreeze, liftFreeze } from '../../lib/engine/freeze.ts'
import { Fault } from '../../lib/errors.ts'
import { Crash } from '../../sim/crash.ts'
import type { Stage, StageOptions } from '../../sim/runner.ts'
import {
  givenPricing,
  HOUR,
  kinds,
  MINUTE,
  PRICING,
  plan,
  pricingManifest,
  timeline,
  untilFinished,
  version,
  weights,
} from './story.ts'

/** A story made short, to be told many times: with deaths, refusals, races and workers of other versions. */
export interface Scene {
  readonly name: string
  readonly manifest?: Partial<Manifest>
  /** Of the last rollout. */
  readonly outcome: Outcome
  /** How many rollouts there are in the end. */
  readonly rollouts: number
  /** What has all traffic in the end: the image of this version. */
  readonly serving: number
  /** What happens after the first push, until the last rollout has ended. */
  readonly tell: (stage: Stage) => Promise<void>
}

const SHORT = { readyMs: 4 * MINUTE, trafficMs: 4 * MINUTE, gateMs: null }
const STOP = { id: 'stop', environment: 'production', services: null, time: { kind: 'stop' }, reason: 'wait' } as const
const APPROVALS = { required: 2, from: null, notAuthor: false, validForMs: null }

/** A manifest whose rollouts take minutes: few looks, and every kind of them. */
export const BRISK: Partial<Manifest> = {
  stages: plan([10, 0.1], [50, 0.05], [100, 0]),
  deadlines: SHORT,
  drainMs: MINUTE,
  scaleDownDelayMs: 2 * MINUTE,
  watchMs: 4 * MINUTE,
  analysis: {
    ...pricingManifest().analysis,
    intervalMs: 2 * MINUTE,
    warmUpMs: MINUTE,
    kpis: pricingManifest().analysis.kpis.map((kpi) => ({ ...kpi, lagMs: MINUTE, minRequests: 500 })),
  },
}

const canaryHas = (stage: Stage, weight: number) =>
  stage.runUntil(
    `the canary has ${weight} percent`,
    () => weights(stage)[stage.rollout(PRICING).canary] === weight && stage.rollout(PRICING).phase.kind !== 'preparing',
    HOUR,
  )
const gateWaits = (stage: Stage) =>
  stage.runUntil('the gate waits', () => stage.rollout(PRICING).phase.kind === 'paused', HOUR)
const rolloutBegins = (stage: Stage, number: number) =>
  stage.runUntil(`rollout ${number} begins`, () => stage.rollout(PRICING).number === number, HOUR)

/** Asks something of the stage again until its worker lived through it and was answered, as a person would. */
async function insist<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (tries === 5 || !(error instanceof Crash || error instanceof Fault)) throw error
      await stage.tick()
    }
  }
}

/** The stories that every fault is tried on. */
export const SCENES: readonly Scene[] = [
  { name: 'a promotion', outcome: 'promoted', rollouts: 1, serving: 2, tell: async () => {} },
  {
    name: 'a rollback after a breach',
    outcome: 'rolled-back',
    rollouts: 1,
    serving: 1,
    tell: async (stage) => stage.metrics.profile(version(2).digest, { rps: 400, p95Ms: 900, errorRate: 0.0002 }),
  },
  {
    name: 'an abort in the middle of step two',
    outcome: 'aborted',
    rollouts: 1,
    serving: 1,
    tell: async (stage) => {
      await canaryHas(stage, 50)
      await stage.command(PRICING, 'abort', { id: 'stop-it' })
    },
  },
  {
    name: 'an image that cannot be pulled, its template repaired, and the next push',
    manifest: { stages: plan([20, 0.05], [100, 0]) },
    outcome: 'promoted',
    rollouts: 2,
    serving: 3,
    tell: async (stage) => {
      stage.world.behave(version(2).digest, { never: 'pull-fails' })
      await untilFinished(stage, HOUR)
      await stage.push(version(3))
    },
  },
  {
    name: 'a revision that crashes',
    outcome: 'failed',
    rollouts: 1,
    serving: 1,
    tell: async (stage) => stage.world.behave(version(2).digest, { never: 'crash' }),
  },
  {
    name: 'a newer push in the middle of a canary',
    manifest: { stages: plan([20, 0.05], [100, 0]) },
    outcome: 'promoted',
    rollouts: 2,
    serving: 3,
    tell: async (stage) => {
      await canaryHas(stage, 20)
      await stage.push(version(3))
      await rolloutBegins(stage, 2)
    },
  },
  {
    name: 'blue/green: a sliver, a gate, and the switch',
    manifest: { stages: plan([5, 0, true], [100, 0]) },
    outcome: 'promoted',
    rollouts: 1,
    serving: 2,
    tell: async (stage) => {
      await gateWaits(stage)
      await stage.command(PRICING, 'promote', { id: 'switch' })
    },
  },
  {
    name: 'a promote-full past a gate with two approvals',
    manifest: { stages: plan([10, 0.05, true], [50, 0.1], [100, 0]), approvals: APPROVALS },
    outcome: 'promoted',
    rollouts: 1,
    serving: 2,
    tell: async (stage) => {
      await gateWaits(stage)
      const yes = { step: 1, digest: version(2).digest }
      for (const actor of ['ada', 'bo']) {
        await stage.command(PRICING, 'approve', { ...yes, actor, actorId: actor, id: `yes-${actor}` })
      }
      await canaryHas(stage, 50)
      await stage.command(PRICING, 'promote-full', { id: 'all-of-it' })
    },
  },
  {
    name: 'a foreign edit, and a resume',
    manifest: { stages: plan([20, 0.1], [100, 0]) },
    outcome: 'promoted',
    rollouts: 1,
    serving: 2,
    tell: async (stage) => {
      await canaryHas(stage, 20)
      await stage.run(2 * MINUTE)
      const { canary } = stage.rollout(PRICING)
      const split = [
        { revisionName: 'pricing--v1', weight: 70 },
        { revisionName: canary, weight: 30 },
      ]
      stage.world.edit(pricingManifest().target, (hand) => hand.traffic(split))
      await gateWaits(stage)
      await stage.command(PRICING, 'resume', { id: 'go-on' })
    },
  },
  {
    name: 'an undo of a promotion',
    manifest: { stages: plan([50, 0.05], [100, 0]) },
    outcome: 'promoted',
    rollouts: 2,
    serving: 1,
    tell: async (stage) => {
      await untilFinished(stage, HOUR)
      await stage.command(PRICING, 'undo', { id: 'back' })
    },
  },
  {
    name: 'a freeze that holds a step, and thaws',
    manifest: { stages: plan([20, 0.05], [100, 0]) },
    outcome: 'promoted',
    rollouts: 1,
    serving: 2,
    tell: async (stage) => {
      await canaryHas(stage, 20)
      await insist(stage, () => addFreeze(stage.wheel, STOP, 'kim'))
      await stage.run(10 * MINUTE)
      await insist(stage, () => liftFreeze(stage.wheel, 'production', 'stop', { by: 'kim', reason: '' }))
    },
  },
  {
    name: 'a retry after an abort',
    manifest: { stages: plan([20, 0.05], [100, 0]) },
    outcome: 'promoted',
    rollouts: 2,
    serving: 2,
    tell: async (stage) => {
      await canaryHas(stage, 20)
      await stage.command(PRICING, 'abort', { id: 'no' })
      await untilFinished(stage, HOUR)
      await stage.command(PRICING, 'retry', { id: 'once-more' })
    },
  },
  {
    name: 'a canary that scaled to zero, in a queue',
    manifest: { stages: plan([20, 0.05], [100, 0]), onNewRevision: 'queue' },
    outcome: 'promoted',
    rollouts: 2,
    serving: 3,
    tell: async (stage) => {
      stage.world.behave(version(2).digest, { scaleToZero: true })
      stage.world.behave(version(3).digest, { scaleToZero: true })
      await canaryHas(stage, 20)
      await stage.push(version(3))
      await rolloutBegins(stage, 2)
    },
  },
]

/** Sets a scene's stage: pricing at version 1 under load, nothing pushed yet. `seed` moves the clock and the luck of metrics. */
export async function setScene(scene: Scene, seed: number, options: StageOptions = {}): Promise<Stage> {
  const start = Date.UTC(2026, 0, 5, 12) + (seed - 1) * 17_300
  const stage = await givenPricing({ ...BRISK, ...scene.manifest }, { seed, start, told: true, ...options })
  for (const n of [1, 2, 3]) {
    stage.metrics.profile(version(n).digest, { rps: 400, p95Ms: 120, errorRate: 0.0002 })
  }
  return stage
}

/** Tells a scene to its end and past its watch. */
export async function tellScene(scene: Scene, stage: Stage): Promise<void> {
  await stage.push(version(2))
  await scene.tell(stage)
  await stage.runUntil(
    'the last rollout ended',
    () => stage.rollout(PRICING).number === scene.rollouts && stage.rollout(PRICING).phase.kind === 'finished',
    HOUR,
  )
  await stage.runUntil('nothing is watched any more', () => stage.rollout(PRICING).wakeAt === null, HOUR)
}

/** What must come out the same however a scene was disturbed: times may differ, what was done may not. */
export interface Told {
  readonly outcome: string
  readonly rollouts: number
  /** Canary weights over time, of every canary, changes only. */
  readonly steps: Readonly<Record<string, readonly number[]>>
  readonly weights: Readonly<Record<string, number>>
  readonly revisions: readonly string[]
  /** Those that are switched on in the end. */
  readonly active: readonly string[]
  /** Rows of the audit that tell of something that may happen once, by kind. */
  readonly kinds: readonly string[]
  readonly environmentKinds: readonly string[]
  /** Deliveries, and what was written down of them. */
  readonly events: readonly string[]
}

/**
 * Rows that may stand only as often as in the undisturbed story. A request for a deed may be told again by the turn that makes
 * up for a dead one, and a look that never was confirms nothing: those rows are not counted.
 */
const ONCE: ReadonlySet<string> = new Set([
  'manifest-stored',
  'rollout-started',
  'finished',
  'watch-ended',
  'push-queued',
  'push-rejected',
  'superseded',
  'step-started',
  'rollback-started',
  'approved',
  'promoted-by-hand',
  'paused',
  'resumed',
  'freeze-held',
  'freeze-over',
  'undo-requested',
  'foreign-edit',
])

/** What a stage has seen by the end of a scene that began at `since`. */
export function outcomeOf(stage: Stage, since: number): Told {
  const { phase, number } = stage.rollout(PRICING)
  const { revisions } = stage.world.see(pricingManifest().target)
  const names = revisions.map(({ name }) => name).sort()
  const canaries = names.filter((name) => /--r\d+-[0-9a-f]{8}$/.test(name))
  return {
    outcome: phase.kind === 'finished' ? phase.outcome : phase.kind,
    rollouts: number,
    steps: Object.fromEntries(canaries.map((name) => [name, timeline(stage, name, since).map(([, weight]) => weight)])),
    weights: weights(stage),
    // A repair whose answer was lost is asked for again under a fresh suffix.
    revisions: [...new Set(names.map((name) => name.replace(/-fix\d+$/, '-fix')))],
    kinds: kinds(stage)
      .filter((kind) => ONCE.has(kind))
      .sort(),
    environmentKinds: stage.store.environmentAudit('production').map(({ kind }) => kind),
    active: revisions.flatMap(({ name, active }) => (active ? [name] : [])).sort(),
    events: stage.store.eventsRecorded().map(({ id, outcome }) => `${id} ${outcome}`),
  }
}
