import { chance } from '../chance.ts'
import { drawManner, type Manner } from './manner.ts'
import { ASKERS, type Asker } from './people.ts'
import { PHASES, type TrialPhase } from './trace.ts'
import { TROUBLES, type Variant } from './troubles.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** How long things happen in a trial; afterwards all is calm. */
export const TROUBLED_MS = 48 * HOUR_MS

/** How an image does: what its users meet, or why it never comes up. */
export const IMAGES = ['healthy', 'slow', 'erring', 'crash', 'pull-fails', 'stuck', 'sleeps', 'quiet'] as const
/** One way of an image to do. */
export type ImageKind = (typeof IMAGES)[number]

const VERBS = ['pause', 'resume', 'abort', 'promote', 'promote-full', 'retry', 'approve', 'undo'] as const
/** What operators of a trial ask for. */
export type TrialVerb = (typeof VERBS)[number]

/** One thing that happens in a trial, `at` milliseconds after its beginning; shrinking drops items by their id. `service` is an index. */
export type Item = { readonly id: number; readonly at: number; readonly service: number } & (
  | { readonly kind: 'push'; readonly version: number; readonly image: ImageKind }
  /** `by`: who asks; absent = olga, who may. */
  | { readonly kind: 'command'; readonly verb: TrialVerb; readonly command: string; readonly by?: Asker }
  /** `during`: not before `at`, and then as soon as the service's newest rollout stands there; null = at once. `luck` is for what it must draw itself. */
  | {
      readonly kind: 'trouble'
      readonly variant: Variant
      readonly during: TrialPhase | null
      readonly lastsMs: number
      readonly luck: number
    }
)

/** An item that is a trouble. */
export type TroubleItem = Extract<Item, { readonly kind: 'trouble' }>

/** A service of a trial, by what its manifest differs in. */
export interface ServicePlan {
  readonly name: string
  /** Weight and bake of the steps before all traffic. */
  readonly stages: readonly { readonly weight: number; readonly bakeMs: number; readonly gate: boolean }[]
  readonly intervalMs: number
  /** Absent = a minute. */
  readonly bucketMs?: number
  readonly onNewRevision: 'supersede' | 'queue' | 'reject'
  readonly latency: boolean
  /** What becomes of a rollout whose figures stay away; absent = it waits for a person. */
  readonly onBlind?: 'abort'
  /** Absent = the usual. */
  readonly manner?: Manner
}

/** A trial as plain data: all of it follows from the seed. */
export interface Scenario {
  readonly seed: number
  /** How many workers there are at a time. */
  readonly workers: number
  readonly services: readonly ServicePlan[]
  readonly items: readonly Item[]
  /** The plugs beneath the engine: `real` = those of the product, with their SDKs; absent = the simulator's. */
  readonly adapters?: 'real'
  /** How long calm may last until everything has ended; absent = two weeks. */
  readonly calmMs?: number
}

interface Dice {
  readonly draw: (low: number, high: number) => number
  readonly pick: <T>(of: readonly T[]) => T
}

type Undated<T> = T extends unknown ? Omit<T, 'id'> : never

const NAMES = ['pricing', 'orders', 'search'] as const

/** Draws a scenario: canaries of up to 48 hours, and what befalls them. The same seed always gives the same one. */
export function drawScenario(seed: number): Scenario {
  const dice = diceOf(seed)
  const { draw, pick } = dice
  const workers = draw(1, 3)
  const drawn = NAMES.slice(0, pick([1, 1, 1, 1, 2, 3])).map((name) => drawService(dice, name))
  const often = seed % OFTEN_EVERY === 0 ? drawn.map((service) => ({ ...service, intervalMs: OFTEN_MS })) : drawn
  const services = withManners(seed, often)
  const items = [
    ...services.flatMap((_, service) => drawPushes(dice, service)),
    ...Array.from({ length: draw(0, 3) }, (_, index) => drawCommand(dice, services.length, index)),
    ...Array.from({ length: draw(1, 8) }, () => drawTrouble(dice, services.length)),
    ...drawStrangers(seed, services.length),
    ...(seed % AIMED_EVERY === 0 ? drawAimed(seed, services.length) : []),
  ]
  return { seed, workers, services, items: items.sort((a, b) => a.at - b.at).map((item, id) => ({ id, ...item })) }
}

function diceOf(seed: number): Dice {
  let drawn = 0
  const draw = (low: number, high: number) => {
    drawn += 1
    return low + Math.floor(chance(seed, drawn) * (high - low + 1))
  }
  return { draw, pick: <T>(of: readonly T[]): T => of[draw(0, of.length - 1)] as T }
}

/** Minutes between looks. */
const INTERVALS = [5, 15, 30, 60, 60, 120, 120, 240, 240, 240] as const
/** Who is looked at more often than that repeats himself, and costs the lives of others: what is short is looked at more often. */
const MOST_LOOKS = 100
/** Some are all the same, for what shows only after hundreds of looks. */
const OFTEN_EVERY = 64
const OFTEN_MS = 5 * MINUTE_MS

function drawService({ draw, pick }: Dice, name: string): ServicePlan {
  const first = draw(1, 40)
  const hours = pick([48, 48, 24, 6])
  const bakeMs = draw(1, hours - 1) * HOUR_MS
  const gate = () => draw(0, 9) === 0
  return {
    name,
    stages: [
      { weight: first, bakeMs, gate: gate() },
      { weight: draw(first + 1, 99), bakeMs: hours * HOUR_MS - bakeMs, gate: gate() },
    ],
    intervalMs: pick(INTERVALS.filter((minutes) => (hours * 60) / minutes <= MOST_LOOKS)) * MINUTE_MS,
    bucketMs: pick([1, 5, 5, 5]) * MINUTE_MS,
    onNewRevision: pick(['supersede', 'queue', 'reject']),
    latency: draw(0, 2) === 0,
    ...(draw(0, 3) === 0 ? { onBlind: 'abort' as const } : {}),
  }
}

function somewhen({ draw }: Dice): number {
  return draw(0, 47 * 60) * MINUTE_MS + draw(0, 59_999)
}

function drawPushes(dice: Dice, service: number): readonly Undated<Item>[] {
  const { draw, pick } = dice
  const kinds = ['healthy', 'healthy', 'healthy', ...IMAGES] as const
  const later = Array.from({ length: pick([0, 0, 1, 2]) }, () => somewhen(dice))
  return [draw(1, 10) * MINUTE_MS, ...later].map((at, index) => {
    return { kind: 'push', at, service, version: index + 2, image: pick(kinds) }
  })
}

function drawCommand(dice: Dice, services: number, index: number): Undated<Item> {
  const { draw, pick } = dice
  const service = draw(0, services - 1)
  return { kind: 'command', at: somewhen(dice), service, verb: pick(VERBS), command: `command-${index}` }
}

/** Two services of three have a manner of their own: by dice of their own, so that they shift nothing else. */
function withManners(seed: number, services: readonly ServicePlan[]): readonly ServicePlan[] {
  const { draw, pick } = diceOf(seed ^ 0xca7e)
  return services.map((service) => (draw(0, 2) === 0 ? service : { ...service, manner: drawManner(pick) }))
}

/** What people ask for who may not always: by dice of their own, so that they shift nothing else. */
function drawStrangers(seed: number, services: number): readonly Undated<Item>[] {
  const dice = diceOf(seed ^ 0x5eed)
  return Array.from({ length: dice.draw(0, 3) }, (_, index) => ({
    ...drawCommand(dice, services, index),
    command: `asked-${index}`,
    by: dice.pick(ASKERS),
  }))
}

/** Rollbacks last for seconds, so that chance meets them least: some seeds aim at them, each fault in turn. */
const AIMED_EVERY = 8

/** Somebody aborts, and a trouble waits for that; by dice of their own, so that they shift nothing else. */
function drawAimed(seed: number, services: number): readonly Undated<Item>[] {
  const dice = diceOf(seed ^ 0xa13)
  const { draw, pick } = dice
  const service = draw(0, services - 1)
  const faults = Object.keys(TROUBLES) as (keyof typeof TROUBLES)[]
  const fault = faults[(seed / AIMED_EVERY) % faults.length] ?? 'F1'
  const abort = { kind: 'command', at: draw(10, 180) * MINUTE_MS, service, verb: 'abort', command: 'aimed' } as const
  const variant = pick<Variant>(TROUBLES[fault])
  const lastsMs = draw(1, 30) * MINUTE_MS
  const luck = draw(0, 1_000_000)
  return [abort, { kind: 'trouble', at: 0, service, variant, during: 'rolling-back', lastsMs, luck }]
}

function drawTrouble(dice: Dice, services: number): Undated<Item> {
  const { draw, pick } = dice
  const fault = pick(Object.keys(TROUBLES) as (keyof typeof TROUBLES)[])
  const variant = pick<Variant>(TROUBLES[fault])
  const during = draw(0, 9) < 7 ? pick(PHASES) : null
  const at = during !== null && draw(0, 9) < 7 ? 0 : somewhen(dice)
  const lastsMs = (variant === 'timer-missed' ? 32 : variant === 'storage-down' ? 10 : draw(1, 120)) * MINUTE_MS
  return { kind: 'trouble', at, service: draw(0, services - 1), variant, during, lastsMs, luck: draw(0, 1_000_000) }
}
