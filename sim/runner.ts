import { hash } from 'node:crypto'
import type { Command, Verb } from '../lib/core/facts.ts'
import { plainWindow } from '../lib/core/freeze.ts'
import type { Rollout } from '../lib/core/rollout.ts'
import type { Manifest, Push, ServiceKey } from '../lib/core/service.ts'
import type { CommandAnswer } from '../lib/engine/answer.ts'
import { obeyCommand } from '../lib/engine/command.ts'
import { storeManifest } from '../lib/engine/manifest.ts'
import { receive } from '../lib/engine/receive.ts'
import { sweep } from '../lib/engine/sweep.ts'
import { telling } from '../lib/engine/tell.ts'
import type { Turned } from '../lib/engine/turn.ts'
import type { Wheel } from '../lib/engine/wheel.ts'
import type { EventRecord } from '../lib/ports.ts'
import { createSimApps } from './apps.ts'
import { createSimBell, type SimBell } from './bell.ts'
import { handClock, type SimClock } from './clock.ts'
import { Crash, type CrashPlan, mortal } from './crash.ts'
import { createSimMetrics, type SimMetrics } from './metrics.ts'
import { createSimRegistry, type SimRegistry } from './registry.ts'
import { createSimRestarts, type SimRestarts } from './restarts.ts'
import { createSimStore, type SimStore } from './store.ts'
import type { World } from './world/types.ts'
import { createWorld } from './world/world.ts'

/** The whole control plane on a hand-wound clock: the real engine and core, and a world to act on. */
export interface Stage {
  readonly clock: SimClock
  readonly world: World
  readonly store: SimStore
  readonly bell: SimBell
  readonly metrics: SimMetrics
  readonly registry: SimRegistry
  readonly restarts: SimRestarts
  readonly wheel: Wheel
  /** How time passes: each path may be cut to show that the other is enough. */
  readonly wakes: { timer: boolean; bell: boolean }
  /** Turns that did not end well, in order; deaths are not among them. */
  readonly broken: Turned[]
  /** Every call of a socket so far, in words. */
  readonly calls: readonly string[]
  declare(manifest: Manifest): Promise<void>
  push(push: Push): Promise<readonly EventRecord[]>
  /** Lets time pass, running every wake-up that falls due on the way. */
  run(ms: number): Promise<void>
  /** As `run`, until `done` holds after a wake-up; throws when it does not within `withinMs`. */
  runUntil(what: string, done: () => boolean, withinMs: number): Promise<void>
  command(key: ServiceKey, verb: Verb, options?: Partial<Command>): Promise<CommandAnswer>
  rollout(key: ServiceKey): Rollout
  /** One look at everything that is due now. */
  tick(environment?: string): Promise<void>
}

export interface StageOptions {
  readonly seed?: number
  readonly start?: number
  readonly environments?: readonly string[]
  /**
   * The worker dies by this plan, or at each of these; a new one takes over at the next wake-up. `never`: nothing stands
   * between the engine and its sockets, and `calls` stays empty, which is quicker.
   */
  readonly crash?: CrashPlan | readonly CrashPlan[] | 'never'
  /** Tells the windows of freezes; absent = of those that do not recur. */
  readonly windows?: Pick<Wheel, 'openWindow' | 'nextWindow'>
  /** How long a function may live, at least; absent = no time is added to any watch. */
  readonly longestLifeMs?: number
  /** How many revision lists a minute are for apps that a glance is enough for; absent = as many as for the real ones. */
  readonly quietReads?: number
  /** Whether decisions leave notices in the store's outbox. */
  readonly told?: boolean
  /** Puts a bug between the engine and its sockets, to show that it is found; absent = none. */
  readonly plant?: (sockets: Wheel) => Wheel
}

const MINUTE_MS = 60_000
const NOON = Date.UTC(2026, 0, 5, 12)

/** Sets the stage: an empty world, no services, the clock at noon of a Monday unless told otherwise. */
export function createStage(options: StageOptions = {}): Stage {
  const { environments = ['production'], crash = null } = options
  const props = createProps(options)
  const { clock, store } = props
  const { told = false, plant = (wheel) => wheel } = options
  const sockets = plant(socketsOf(props, options))
  const whole = told ? { ...sockets, store: telling(sockets.store, null) } : sockets
  const worker = crash === 'never' ? { sockets: whole, calls: [], revive: () => {} } : mortal(whole, crash)
  const wheel = worker.sockets
  const wakes = { timer: true, bell: true }
  const broken: Turned[] = []
  const outliving = outlive(worker.revive)
  /** What is asked from outside is asked again when its worker died, as a queue or a person would. */
  const untilDone = async <T>(work: () => Promise<T>): Promise<T> => (await outliving(work)) ?? untilDone(work)
  const look = async (environment: string) => {
    const turned = await outliving(() => sweep(wheel, environment))
    broken.push(...(turned ?? []).filter(({ result, error }) => result === 'broken' && !(error instanceof Crash)))
  }
  const time = createTime({ ...props, wakes, environments, look })
  let commands = 0
  return {
    ...props,
    ...time,
    wheel,
    wakes,
    broken,
    calls: worker.calls,
    declare: async (manifest) => void (await untilDone(() => storeManifest(wheel, manifest, 'tester'))),
    push: (push) => untilDone(() => receive(wheel, { kind: 'push', push, receivedAt: clock.now() })),
    command: (key, verb, given = {}) => {
      commands += 1
      const plain = { reason: '', step: null, digest: null, to: null, override: false }
      const command = { id: `command-${commands}`, verb, actor: 'olga', actorId: 'id-olga', ...plain, ...given }
      return untilDone(() => obeyCommand(wheel, key, command))
    },
    rollout: (key) => {
      const found = store.peek(key)?.rollout
      if (found === null || found === undefined) throw new Error(`${key.name} has no rollout`)
      return found
    },
    tick: (environment = environments[0] ?? 'production') => look(environment),
  }
}

type Props = Pick<Stage, 'clock' | 'world' | 'store' | 'bell' | 'metrics' | 'registry' | 'restarts'>

function createProps({ seed = 1, start = NOON }: StageOptions): Props {
  const clock = handClock(start)
  const world = createWorld({ clock, seed })
  const usual = { rps: 50, p95Ms: 120, errorRate: 0.0002 }
  return {
    clock,
    world,
    store: createSimStore(),
    bell: createSimBell(),
    metrics: createSimMetrics({ world, clock, seed, usual }),
    registry: createSimRegistry(),
    restarts: createSimRestarts(),
  }
}

const PLAIN: Pick<Wheel, 'openWindow' | 'nextWindow'> = {
  openWindow: (freeze, at) => {
    const window = plainWindow(freeze, at)
    return window !== null && window.from <= at ? window : null
  },
  nextWindow: plainWindow,
}

function socketsOf(
  { world, store, ...others }: Props,
  { windows = PLAIN, longestLifeMs = 0, quietReads }: StageOptions,
): Wheel {
  const digest = (text: string) => hash('sha256', text)
  return {
    ...others,
    ...windows,
    store,
    freezes: store,
    catalogue: store,
    events: store,
    buckets: store,
    apps: createSimApps(world, others.clock, quietReads),
    longestLifeMs,
    digest,
    matchesTag,
  }
}

/** Runs a piece of work whose worker may die; the next piece has a living one. Null = it died. */
function outlive(revive: () => void): <T>(work: () => Promise<T>) => Promise<T | null> {
  return async (work) => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      return null
    } finally {
      revive()
    }
  }
}

interface Times {
  readonly clock: SimClock
  readonly bell: SimBell
  readonly wakes: Stage['wakes']
  readonly environments: readonly string[]
  readonly look: (environment: string) => Promise<void>
}

/** Lets time pass from wake-up to wake-up: the minute timer, and every call of the bell at its time. */
function createTime({ clock, bell, wakes, environments, look }: Times): Pick<Stage, 'run' | 'runUntil'> {
  const nextTime = () => {
    const minute = (Math.floor(clock.now() / MINUTE_MS) + 1) * MINUTE_MS
    const rung = wakes.bell ? (bell.next()?.at ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
    return { minute, at: Math.min(minute, Math.max(rung, clock.now())) }
  }
  const step = async (until: number) => {
    const { minute, at } = nextTime()
    if (at > until) return clock.set(until)
    clock.set(at)
    const calls = wakes.bell ? bell.take(at) : []
    const rung = new Set(calls.map((call) => call.environment))
    for (const environment of environments) {
      if (rung.has(environment) || (wakes.timer && at === minute)) await look(environment)
    }
  }
  return {
    run: async (ms) => {
      const until = clock.now() + ms
      while (clock.now() < until) await step(until)
    },
    runUntil: async (what, done, withinMs) => {
      const until = clock.now() + withinMs
      while (!done()) {
        if (clock.now() >= until) throw new Error(`within ${withinMs} ms it did not happen that ${what}`)
        await step(until)
      }
    },
  }
}

/** Globs only: stories need no more. */
function matchesTag(pattern: Parameters<Wheel['matchesTag']>[0], tag: string): boolean {
  return pattern.kind === 'glob' && new RegExp(`^${pattern.pattern.replaceAll('*', '.*')}$`).test(tag)
}
